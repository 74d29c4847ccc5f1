// Says the value nearest to the pointer, or the one chosen by the arrow keys, under a chart.
(() => {
  "use strict";
  const plotOf = (target) => (target instanceof Element ? target.closest(".chart-plot") : null);
  const dotsOf = (plot) => [...plot.querySelectorAll(".dot")].sort((a, b) => across(a) - across(b));
  const across = (dot) => parseFloat(dot.getAttribute("cx") ?? dot.getAttribute("x"));
  const sayOf = (plot) => plot.parentElement.querySelector(".chart-say");

  const clear = (plot) => {
    for (const dot of plot.querySelectorAll(".near")) dot.classList.remove("near");
    const say = sayOf(plot);
    if (!say?.classList.contains("at")) return;
    say.classList.remove("at");
    say.firstElementChild.textContent = say.dataset.rest ?? "";
  };

  const show = (plot, dot) => {
    const say = sayOf(plot);
    if (!say || !dot || dot.classList.contains("near")) return;
    clear(plot);
    dot.classList.add("near");
    say.dataset.rest ??= say.firstElementChild.textContent;
    say.classList.add("at");
    say.firstElementChild.textContent = dot.querySelector("title")?.textContent ?? "";
  };

  document.addEventListener("pointermove", (event) => {
    const plot = plotOf(event.target);
    const chart = plot?.querySelector(".chart");
    if (!chart) return;
    const box = chart.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * 100;
    const distance = (dot) => Math.abs(across(dot) - at);
    const nearest = dotsOf(plot).reduce((best, dot) => (!best || distance(dot) < distance(best) ? dot : best), null);
    show(plot, nearest);
  });

  document.addEventListener("pointerout", (event) => {
    const plot = plotOf(event.target);
    if (plot && !plot.contains(event.relatedTarget)) clear(plot);
  });

  document.addEventListener("focusout", (event) => {
    const plot = plotOf(event.target);
    if (plot) clear(plot);
  });

  document.addEventListener("keydown", (event) => {
    const plot = plotOf(event.target);
    if (!plot || event.target !== plot) return;
    const dots = dotsOf(plot);
    const now = dots.findIndex((dot) => dot.classList.contains("near"));
    const next = {
      ArrowLeft: now < 0 ? dots.length - 1 : Math.max(now - 1, 0),
      ArrowRight: now < 0 ? 0 : Math.min(now + 1, dots.length - 1),
      Home: 0,
      End: dots.length - 1,
    }[event.key];
    if (event.key === "Escape") clear(plot);
    if (next === undefined || !dots.length) return;
    event.preventDefault();
    show(plot, dots[next]);
    sayOf(plot)?.setAttribute("aria-live", "polite");
  });
})();
