// Filters for the claims page. Without this script the page shows all claims.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector(".claims-filter");
  if (!place) return;
  const works = new Map();
  for (const table of document.querySelectorAll("table")) {
    const head = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    const section = table.closest("section");
    if (head[0] !== "verdict" || !section) continue;
    const rows = [...table.querySelectorAll("tbody tr")];
    rows.forEach((row) => (row.dataset.verdict = row.cells[0].textContent.replace(/[^a-z ]/g, "").trim()));
    const title = [...section.querySelector("h2").childNodes].find((node) => node.nodeType === Node.TEXT_NODE);
    works.set(title.textContent.trim(), { section, rows });
  }
  const verdicts = ["reproduced", "partly", "not reproduced", "not testable"];
  const select = (label, name, options) =>
    `<label>${label} <select name="${name}"><option value="">all</option>` +
    options.map((option) => `<option>${option.replace(/&/g, "&amp;")}</option>`).join("") + "</select></label> ";
  place.innerHTML =
    select("Work", "work", [...works.keys()]) + select("Verdict", "verdict", verdicts) +
    '<button type="button">Show all</button> <span role="status" aria-live="polite"></span>';
  const [work, verdict] = place.querySelectorAll("select");
  const wanted = new URLSearchParams(location.search); // a filtered view can be linked: claims.html?verdict=partly
  work.value = wanted.get("work") || "";
  verdict.value = wanted.get("verdict") || "";
  const update = (event) => {
    let shown = 0, all = 0;
    for (const [name, { section, rows }] of works) {
      let here = 0;
      for (const row of rows) {
        row.hidden = !((!work.value || work.value === name) && (!verdict.value || verdict.value === row.dataset.verdict));
        here += !row.hidden;
      }
      section.hidden = here === 0;
      shown += here;
      all += rows.length;
    }
    place.querySelector("[role=status]").textContent = `${shown} of ${all} claims shown`;
    if (event && location.protocol !== "file:") {
      const chosen = new URLSearchParams([["work", work.value], ["verdict", verdict.value]].filter(([, value]) => value));
      history.replaceState(null, "", (chosen.size ? `?${chosen}` : location.pathname) + location.hash);
    }
  };
  work.addEventListener("change", update);
  verdict.addEventListener("change", update);
  place.querySelector("button").addEventListener("click", (event) => {
    work.value = verdict.value = "";
    update(event);
  });
  update();
});
