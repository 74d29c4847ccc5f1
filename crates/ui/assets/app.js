// Theme, ages and the state of the live stream. Pages work without it.
(() => {
  "use strict";
  const body = document.body;

  // The cookie is the same one that the form's answer sets; here only the reload is spared.
  const themeForm = document.querySelector("form.theme");
  themeForm?.addEventListener("submit", (event) => {
    const chosen = event.submitter;
    if (!chosen) return;
    event.preventDefault();
    document.cookie = `theme=${chosen.value}; path=/; max-age=31536000; samesite=strict`;
    if (chosen.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen.value;
    for (const button of themeForm.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === chosen));
    }
  });

  // Ages go by the server's clock, which may differ from this machine's.
  const aheadMs = Number(body.dataset.now) - Date.now();
  const span = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    if (minutes < 60) return `${minutes} min`;
    if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return `${Math.floor(hours / 24)} d`;
  };
  const age = (past) => {
    if (past <= -1) return `in ${span(-past)}`;
    return past < 1 ? "now" : `${span(past)} ago`;
  };
  const refreshAges = () => {
    const now = Date.now() + aheadMs;
    for (const time of document.querySelectorAll("time[datetime]")) {
      const shown = time.querySelector(".age");
      const said = age((now - Date.parse(time.dateTime)) / 1000);
      if (shown && shown.textContent !== said) shown.textContent = said;
    }
  };
  setInterval(refreshAges, 5000);

  // A page that looks live and is not would be worse than none.
  const stale = document.getElementById("stale");
  const state = document.getElementById("live-state");
  const setLive = (live) => {
    if (stale) stale.hidden = live;
    if (state) state.textContent = live ? "Live." : "";
  };
  // A server that hangs closes nothing: it beats every ten seconds, and two beats that do not come are told.
  const SILENT_MS = 25000;
  let heardMs = performance.now();
  const heard = () => {
    heardMs = performance.now();
    setLive(true);
  };
  setInterval(() => {
    const isSilent = performance.now() - heardMs > SILENT_MS;
    if (isSilent && document.querySelector("[sse-connect]")) setLive(false);
  }, 5000);
  body.addEventListener("htmx:sseOpen", (event) => {
    event.detail.source.addEventListener("beat", heard);
    heard();
  });
  body.addEventListener("htmx:sseError", () => setLive(false));

  // What the reader opened and scrolled stays so when a fragment replaces it.
  let kept = [];
  body.addEventListener("htmx:sseBeforeMessage", (event) => {
    kept = [...event.target.querySelectorAll("details[open][id]")].map((details) => ({
      id: details.id,
      top: details.querySelector(".scroll")?.scrollTop ?? 0,
    }));
  });
  body.addEventListener("htmx:sseMessage", () => {
    heard();
    for (const { id, top } of kept) {
      const details = document.getElementById(id);
      if (!details) continue;
      details.open = true;
      const scroll = details.querySelector(".scroll");
      if (scroll) scroll.scrollTop = top;
    }
  });
})();
