// Reading needs none of this: the theme, unfolding for print, and what the other scripts share.
"use strict";

// Packed blocks of a page, as texts. They are gzip in base64.
const unpack = async (block) => {
  const bytes = Uint8Array.from(atob(block.textContent), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
};
const packed = (kind) => [...document.querySelectorAll(`script[data-packed="${kind}"]`)];

// An element with a class and a text: never markup, whatever the text says.
const element = (name, css = "", text = "") => {
  const made = document.createElement(name);
  if (css) made.className = css;
  if (text) made.textContent = text;
  return made;
};

{
  const order = ["auto", "dark", "light"];
  const button = document.getElementById("theme");
  const remembered = () => {
    try {
      return localStorage.getItem("upright-theme");
    } catch {
      return null; // A browser may forbid it to files on disk.
    }
  };
  const choose = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.querySelector(".state").textContent = theme[0].toUpperCase() + theme.slice(1);
    button.setAttribute("aria-label", `Colours: ${theme}. Change`);
    document.dispatchEvent(new Event("theme"));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length];
    choose(next);
    try {
      localStorage.setItem("upright-theme", next);
    } catch {
      // Then it holds for this visit.
    }
  });
  const before = remembered();
  choose(order.includes(before) ? before : "auto");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new Event("theme"));
  });
}

{
  // A link to something folded away unfolds it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (let at = target; at; at = at.parentElement) {
      if (at instanceof HTMLDetailsElement) at.open = true;
    }
  };
  addEventListener("hashchange", reveal);
  reveal();
}

{
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
}
