/* The explorer: levers, figures and charts from the surfaces in RUTRADE_EXPLORER (written by rutrade.publish.explorer). */
"use strict";
(() => {
  const data = window.RUTRADE_EXPLORER, root = document.getElementById("lever-explorer");
  if (!root) return;
  if (!data) { root.textContent = "The explorer's data file is missing beside this page; `make book` writes it."; return; }

  const MINUS = "\u2212";
  function format(x, digits, signed) {
    const text = Math.abs(x).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const zero = !/[1-9]/.test(text);
    return (x < 0 && !zero ? MINUS : signed && !zero ? "+" : "") + text;
  }
  const percent = (x, digits = 0) => `${format(100 * x, digits)} %`;
  const cut = (x) => (x ? `the delivered price falls by up to ${percent(x, 2)}` : "as it is");

  // ---- levers
  const LEVERS = [
    { name: "oil_price", part: "world", label: "Price of crude oil in 2030", step: 0.05, show: (x) => (x === 1 ? "as on its path" : `${format(x, 2)} times its path`) },
    { name: "sanctions", part: "world", label: "Further rise of trade cost by sanctions", step: 0.01, show: (x) => (x ? `+${percent(x)} with those who impose sanctions` : "none") },
    { name: "rail_capacity", part: "world", label: "Eastern railways in 2030", options: { 158: "158 Mt a year, as in 2023", 210: "210 Mt a year, as planned", 253: "253 Mt a year" } },
    { name: "customs", part: "easier", label: "Simpler customs", step: 0.0005, show: cut },
    { name: "standards", part: "easier", label: "Recognised standards", step: 0.0005, show: cut },
    { name: "payments", part: "easier", label: "Settlement in national currencies", step: 0.0005, show: cut },
    { name: "logistics", part: "easier", label: "Transport corridors", step: 0.001, show: cut },
    { name: "productivity", part: "policy", label: "Productivity of engineering and chemicals in all Russia", step: 0.005, show: (x) => (x ? `+${percent(x, 1)}` : "as on its path") },
    { name: "research_infrastructure", part: "programme", label: "The research infrastructure", options: { true: "is built", false: "is not built" } },
    { name: "multiplier", part: "programme", label: "Multiplier of high-tech procurement", step: 0.1, show: (x) => `${format(x, 1)} roubles of turnover per rouble` },
    { name: "high_tech_factor", part: "programme", label: "Size of the high-tech contracts", step: 0.1, show: (x) => (x === 1 ? "as planned" : `${format(x, 1)} times the plan`) },
    { name: "export_propensity", part: "programme", label: "Part of the commercialised output that is exported", step: 0.01, show: (x) => percent(x) },
    { name: "export_support", part: "assumed", label: "Engineering and chemical exports to China that support adds", step: 0.05, show: (x) => (x ? `+${percent(x)}, assumed` : "none") },
    { name: "redirection", part: "assumed", label: "Least share of China in Russia's engineering and chemical exports", step: 0.01, show: (x) => (x ? `${percent(x)}, assumed` : "as the models find") },
  ];
  const PARTS = {
    world: ["Surroundings", "One of them at a time, easier trade and productivity included: moving one sets the others back. What several do together is no sum; rutrade run 08 finds it."],
    policy: ["Policy", ""],
    programme: ["The programme", ""],
    assumed: ["Assumptions, no results", "The models do not say whether support or redirection would work. These two multiply the result, as chosen here."],
  };
  const FIGURES = {
    turnover_bn_usd: ["Turnover, current prices", "bn USD", 1], exports_bn_usd: ["Exports to China", "bn USD", 1], imports_bn_usd: ["Imports from China", "bn USD", 1],
    share_constant: ["Engineering and chemicals in exports, prices of 2025", "%", 2], shift_constant_pp: ["its change by all that is set here", "points", 2, true],
    share: ["the same share at current prices", "%", 2], shift_pp: ["its change by all that is set here", "points", 2, true],
    consumption_all_bn_rub: ["Consumption in Russia, change by all", "bn RUB of 2016", 0, true],
    npv_public_market: ["Public net present value of the programme, market prices", "bn RUB of 2016", 0, true],
    rail_price: ["Price of one more Mt on the Eastern railways", "bn RUB of 2016", 2],
  };
  const VIEWS = { exports: ["exports to China, current prices", "current", 0], supply: ["exports to China, prices of 2025", "constant", 0] };

  // ---- the surfaces: the same rule as rutrade.publish.explorer.evaluate
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const dot = (a, b) => a.reduce((total, x, i) => total + x * b[i], 0);
  const count = data.groups.length;

  function factors(state) {
    const cuts = Object.fromEntries(Object.entries(data.easier).map(([name, high]) => [name, state[name] / high]));
    const built = state.research_infrastructure ? 1 : 0, sales = built * state.multiplier * state.high_tech_factor;
    const hats = {}; // of a lever with nodes: the weights of the two beside its value
    for (const [name, nodes] of Object.entries(data.nodes)) {
      const x = state[name], next = Math.min(Math.max(nodes.findIndex((node) => node >= x), 1), nodes.length - 1);
      const part = (x - nodes[next - 1]) / (nodes[next] - nodes[next - 1]);
      nodes.forEach((node, k) => { hats[`${name}@${node}`] = k === next ? part : k === next - 1 ? 1 - part : 0; });
    }
    return {
      ...hats, ...cuts, easier: sum(Object.values(cuts)) / Object.keys(cuts).length,
      rail: state.rail_capacity === data.rail[0] ? 1 : 0,
      built, contracts: built * state.high_tech_factor, sales, sold: sales * state.export_propensity,
    };
  }
  function surface(name, found) {
    const { terms, coefficients } = data.surfaces[name];
    const values = terms.map((term) => term.reduce((product, factor) => product * found[factor], 1));
    return coefficients.map((row) => dot(row, values));
  }
  function assumed(state, ratios) {
    const found = Array(2 * count).fill(1);
    data.moved.forEach((g, i) => {
      found[g] += state.export_support;
      if (!state.redirection) return;
      const now = data.china[i], moved = ratios[g] * found[g], share = (now * moved) / (1 - now + now * moved);
      found[g] *= Math.max(state.redirection / share, 1);
    });
    return found;
  }
  function evaluate(state) {
    const found = factors(state), ratios = surface("trade", found).map(Math.exp), extra = assumed(state, ratios);
    const levels = { current: [], constant: [] };
    ["current", "constant"].forEach((prices, part) => {
      levels[prices] = data.reference[prices].map((x, i) => x * ratios[2 * count * part + i] * extra[i]);
    });
    const share = (all) => (100 * dot(data.weight, all.slice(0, count))) / sum(all.slice(0, count));
    const exports = sum(levels.current.slice(0, count)), imports = sum(levels.current.slice(count));
    const figures = {
      share_constant: share(levels.constant), shift_constant_pp: share(levels.constant) - share(data.reference.constant),
      share: share(levels.current), shift_pp: share(levels.current) - share(data.reference.current),
      turnover_bn_usd: exports + imports, exports_bn_usd: exports, imports_bn_usd: imports,
    };
    for (const name of ["economy", "programme", "rail"]) surface(name, found).forEach((x, i) => { figures[data.surfaces[name].columns[i]] = x; });
    figures.rail_price = Math.max(figures.rail_price, 0);
    return { figures, ...levels };
  }
  const rows = (result, kind) => { const [, prices, flow] = VIEWS[kind]; return result[prices].slice(flow * count, (flow + 1) * count); };
  const band = (figures, name) => data.bands[name] && data.bands[name].map((ratio) => ratio * figures[name]);

  const changed = (state) => Object.entries(state).filter(([name, x]) => x !== data.start[name]);
  const command = (state) => ["rutrade run 08", ...changed(state).map(([name, x]) => `-p ${name} ${x}`), "--html -o my-point"].join(" ");

  // ---- state and permalink: the point, the pinned point (names with "pin."), the view
  let state = { ...data.start }, pinned = null, view = "exports";
  const lever = (name) => LEVERS.find((x) => x.name === name);
  function hash() {
    const pins = pinned ? [["pin", 1], ...changed(pinned).map(([name, x]) => [`pin.${name}`, x])] : [];
    return "#" + new URLSearchParams([...changed(state), ...pins, ...(view === "exports" ? [] : [["view", view]])]);
  }
  function read(target, name, text) {
    const known = lever(name);
    if (!known) return;
    if (known.options) {
      if (Object.hasOwn(known.options, text)) target[name] = JSON.parse(text);
    } else if (text.trim() && Number.isFinite(Number(text))) {
      const [low, high] = data.ranges[name];
      target[name] = Number(Math.min(Math.max(Number(text), low), high).toFixed(6));
    }
  }
  // One surrounding at a time: a lever that is moved sets the others back; levers of the programme and assumptions stay.
  const group = (name) => (Object.hasOwn(data.easier, name) ? "easier" : Object.hasOwn(data.nodes, name) || name === "rail_capacity" ? name : "");
  function alone(target, moved) {
    if (!group(moved)) return;
    for (const name of Object.keys(target)) if (group(name) && group(name) !== group(moved)) target[name] = data.start[name];
  }
  const settle = (target) => alone(target, changed(target).map(([name]) => name).find(group) || "");
  function restore() {
    const found = new URLSearchParams(location.hash.slice(1));
    state = { ...data.start };
    pinned = found.has("pin") ? { ...data.start } : null;
    view = "exports";
    for (const [name, text] of found) {
      if (name === "view" && Object.hasOwn(VIEWS, text)) view = text;
      if (name.startsWith("pin.") && pinned) read(pinned, name.slice(4), text);
      else read(state, name, text);
    }
    settle(state);
    if (pinned) settle(pinned);
  }

  // ---- the page
  function make(tag, attributes = {}, ...children) {
    const svg = ["svg", "g", "rect", "line", "path", "text", "circle", "title"].includes(tag);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const choice = (id, options) => make("select", { id }, ...Object.entries(options).map(([value, label]) => make("option", { value }, label)));
  const button = (id, label, act) => { const node = make("button", { id, type: "button" }, label); node.addEventListener("click", act); return node; };
  const scroll = (label, inside) => make("div", { class: "table-scroll", role: "region", tabindex: 0, "aria-label": label }, inside);

  function box({ name, label, step, options }) {
    const id = `ex-${name}`, [low, high] = data.ranges[name] ?? [];
    const input = options ? choice(id, options) : make("input", { id, type: "range", min: low, max: high, step });
    const node = make("div", { class: "lever" }, make("label", { for: id }, label), input);
    // the lever itself says its value: an output would be read a second time
    if (!options) node.append(make("output", { for: id, id: `${id}-value`, "aria-live": "off" }));
    input.addEventListener("input", () => { state[name] = options ? JSON.parse(input.value) : Number(input.value); alone(state, name); show(true); });
    return node;
  }
  const all = make("input", { id: "ex-easier", type: "range", min: 0, max: 1, step: 0.05 });
  const kinds = Object.keys(data.easier);
  all.addEventListener("input", () => {
    for (const name of kinds) state[name] = Number((data.easier[name] * all.value).toFixed(6));
    alone(state, kinds[0]);
    show(true);
  });
  const easier = make("div", { class: "lever" }, make("label", { for: "ex-easier" }, "Easier trade: all four kinds together"), all,
    make("output", { for: "ex-easier", id: "ex-easier-value", "aria-live": "off" }),
    make("details", { id: "ex-kinds" }, make("summary", {}, "Each kind by itself"), ...LEVERS.filter((x) => x.part === "easier").map(box)));
  const parts = Object.entries(PARTS).map(([part, [title, note]]) => make("fieldset", { class: part },
    make("legend", {}, title), ...(note ? [make("p", { class: "note" }, note)] : []), ...(part === "policy" ? [easier] : []), ...LEVERS.filter((x) => x.part === part).map(box)));
  const presets = choice("ex-preset", { "": "own point", ...Object.fromEntries(Object.entries(data.presets).map(([name, x]) => [name, x.title])) });
  const meaning = make("p", { id: "ex-meaning", class: "note" });
  presets.addEventListener("input", () => { if (presets.value) { state = { ...data.presets[presets.value].state }; show(true); } });

  const now = make("div", { id: "ex-now", "aria-hidden": "true" });
  const summary = make("p", { role: "status", "aria-live": "polite", id: "ex-summary" });
  const table = make("table", { class: "published", id: "ex-figures" });
  const strip = make("div", { id: "ex-strip" }), bars = make("div", { id: "ex-bars" }), groups = make("table", { class: "published", id: "ex-groups" });
  const views = choice("ex-view", Object.fromEntries(Object.entries(VIEWS).map(([name, [label]]) => [name, label])));
  views.addEventListener("input", () => { view = views.value; show(true); });
  const permalink = make("a", { id: "ex-link", href: "#" }, "Link to this point");
  const shown = make("code", { id: "ex-command" }), errors = make("table", { class: "published", id: "ex-errors" });
  const told = make("span", { id: "ex-told", role: "status" });
  const pin = button("ex-pin", "Pin this point", () => { pinned = pinned ? null : { ...state }; show(true); });
  const reset = button("ex-reset", "Reset", () => { state = { ...data.start }; pinned = null; view = "exports"; show(true); });
  async function copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no clipboard for a page that is opened from a file, in some browsers
      const area = make("textarea", { "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    told.textContent = `${what} copied`;
    setTimeout(() => { told.textContent = ""; }, 2500);
  }
  const text_of = (node) => [...node.rows].map((row) => [...row.cells].map((x) => x.textContent).join("\t")).join("\n");
  const worst = Math.ceil(100 * Math.max(...Object.values(data.errors).map((x) => x[1]))) / 100;
  root.replaceChildren(
    make("div", { class: "ex-levers" }, make("fieldset", { class: "start" }, make("legend", {}, "Start"),
      make("div", { class: "lever" }, make("label", { for: "ex-preset" }, "Start from a scenario"), presets), meaning,
      make("div", { class: "buttons" }, reset, pin)), ...parts),
    now,
    make("div", { class: "ex-result" }, summary, strip, scroll("Key figures", table),
      make("div", { class: "buttons" }, button("ex-copy", "Copy the figures", () => copy(text_of(table), "Figures")), button("ex-copy-link", "Copy the link", () => copy(new URL(hash(), location.href).href, "Link")), permalink, told),
      make("p", { class: "choice" }, make("label", { for: "ex-view" }, "Bars show "), views), bars,
      make("details", {}, make("summary", {}, "The groups as a table"), scroll("Groups", groups)),
      make("p", {}, "The same point with all models, its causes one by one and its intervals, as a page of its own:"),
      make("pre", { tabindex: 0, role: "region", "aria-label": "Command" }, shown),
      make("div", { class: "buttons" }, button("ex-copy-command", "Copy the command", () => copy(shown.textContent, "Command"))),
      make("details", {}, make("summary", {}, `How exact this is: within ${format(worst, 2)} % of any figure's range`), scroll("Errors", errors))));

  function fill(target, caption, head, body) {
    const cells = (row) => row.map((x, i) => make(i ? "td" : "th", i ? {} : { scope: "row" }, x));
    target.replaceChildren(make("caption", {}, make("span", { class: "stays" }, caption)), make("thead", {}, make("tr", {}, ...head.map((x) => make("th", { scope: "col" }, x)))),
      make("tbody", {}, ...body.map((row) => make("tr", {}, ...cells(row)))));
  }
  const text = (x, y, content, more = {}) => make("text", { x, y, ...more }, content);
  const room = (node) => Math.max(node.clientWidth, 240);

  // ---- one line a figure: interval, nothing changed, the pinned point, this point
  function drawStrip(points) {
    const width = room(strip), right = width - 14, long = width > 420 ? ", prices of 2025" : "";
    const rows = [["turnover_bn_usd", "Turnover, bn USD", 0], ["share_constant", `Engineering and chemicals, % of exports${long}`, 1]];
    const told = rows.map(([name, label, digits]) => `${label}: ${format(points.here[name], digits)}, interval ${band(points.here, name).map((x) => format(x, digits)).join(" to ")}, ` +
      `nothing changed ${format(points.nothing[name], digits)}${points.pinned ? `, pinned ${format(points.pinned[name], digits)}` : ""}`).join("; ");
    const svg = make("svg", { role: "img", "aria-label": `2030. ${told}.`, width, height: 74 * rows.length + 22 });
    rows.forEach(([name, label, digits], i) => {
      const y = 74 * i + 40, [low, high] = band(points.here, name);
      const end = 1.04 * Math.max(high, points.nothing[name], points.pinned ? points.pinned[name] : 0), x = (v) => 8 + ((right - 8) * v) / end;
      svg.append(text(8, y - 22, label, { class: "head" }),
        make("rect", { x: x(low), y: y - 10, width: x(high) - x(low), height: 20, class: "band" }, make("title", {}, `nine tenths of past errors: ${format(low, digits)} to ${format(high, digits)}`)),
        make("line", { x1: 8, x2: right, y1: y + 10, y2: y + 10, class: "axis" }),
        make("line", { x1: x(points.nothing[name]), x2: x(points.nothing[name]), y1: y - 14, y2: y + 14, class: "before" }));
      if (points.pinned) { const p = x(points.pinned[name]); svg.append(make("path", { d: `M${p} ${y - 8}l8 8l-8 8l-8 -8z`, class: "pinned" })); }
      svg.append(make("circle", { cx: x(points.here[name]), cy: y, r: 6, class: "here" }), text(8, y + 25, "0"),
        text(x(low), y + 25, format(low, digits), { "text-anchor": "middle" }), text(x(high), y + 25, format(high, digits), { "text-anchor": "middle" }),
        text(x(points.here[name]), y + 25, format(points.here[name], digits), { "text-anchor": "middle", class: "head" }));
    });
    let at = 8;
    const y = 74 * rows.length + 12, legend = (mark, label, wide) => { svg.append(mark(at + 8), text(at + 22, y, label)); at += wide; };
    legend((x) => make("circle", { cx: x, cy: y - 4, r: 5, class: "here" }), "this point", 92);
    legend((x) => make("rect", { x: x - 8, y: y - 11, width: 16, height: 13, class: "band" }), "interval", 80);
    legend((x) => make("line", { x1: x, x2: x, y1: y - 12, y2: y + 3, class: "before" }), width < 380 ? "unchanged" : "nothing changed", width < 380 ? 92 : 126);
    if (points.pinned) legend((x) => make("path", { d: `M${x} ${y - 11}l7 7l-7 7l-7 -7z`, class: "pinned" }), "pinned", 60);
    strip.replaceChildren(svg);
  }

  function drawBars(here, nothing, pins) {
    const width = room(bars), left = Math.min(150, width * 0.4), end = Math.max(...here, ...nothing, ...(pins ?? [])), x = (v) => ((width - left - 96) * v) / end;
    const order = here.map((_, g) => g).sort((a, b) => nothing[b] - nothing[a]), change = (g) => format(here[g] - nothing[g], 2, true), [label] = VIEWS[view];
    const largest = order.slice(0, 3).map((g) => `${data.names[g]} ${format(here[g], 1)}`).join(", ");
    const svg = make("svg", { role: "img", "aria-label": `Bars by commodity group, bn USD in 2030, ${label}; largest: ${largest}. All values are in the table below.`, width, height: 22 * order.length + 26 });
    svg.append(text(0, 12, width > 420 ? `2030, bn USD, ${label} (change)` : `${label[0].toUpperCase()}${label.slice(1)}, bn USD`, { class: "head" }));
    order.forEach((g, i) => {
      const y = 22 * i + 22, far = Math.max(x(here[g]), x(nothing[g]), pins ? x(pins[g]) : 0);
      svg.append(text(left - 6, y + 13, data.names[g], { "text-anchor": "end" }),
        make("rect", { x: left, y: y + 2, width: Math.max(x(here[g]), 0.5), height: 15, class: "bar" }, make("title", {}, `${data.names[g]}: ${format(here[g], 2)} bn USD, ${change(g)}`)),
        make("line", { x1: left + x(nothing[g]), x2: left + x(nothing[g]), y1: y - 1, y2: y + 20, class: "before" }));
      if (pins) { const p = left + x(pins[g]); svg.append(make("path", { d: `M${p} ${y + 4}l5 5.5l-5 5.5l-5 -5.5z`, class: "pinned" })); }
      svg.append(text(left + far + 6, y + 13, `${format(here[g], 1)} (${change(g)})`));
    });
    bars.replaceChildren(svg);
    fill(groups, `2030, bn USD, ${label}: our calculation under what is set here`, ["group", "this point", ...(pins ? ["pinned"] : []), "nothing changed", "change"],
      order.map((g) => [data.names[g], format(here[g], 2), ...(pins ? [format(pins[g], 2)] : []), format(nothing[g], 2), change(g)]));
  }

  let later;
  function controls() {
    for (const { name, options, part, show: words } of LEVERS) {
      const input = document.getElementById(`ex-${name}`);
      input.value = String(state[name]);
      if (part === "programme" && !options) input.disabled = !state.research_infrastructure;
      if (!options) { document.getElementById(`ex-${name}-value`).textContent = words(state[name]); input.setAttribute("aria-valuetext", words(state[name])); }
    }
    const sizes = kinds.map((name) => state[name] / data.easier[name]), mean = sum(sizes) / sizes.length;
    const words = mean === 0 ? "none" : Math.max(...sizes) - Math.min(...sizes) < 1e-9 ? `${percent(mean)} of the high values` : "each kind by itself";
    all.value = String(mean);
    all.setAttribute("aria-valuetext", words);
    document.getElementById("ex-easier-value").textContent = words;
    const same = (other) => Object.keys(data.start).every((name) => other[name] === state[name]);
    presets.value = Object.keys(data.presets).find((name) => same(data.presets[name].state)) ?? "";
    meaning.textContent = presets.value ? data.presets[presets.value].meaning : "";
    pin.textContent = pinned ? "Unpin" : "Pin this point";
    pin.setAttribute("aria-pressed", String(Boolean(pinned)));
    views.value = view;
  }
  function show(moved) {
    const nothing = evaluate({ ...data.start, research_infrastructure: false }), here = evaluate(state), other = pinned && evaluate(pinned), f = here.figures;
    controls();
    fill(table, "2030, our calculation under what is set here", ["figure", "this point", ...(other ? ["pinned"] : []), "nothing changed", "90 % interval*"],
      Object.entries(FIGURES).map(([name, [label, unit, digits, signed]]) => [`${label}, ${unit}`, format(f[name], digits, signed), ...(other ? [format(other.figures[name], digits, signed)] : []),
        format(nothing.figures[name], digits, signed), data.bands[name] ? band(f, name).map((v) => format(v, digits)).join(" to ") : "\u2013"]));
    drawStrip({ here: f, nothing: nothing.figures, pinned: other && other.figures });
    drawBars(rows(here, view), rows(nothing, view), other && rows(other, view));
    now.replaceChildren(...[["Turnover", `${format(f.turnover_bn_usd, 0)} bn USD`], ["Eng., chemicals", `${format(f.share_constant, 2)} %`], ["Consumption", `${format(f.consumption_all_bn_rub, 0, true)} bn RUB`]]
      .map(([label, value]) => make("span", {}, make("small", {}, label), make("b", {}, value))));
    shown.textContent = command(state);
    permalink.href = hash();
    if (moved) history.replaceState(null, "", hash());
    clearTimeout(later);
    later = setTimeout(() => {
      summary.textContent = `In 2030 turnover is ${format(f.turnover_bn_usd, 0)} bn USD, engineering and chemicals are ${format(f.share_constant, 2)} % of exports at prices of 2025 ` +
        `(${format(f.shift_constant_pp, 2, true)} points by what is set here), and consumption in Russia changes by ${format(f.consumption_all_bn_rub, 0, true)} bn RUB of 2016.`;
    }, moved ? 300 : 0);
  }

  fill(errors, `Largest difference to all models at ${data.checked} random points` + (data.unsolved ? `; the models find no solution at ${data.unsolved} further points of the runs` : ""), ["figure", "difference", "unit", "% of its range"],
    Object.entries(data.errors).map(([name, [size, part]]) => [(FIGURES[name] ?? [`${name[0].toUpperCase()}${name.slice(1)}, any group`])[0], size.toPrecision(2), (FIGURES[name] ?? ["", "bn USD"])[1], format(part, 2)]));
  restore();
  show(false);
  window.addEventListener("hashchange", () => { restore(); show(false); });
  let width = root.clientWidth;
  new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; show(false); } }).observe(root);
  window.rutradeExplorer = { evaluate, command };
})();
