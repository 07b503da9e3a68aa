// Draws a page's charts when they come into view. Vega runs without eval: its expressions are
// interpreted, its loader loads nothing, and its colours are those of the page.
"use strict";

{
  const figures = [...document.querySelectorAll("figure.chart")];
  const views = new Map();

  const probe = document.body.appendChild(element("span"));
  probe.hidden = true;
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };

  // The scripts wait packed in the page until the first chart is seen; the page's policy names
  // their hashes.
  let loaded = null;
  const library = () => {
    loaded ??= (async () => {
      for (const block of packed("library")) {
        const script = document.createElement("script");
        script.textContent = await unpack(block);
        document.body.append(script);
        block.remove();
      }
    })();
    return loaded;
  };

  const theme = (width, grouped) => {
    const [ink, soft, line] = ["--ink", "--soft", "--line"].map(colour);
    const font = getComputedStyle(document.body).fontFamily;
    return {
      background: "transparent",
      font,
      view: { stroke: null },
      axis: {
        labelColor: ink, titleColor: soft, labelFontSize: 12, titleFontSize: 11,
        titleFontWeight: 400, domain: false, ticks: false, gridColor: line, labelPadding: 8,
      },
      axisX: { labelColor: soft, labelFontSize: 11, tickCount: width < 480 ? 3 : 6 },
      // A phone has no room for long labels.
      axisY: { grid: false, labelLimit: width < 480 ? 140 : width < 800 ? 210 : 380 },
      legend: {
        orient: "top", labelColor: ink, labelFontSize: 12, symbolType: "circle", symbolSize: 80,
        titleColor: soft, titleFontWeight: 400,
        labelLimit: 260, columns: width < 480 ? 1 : 6,
      },
      range: { category: ["--first", "--second", "--third", "--fourth", "--fifth"].map(colour) },
      style: {
        reach: { color: colour("--reach"), strokeWidth: 6, strokeCap: "round", opacity: grouped ? 0.45 : 1 },
        value: { color: colour("--accent"), filled: true, size: 72, opacity: 1, stroke: colour("--card"), strokeWidth: 1.4 },
        chance: { color: colour("--chance"), thickness: 1.5, bandSize: 18, orient: "vertical" },
        front: { color: colour("--accent"), strokeWidth: 1.5, strokeDash: [4, 3], opacity: 0.7 },
        dominated: { color: colour("--reference"), filled: true, size: 60, opacity: 1 },
        name: { fill: ink, color: ink, fontSize: 11 },
        cell: { stroke: colour("--card"), strokeWidth: 1 },
        self: { color: colour("--line"), opacity: 0.6, stroke: colour("--card"), strokeWidth: 1 },
        sure: { color: ink, filled: true, size: 10, opacity: 0.9 },
        share: { stroke: colour("--card"), strokeWidth: 1, height: { band: 0.6 } },
      },
    };
  };

  // "var:--x" in a scale's range stands for a colour of the page.
  const painted = (spec) => {
    for (const { encoding } of [spec, ...(spec.layer ?? [])]) {
      const scale = encoding.color?.scale;
      if (scale) scale.range = scale.range.map((name) => colour(name.slice(4)));
    }
    return spec;
  };

  const tip = document.body.appendChild(element("div", "tip"));
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  const point = (_, event, item, told) => {
    tip.hidden = !told;
    if (!told) return;
    tip.replaceChildren();
    for (const [name, value] of Object.entries(told)) {
      const row = tip.appendChild(element("div"));
      row.append(element("span", "", name), element("b", "", String(value)));
    }
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    const below = event.clientY + 16;
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 12 : below}px`;
  };

  const nothing = () => Promise.reject(new Error("A report loads nothing."));
  const draw = async (figure) => {
    await library();
    views.get(figure)?.finalize();
    const spec = painted(JSON.parse(figure.querySelector("script").textContent));
    const config = theme(figure.clientWidth, "yOffset" in spec.encoding);
    const compiled = vegaLite.compile(spec, { config, logger: vega.logger(vega.Error) }).spec;
    const view = new vega.View(vega.parse(compiled, null, { ast: true }), {
      expr: vega.expressionInterpreter,
      loader: { load: nothing, sanitize: nothing, http: nothing, file: nothing },
      renderer: "svg",
      container: figure.querySelector(".vega"),
      hover: true,
      tooltip: point,
    });
    views.set(figure, view);
    await view.runAsync();
    figure.dataset.drawn = "yes";
  };

  // Where a browser cannot draw, the tables tell the same.
  const failed = (figure, error) => {
    console.warn(`A chart could not be drawn: ${error}`);
    figure.hidden = true;
  };

  const watch = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      draw(target).catch((error) => failed(target, error));
    }
  }, { rootMargin: "400px" });

  for (const figure of figures) {
    figure.hidden = false;
    watch.observe(figure);
  }
  document.addEventListener("theme", () => {
    for (const figure of views.keys()) draw(figure).catch((error) => failed(figure, error));
  });
}
