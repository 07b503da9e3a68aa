// Search and filters over the changed answers, which are in the page already.
"use strict";

{
  const form = document.getElementById("flip-tools");
  const rows = [...document.querySelectorAll("#flip-rows > li")];
  const status = document.getElementById("flip-status");
  const masks = [...document.querySelectorAll("#flip-rows .mask")];
  const texts = rows.map((row) => row.textContent.toLowerCase());

  const filter = () => {
    const { text, benchmark, change } = form.elements;
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => {
      const fits = (!benchmark.value || row.dataset.benchmark === benchmark.value)
        && (!change.value || row.dataset.change === change.value)
        && texts[i].includes(wanted);
      row.hidden = !fits;
      shown += fits;
    });
    status.textContent = shown
      ? `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} answers`
      : "No answer fits. Clear a filter.";
  };

  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.elements.unmask?.addEventListener("click", ({ target }) => {
      const open = target.getAttribute("aria-pressed") === "false";
      target.setAttribute("aria-pressed", String(open));
      target.textContent = open ? "Mask again" : "Unmask all";
      for (const mask of masks) mask.open = open;
    });
    filter();
  }
}
