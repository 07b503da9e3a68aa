// All answers in the page: search, filters, 50 at a time. Texts only ever become text nodes.
"use strict";

{
  const SHOWN = 50;
  const names = JSON.parse(document.querySelector("#answers + script").textContent);
  const form = document.getElementById("answer-tools");
  const list = document.getElementById("answer-rows");
  const status = document.getElementById("answer-status");
  const pager = document.getElementById("answer-pager");
  const field = (name) => form.elements[name];
  const [texts, rows] = [[], []];
  let found = [];
  let first = 0;
  let unmasked = false;

  // Row layout: see `_row` in pages/table.py.
  const FIELDS = ["outcome", "id", "judge", "finish", "system", "prompt", "response", "target", "reason", "error"];
  const whole = (place) => (typeof texts[place] === "string" ? texts[place] : texts[place][0]);
  const omitted = (place) => (typeof texts[place] === "string" ? 0 : texts[place][1]);
  const read = ([benchmark, set, fate, rank, value, epoch, slices, ...places]) => {
    const row = { benchmark, set, fate, rank, value, epoch, slices };
    FIELDS.forEach((name, i) => { row[name] = places[i]; });
    return row;
  };
  // A slice as a filter knows it: its places, which no text can imitate.
  const slice = ([name, value]) => `${name}=${value}`;

  const lower = [];
  const low = (place) => (lower[place] ??= whole(place).toLowerCase());
  const mentions = (row, wanted) =>
    low(row.prompt).includes(wanted) || low(row.response).includes(wanted) ||
    low(row.reason).includes(wanted) || low(row.id).includes(wanted) ||
    low(row.target).includes(wanted) || low(row.error).includes(wanted) ||
    names[row.benchmark].id.includes(wanted);

  const options = (select, entries) => {
    const before = select.value;
    select.length = 1;
    for (const [value, told] of entries) select.add(new Option(told, value));
    select.value = entries.some(([value]) => value === before) ? before : "";
  };
  const slicesOf = (benchmark) => {
    const seen = new Map();
    for (const row of rows) {
      if (benchmark !== "" && row.benchmark !== Number(benchmark)) continue;
      for (const one of row.slices) {
        if (!seen.has(slice(one))) seen.set(slice(one), `${whole(one[0])}: ${whole(one[1])}`);
      }
    }
    return [...seen].map(([value, told]) => [value, told.slice(0, 80)])
      .sort((a, b) => a[1].localeCompare(b[1])).slice(0, 500);
  };

  const fits = () => {
    const wanted = field("text").value.trim().toLowerCase();
    const tests = [];
    const must = (name, test) => {
      const { value } = field(name);
      if (value !== "") tests.push((row) => test(row, value));
    };
    must("benchmark", (row, value) => row.benchmark === Number(value));
    must("fate", (row, value) => row.fate === Number(value));
    must("outcome", (row, value) => row.outcome === Number(value));
    must("set", (row, value) => row.set === Number(value));
    must("slice", (row, value) => row.slices.some((one) => slice(one) === value));
    if (wanted) tests.push((row) => mentions(row, wanted));
    return (row) => tests.every((test) => test(row));
  };

  const told = (value) => (value === null ? "unscored" : value.toFixed(3));
  const chip = (row) => {
    const name = whole(row.outcome);
    const made = element("span", "chip");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    svg.setAttribute("class", "swatch");
    svg.setAttribute("aria-hidden", "true");
    for (const [key, size] of [["width", 10], ["height", 10]]) {
      svg.setAttribute(key, size);
      rect.setAttribute(key, size);
    }
    rect.setAttribute("rx", 2);
    // An outcome the style does not know keeps the colour of all others.
    rect.setAttribute("class", /^[a-z]+$/.test(name) ? `k-other k-${name}` : "k-other");
    svg.append(rect);
    made.append(svg, name);
    return made;
  };

  const line = (box, name, place, empty = "") => {
    const text = whole(place);
    if (!text && !empty) return;
    const here = box.appendChild(element("dd", name === "Answer" ? "answer-text" : ""));
    here.before(element("dt", "", name));
    const said = here.appendChild(element(text ? "div" : "em", text ? "text" : "", text || empty));
    said.dir = "auto";
    if (omitted(place)) {
      here.append(element("p", "note", `${omitted(place).toLocaleString("en")} more characters are in samples.parquet.`));
    }
  };
  const body = (row) => {
    const made = element("div", "opened");
    const meta = made.appendChild(element("p", "meta"));
    for (const [name, value] of row.slices) meta.append(element("span", "", `${whole(name)}: ${whole(value)}`));
    if (whole(row.finish) === "length") meta.append(element("span", "", "cut at the token limit"));
    meta.append(element("span", "id", whole(row.id) + (row.epoch ? `, repeat ${row.epoch + 1}` : "")));
    meta.append(element("span", "", `judged by ${whole(row.judge) || "nobody"}`));
    const said = made.appendChild(element("dl", "said"));
    line(said, "System", row.system);
    line(said, "Prompt", row.prompt);
    line(said, "Answer", row.response, whole(row.error) ? "no answer" : "empty");
    line(said, "Expected", row.target);
    line(said, "Reason", row.reason);
    line(said, "Error", row.error);
    return made;
  };

  const excerpt = (place) => whole(place).slice(0, 300).replace(/\s+/g, " ").trim();
  const item = (row) => {
    const { title, harmful } = names[row.benchmark];
    const made = element("li");
    const details = made.appendChild(element("details"));
    const summary = details.appendChild(element("summary"));
    summary.append(element("b", row.value === null ? "none" : "", told(row.value)), chip(row));
    summary.append(element("span", "where", title.split(" (", 1)[0] + (row.set ? " · published" : "")));
    if (harmful && !unmasked) {
      summary.append(element("span", "excerpt masked", "Masked: this text may be harmful. Open to show it"));
    } else {
      const both = summary.appendChild(element("span", "excerpt"));
      both.append(element("span", "asked", excerpt(row.prompt)));
      both.append(element("span", "answered", excerpt(row.response) || "(empty)"));
      for (const part of both.children) part.dir = "auto";
    }
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(body(row));
    });
    return made;
  };

  const show = (from) => {
    first = from;
    const some = found.slice(first, first + SHOWN);
    list.replaceChildren(...some.map(item));
    const last = first + some.length;
    const { value } = field("set");
    const all = value === "" ? rows.length : rows.filter((row) => row.set === Number(value)).length;
    status.textContent = found.length
      ? `${found.length.toLocaleString("en")} of ${all.toLocaleString("en")} answers`
      : "No answer fits. Clear a filter.";
    pager.hidden = found.length <= SHOWN;
    pager.querySelector("span").textContent = `${(first + 1).toLocaleString("en")} to ${last.toLocaleString("en")}`;
    pager.querySelector("[name=back]").disabled = first === 0;
    pager.querySelector("[name=next]").disabled = last >= found.length;
  };
  const filter = () => {
    const test = fits();
    found = rows.filter(test);
    show(0);
  };

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  };
  const narrow = () => {
    options(field("slice"), slicesOf(field("benchmark").value));
    field("slice").disabled = field("slice").length === 1;
  };
  const mask = () => {
    field("unmask").textContent = unmasked ? "Mask again" : "Unmask all";
    field("unmask").setAttribute("aria-pressed", String(unmasked));
  };

  const start = async () => {
    status.textContent = "Unpacking …";
    for (const block of packed("answers")) {
      const part = JSON.parse(await unpack(block));
      for (const text of part.texts) texts.push(text);
      for (const row of part.rows) rows.push(read(row));
      block.remove();
    }
    // What lost points, then the unscored, then the rest; the worst of each benchmark in turn.
    rows.sort((a, b) => a.fate - b.fate || a.rank - b.rank || a.benchmark - b.benchmark);
    options(field("benchmark"), names.map(({ title }, i) => [String(i), title.split(" (", 1)[0]]));
    const kinds = [...new Set(rows.map((row) => row.outcome))];
    options(field("outcome"), kinds.map((place) => [String(place), whole(place)]));
    if (!rows.some((row) => row.set)) field("set").parentElement.hidden = true;
    if (!names.some(({ harmful }) => harmful)) field("unmask").hidden = true;
    narrow();
    form.hidden = false;
    filter();
    for (const link of document.querySelectorAll(".browse")) link.hidden = false;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { narrow(); filter(); }));
  field("text").addEventListener("input", soon);
  field("benchmark").addEventListener("change", narrow);
  for (const select of form.querySelectorAll("select")) select.addEventListener("change", filter);
  field("unmask").addEventListener("click", () => {
    unmasked = !unmasked;
    mask();
    show(first);
  });
  const turn = (by) => {
    show(first + by * SHOWN);
    document.getElementById("answers").scrollIntoView();
  };
  pager.querySelector("[name=back]").addEventListener("click", () => turn(-1));
  pager.querySelector("[name=next]").addEventListener("click", () => turn(1));
  for (const link of document.querySelectorAll("[data-benchmark]")) {
    link.addEventListener("click", () => {
      form.reset();
      field("benchmark").value = String(names.findIndex(({ id }) => id === link.dataset.benchmark));
    });
  }
  start().catch((error) => {
    status.textContent = `This browser cannot unpack the answers (${error.message}). samples.parquet has them.`;
  });
}
