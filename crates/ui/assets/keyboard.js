// Arrow keys go from row to row where a row's link has the focus; no key does anything elsewhere.
(() => {
  "use strict";
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest(".rows th[scope=row] a") : null;
    if (!link) return;
    const links = [...link.closest(".rows").querySelectorAll("th[scope=row] a")];
    const now = links.indexOf(link);
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: links.length - 1 }[event.key];
    if (next === undefined || !links[next]) return;
    event.preventDefault();
    links[next].focus();
  });
})();
