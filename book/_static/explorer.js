/* The explorer: levers, figures and charts from the tables in RUTRADE_EXPLORER (written by rutrade.explorer). */
"use strict";
(() => {
  const data = window.RUTRADE_EXPLORER, root = document.getElementById("lever-explorer");
  if (!root) return;
  if (!data) { root.textContent = "The explorer's data file is missing beside this page; `make book` writes it."; return; }

  const percent = (x) => `${format(100 * x, 0)} %`;
  const LEVERS = [
    { name: "multiplier", label: "Multiplier of high-tech procurement", step: 0.1, show: (x) => `${format(x, 1)} roubles per rouble`, economy: true },
    { name: "export_propensity", label: "Share of the commercialised output that is exported", step: 0.01, show: percent, economy: true },
    { name: "rail_capacity", label: "Eastern railways in 2030", options: { 140: "140 Mt a year: other freight takes a ninth", 150: "150 Mt a year", 158: "158 Mt a year: as in 2023", 165: "165 Mt a year", 253: "253 Mt a year: nothing left unmoved" } },
    { name: "facilitation", label: "Trade facilitation: four levers together", step: 0.05, show: (x) => (x ? `${percent(x)} of the high values` : "none") },
    { name: "redirection", label: "Least share of China in Russia's engineering and chemical exports", step: 0.01, show: (x) => (x ? `${percent(x)} in 2030` : "as projected") },
    { name: "export_support", label: "Extra supply of engineering and chemical exports", step: 0.05, show: (x) => (x ? `+${percent(x)} in 2030` : "none") },
    { name: "brent", label: "Price of oil (Brent)", options: { low: "low", mid: "middle", high: "high" } },
    { name: "research_infrastructure", label: "The research infrastructure", options: { true: "is built", false: "is not built" } },
  ];
  const FIGURES = {
    share_constant: ["Engineering and chemicals, prices of 2023", "% of exports", 2], shift_constant_pp: ["the same against inertial", "points", 3, true],
    share: ["Engineering and chemicals, current prices", "% of exports", 2], shift_pp: ["the same against inertial", "points", 3, true],
    turnover_bn_usd: ["Turnover, current prices", "bn USD", 1], exports_bn_usd: ["Exports to China, current prices", "bn USD", 1],
    imports_bn_usd: ["Imports from China, current prices", "bn USD", 1], gva_effect_bn_rub: ["Effect on GVA", "bn RUB of 2016", 2, true],
    consumption_effect_bn_rub: ["Effect on household consumption", "bn RUB of 2016", 2, true], npv_public_chain: ["Public NPV in the chain", "bn RUB of 2016", 1, true],
    rail_price: ["One more Mt on the Eastern railways", "bn RUB of 2016", 2],
  };
  const VIEWS = { exports: "exports to China, current prices", supply: "exports to China, prices of 2023", imports: "imports from China, current prices" };

  function format(x, digits, signed) {
    const text = Math.abs(x).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const zero = !/[1-9]/.test(text);
    return (x < 0 && !zero ? "\u2212" : signed && !zero ? "+" : "") + text;
  }

  // ---- the tables, multilinear between nodes: the same rule as rutrade.explorer.evaluate
  function at(table, state) {
    let values = data[table].values;
    for (const name of data[table].axes) {
      const nodes = data.nodes[name], x = state[name];
      if (typeof x === "string") { values = values[nodes.indexOf(x)]; continue; }
      let i = 0;
      while (i < nodes.length - 2 && nodes[i + 1] <= x) i++;
      const f = (x - nodes[i]) / (nodes[i + 1] - nodes[i]);
      values = blend(values[i], values[i + 1], f);
    }
    return values;
  }
  const blend = (a, b, f) => (Array.isArray(a) ? a.map((x, i) => blend(x, b[i], f)) : a * (1 - f) + b * f);
  const sum = (values) => values.reduce((a, b) => a + b, 0);

  function evaluate(state) {
    const without = at("without", state), own = state.research_infrastructure ? at("economy", state) : without;
    const count = data.groups.length, n = without.length - count, access = at("access", state), prices = at("prices", state), base = prices.slice(-2);
    const supply = data.groups.map((_, g) => (own[n + g] + state.export_support * data.support[g] * without[n + g]) * access[g]);
    const exports = supply.map((x, g) => x * prices[g]), imports = data.groups.map((_, g) => prices[count + g] * access[count + g]);
    const share = (values) => (100 * sum(values.map((x, g) => x * data.weight[g]))) / sum(values);
    const constant = share(supply), current = share(exports), sold = sum(exports), paid = sum(imports);
    const figures = [constant, constant - base[0], current, current - base[1], sold + paid, sold, paid, ...own.slice(0, n)];
    return { figures: Object.fromEntries(data.figures.map((name, i) => [name, figures[i]])), supply, exports, imports };
  }

  function overrides(state) {
    const all = Object.entries(state).filter(([name, x]) => name !== "facilitation" && x !== data.start[name]);
    const levers = Object.entries(data.cuts).map(([name, cut]) => [name, Number((cut * state.facilitation).toPrecision(8))]);
    return [...all, ...levers.filter(([, x]) => x > 0)];
  }
  const command = (state) => ["rutrade run 08", ...overrides(state).map(([name, x]) => `-p ${name} ${x}`)].join(" ");

  // ---- state and permalink
  let state = { ...data.start }, view = "exports";
  const lever = (name) => LEVERS.find((x) => x.name === name);
  function hash() {
    const changed = Object.entries(state).filter(([name, x]) => x !== data.start[name]);
    return "#" + new URLSearchParams([...changed, ...(view === "exports" ? [] : [["view", view]])]);
  }
  function restore() {
    state = { ...data.start };
    view = "exports";
    for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
      if (name === "view" && Object.hasOwn(VIEWS, text)) view = text;
      const known = lever(name);
      if (!known) continue;
      if (known.options) {
        if (Object.hasOwn(known.options, text)) state[name] = name === "brent" ? text : JSON.parse(text);
      } else if (text.trim() && Number.isFinite(Number(text))) {
        const nodes = data.nodes[name], x = Math.round(Number(text) / known.step) * known.step;
        state[name] = Number(Math.min(Math.max(x, nodes[0]), nodes[nodes.length - 1]).toFixed(6));
      }
    }
  }

  // ---- the page
  function make(tag, attributes = {}, ...children) {
    const svg = ["svg", "rect", "line", "text", "circle", "title"].includes(tag);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const choice = (id, options) => make("select", { id }, ...Object.entries(options).map(([value, label]) => make("option", { value }, label)));
  const controls = make("div", { class: "levers" });
  const presets = choice("ex-preset", { "": "own point", ...Object.fromEntries(Object.keys(data.presets).map((x) => [x, x])) });
  controls.append(make("div", {}, make("label", { for: "ex-preset" }, "Start from a scenario"), presets));
  for (const { name, label, step, options } of LEVERS) {
    const id = `ex-${name}`, nodes = data.nodes[name];
    const input = options ? choice(id, options) : make("input", { id, type: "range", min: nodes[0], max: nodes[nodes.length - 1], step });
    const box = make("div", {}, make("label", { for: id }, label), input);
    // the lever itself says its value: an output would be read a second time
    if (!options) box.append(make("output", { for: id, id: `${id}-value`, "aria-live": "off" }));
    controls.append(box);
    input.addEventListener("input", () => {
      state[name] = options ? (name === "brent" ? input.value : JSON.parse(input.value)) : Number(input.value);
      show(true);
    });
  }
  const summary = make("p", { role: "status", "aria-live": "polite", id: "ex-summary" });
  const table = make("table", { class: "published", id: "ex-figures" });
  const strip = make("div", { id: "ex-strip" }), bars = make("div", { id: "ex-bars" }), groups = make("table", { class: "published", id: "ex-groups" });
  const views = choice("ex-view", VIEWS);
  const permalink = make("a", { id: "ex-link", href: "#" }, "Link to this point");
  const shown = make("code", { id: "ex-command" });
  const errors = make("table", { class: "published", id: "ex-errors" });
  const worst = Math.ceil(100 * Math.max(...Object.values(data.errors).map((x) => x[1]))) / 100;
  const scroll = (label, inside) => make("div", { class: "table-scroll", role: "region", tabindex: 0, "aria-label": label }, inside);
  root.replaceChildren(
    make("fieldset", {}, make("legend", {}, "Levers"), controls), summary, strip, scroll("Key figures", table),
    make("p", { class: "choice" }, make("label", { for: "ex-view" }, "Bars show "), views), bars,
    make("details", {}, make("summary", {}, "The groups as a table"), scroll("Groups", groups)),
    make("p", {}, "Run this point again with the whole chain: "), make("pre", { tabindex: 0, role: "region", "aria-label": "Command" }, shown), make("p", {}, permalink),
    make("details", {}, make("summary", {}, `How exact this is: within ${format(worst, 2)} % of any figure's range`), scroll("Errors", errors)));
  views.addEventListener("input", () => { view = views.value; show(true); });
  presets.addEventListener("input", () => { if (presets.value) { state = { ...data.presets[presets.value] }; show(true); } });

  function fill(target, caption, head, rows) {
    const cells = (row) => row.map((x, i) => make(i ? "td" : "th", i ? {} : { scope: "row" }, x));
    target.replaceChildren(make("caption", {}, caption), make("thead", {}, make("tr", {}, ...head.map((x) => make("th", { scope: "col" }, x)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells(row)))));
  }
  const text = (x, y, content, more = {}) => make("text", { x, y, ...more }, content);

  function drawStrip(figures, inertial) {
    const [low, high] = data.interval.share_constant, now = data.share_base_year, width = Math.max(root.clientWidth, 260), right = width - 12;
    const end = Math.ceil(Math.max(high, now + 5, figures.share_constant, figures.share) + 1), x = (v) => 8 + ((right - 8) * v) / end;
    const label = `Engineering and chemicals in Russia's exports to China, 2030: ${format(figures.share_constant, 2)} % at prices of 2023, ${format(figures.share, 2)} % at current prices; ` +
      `inertial ${format(inertial.share_constant, 2)} %, 90 % of its draws from ${format(low, 1)} to ${format(high, 1)} %; 2023: ${format(now, 2)} %; notable from ${format(now + 5, 1)} %`;
    const svg = make("svg", { role: "img", "aria-label": label, width, height: 112 });
    svg.append(text(8, 14, "Engineering and chemicals, % of exports, 2030", { class: "head" }),
      make("rect", { x: x(low), y: 40, width: x(high) - x(low), height: 18, class: "band" }),
      make("line", { x1: x(now), x2: x(now), y1: 34, y2: 64, class: "now" }), make("line", { x1: x(now + 5), x2: x(now + 5), y1: 34, y2: 64, class: "notable" }),
      make("line", { x1: 8, x2: right, y1: 64, y2: 64, class: "axis" }),
      make("circle", { cx: x(figures.share), cy: 49, r: 6, class: "current" }), make("circle", { cx: x(figures.share_constant), cy: 49, r: 6, class: "constant" }),
      text(x(now), 30, "2023", { "text-anchor": "middle" }), text(x(now + 5), 30, "notable: +5 points", { "text-anchor": "middle" }));
    for (let v = 0; v <= end; v += end > 30 ? 10 : end > 14 ? 5 : 2) svg.append(text(x(v), 79, String(v), { "text-anchor": v ? "middle" : "start" }));
    svg.append(make("circle", { cx: 14, cy: 100, r: 5, class: "constant" }), text(24, 104, "prices of 2023"), make("circle", { cx: 122, cy: 100, r: 5, class: "current" }), text(132, 104, "current"),
      make("rect", { x: 186, y: 94, width: 18, height: 12, class: "band" }), text(209, 104, width < 420 ? "90 % of inertial" : "90 % of the inertial forecast's draws"));
    strip.replaceChildren(svg);
  }

  function drawBars(values, before) {
    const width = Math.max(root.clientWidth, 260), room = Math.min(150, width * 0.38), end = Math.max(...values, ...before), x = (v) => ((width - room - 92) * v) / end;
    const order = values.map((_, g) => g).sort((a, b) => before[b] - before[a]), change = (g) => format(values[g] - before[g], 2, true);
    const largest = order.slice(0, 3).map((g) => `${data.names[g]} ${format(values[g], 1)}`).join(", ");
    const svg = make("svg", { role: "img", "aria-label": `Bars by commodity group, bn USD in 2030, ${VIEWS[view]}; largest: ${largest}. All values are in the table below.`, width, height: 22 * order.length + 26 });
    svg.append(text(0, 12, `2030, bn USD, ${VIEWS[view]}`, { class: "head" }));
    order.forEach((g, i) => {
      const y = 22 * i + 22;
      svg.append(text(room - 6, y + 13, data.names[g], { "text-anchor": "end" }),
        make("rect", { x: room, y: y + 2, width: Math.max(x(values[g]), 0.5), height: 15, fill: data.colours[g], class: "bar" }),
        make("line", { x1: room + x(before[g]), x2: room + x(before[g]), y1: y - 1, y2: y + 20, class: "before" }),
        text(room + Math.max(x(values[g]), x(before[g])) + 5, y + 13, `${format(values[g], 1)}  (${change(g)})`));
    });
    bars.replaceChildren(svg);
    fill(groups, `2030, bn USD, ${VIEWS[view]}: our calculation under the chosen assumptions`, ["group", "HS", "this point", "inertial", "change"],
      order.map((g) => [data.names[g], data.groups[g], format(values[g], 2), format(before[g], 2), change(g)]));
  }

  let later;
  function show(changed) {
    const inertialState = { ...data.start, research_infrastructure: false, brent: state.brent };
    const result = evaluate(state), inertial = evaluate(inertialState), f = result.figures;
    for (const { name, options, show: words, economy } of LEVERS) {
      const input = document.getElementById(`ex-${name}`);
      input.value = String(state[name]);
      if (economy) input.disabled = !state.research_infrastructure;
      if (!options) { document.getElementById(`ex-${name}-value`).textContent = words(state[name]); input.setAttribute("aria-valuetext", words(state[name])); }
    }
    const same = (other) => Object.keys(data.start).every((name) => other[name] === state[name]);
    presets.value = Object.keys(data.presets).find((name) => same(data.presets[name])) ?? "";
    views.value = view;
    fill(table, "2030, our calculation under the chosen assumptions", ["figure", "this point", "inertial", "90 % of inertial draws*"],
      Object.entries(FIGURES).map(([name, [label, unit, digits, signed]]) => [`${label}, ${unit}`, format(f[name], digits, signed), format(inertial.figures[name], digits, signed),
        data.interval[name] && state.brent === data.start.brent ? data.interval[name].map((v) => format(v, digits)).join(" to ") : "\u2013"]));
    drawStrip(f, inertial.figures);
    drawBars(result[view], inertial[view]);
    shown.textContent = command(state);
    permalink.href = hash();
    if (changed) history.replaceState(null, "", hash());
    clearTimeout(later);
    later = setTimeout(() => {
      summary.textContent = `In 2030 engineering and chemicals are ${format(f.share_constant, 2)} % of exports at prices of 2023 (${format(f.shift_constant_pp, 3, true)} points against inertial) and ` +
        `${format(f.share, 2)} % at current prices; turnover is ${format(f.turnover_bn_usd, 0)} bn USD; the effect on GVA is ${format(f.gva_effect_bn_rub, 1, true)} bn RUB.`;
    }, changed ? 300 : 0);
  }

  fill(errors, `Largest difference to the whole chain at ${data.checked} random points`, ["figure", "difference", "unit", "% of its range"],
    Object.entries(data.errors).map(([name, [size, part]]) => [(FIGURES[name] ?? [`${name[0].toUpperCase()}${name.slice(1)}, any group`])[0], size.toPrecision(2), (FIGURES[name] ?? ["", "bn USD"])[1], format(part, 3)]));
  restore();
  show(false);
  window.addEventListener("hashchange", () => { restore(); show(false); });
  let width = root.clientWidth;
  new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; show(false); } }).observe(root);
  window.rutradeExplorer = { evaluate, command };
})();
