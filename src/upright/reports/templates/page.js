// Reading needs none of this: search, filter, unmask all, and unfolding tables for print.
"use strict";

for (const list of document.querySelectorAll(".lost")) {
  const tools = list.querySelector(".tools");
  const items = [...list.querySelectorAll(".answers > li")];
  const words = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
  const [search, kind] = [tools.querySelector("input"), tools.querySelector("select")];

  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    for (const item of items) {
      const fits = !kind.value || item.dataset.outcome === kind.value;
      item.hidden = !(fits && words.get(item).includes(wanted));
    }
    const shown = items.filter((item) => !item.hidden).length;
    tools.querySelector("output").textContent = `${shown} of ${items.length} shown`;
  };

  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  tools.querySelector("button")?.addEventListener("click", () => {
    for (const mask of list.querySelectorAll(".mask")) mask.open = true;
  });
}

// A link to something folded away unfolds it.
const reveal = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", reveal);
reveal();

const folded = new Set();
addEventListener("beforeprint", () => {
  for (const table of document.querySelectorAll("details[data-print]:not([open])")) {
    folded.add(table);
    table.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const table of folded) table.open = false;
  folded.clear();
});
