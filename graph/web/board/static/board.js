// Shows a run as it happens. Everything else works without a script.
"use strict";

(() => {
  const GAP = 900, SLOW = 20000, QUICK = 150, LATEST = 8000;
  const region = () => document.querySelector("[data-live]");
  if (!region() || !window.EventSource) return;

  const address = region().dataset.live, kinds = region().dataset.kinds.split(" ");
  const state = document.querySelector("[data-state]");
  const heard = document.querySelector("[data-heard]");
  const again = document.querySelector(".again");
  const cells = document.querySelector("[data-cells]").content;
  const early = new Map();  // what a seat was heard to say before the page has it
  let source = null, lastId = region().dataset.seq ?? null, wait = 1000, retry = 0;
  let due = 0, looking = false, isDirty = false, lookedAt = 0, gap = GAP, lostAt = 0;

  const show = (name) => {
    state.hidden = !name;
    state.dataset.state = name || "still";
    again.hidden = name === "live";
  };

  // Makes a part of the page like another: what is the same stays, with its focus, its scroll and what is unfolded.
  const like = (old, now) => {
    for (const { name } of [...old.attributes]) {
      if (!now.hasAttribute(name) && !(name === "open" && old.tagName === "DETAILS")) old.removeAttribute(name);
    }
    for (const { name, value } of now.attributes) {
      if (old.getAttribute(name) !== value && !(name === "open" && old.tagName === "DETAILS")) old.setAttribute(name, value);
    }
    let next = old.firstChild;
    for (const want of [...now.childNodes]) {
      const same = counterpart(next, want, old);
      if (!same) { old.insertBefore(want, next); continue; }
      while (next !== same) { const gone = next; next = next.nextSibling; gone.remove(); }
      next = same.nextSibling;
      if (same.nodeType !== Node.ELEMENT_NODE) { if (same.data !== want.data) same.data = want.data; }
      else if (!same.isEqualNode(want)) like(same, want);
    }
    while (next) { const gone = next; next = next.nextSibling; gone.remove(); }
  };
  const named = (node) => node.id || (node.getAttribute && node.getAttribute("aria-labelledby")) || "";
  const alike = (node, want) => node.nodeName === want.nodeName && (node.nodeType !== Node.ELEMENT_NODE || named(node) === named(want));
  const counterpart = (from, want, parent) => {
    if (want.nodeType === Node.ELEMENT_NODE && named(want)) {
      for (let node = from; node; node = node.nextSibling) if (alike(node, want)) return node;
      return null;
    }
    return from && from.parentNode === parent && alike(from, want) ? from : null;
  };

  const seat = (round, name) => region().querySelector(`[data-round="${CSS.escape(round)}"][data-seat="${CSS.escape(name)}"]`);
  const draw = (cell, name) => {
    const model = cells.querySelector(`[data-cell="${CSS.escape(name)}"]`);
    const place = cell.querySelector("[data-word]");
    if (!model || !place) return;
    const { tone } = model.dataset;
    cell.className = tone;
    cell.dataset.now = name === "asked" ? "open" : "heard";
    place.replaceChildren(...[...model.childNodes].map((node) => node.cloneNode(true)));
  };
  const drawEarly = () => {
    for (const [key, name] of early) {
      const cell = seat(...JSON.parse(key));
      if (cell && cell.dataset.now === "open") draw(cell, name);
      else if (cell && cell.dataset.now === "done") early.delete(key);
    }
  };

  const look = async () => {
    due = 0;
    if (document.hidden) { isDirty = true; return; }
    if (looking) { isDirty = true; return; }
    looking = true; isDirty = false; lookedAt = Date.now();
    let after = 0;
    try {
      const answer = await fetch(`${address}/live`, { credentials: "same-origin", cache: "no-store" });
      if (answer.status === 429 || answer.status >= 500) after = 1000 * (Number(answer.headers.get("retry-after")) || 5);
      else if (answer.redirected || !answer.ok) { location.reload(); return; }
      else replace(await answer.text());
    } catch { after = 5000; }
    looking = false;
    gap = Math.max(GAP, 3 * (Date.now() - lookedAt));  // a service that is slow is asked less
    if (after) lookIn(after);
    else if (isDirty) lookSoon();
  };
  const lookIn = (milliseconds) => { if (!due) due = setTimeout(look, milliseconds); };
  const lookSoon = () => lookIn(Math.max(QUICK, lookedAt + gap - Date.now()));

  const replace = (text) => {
    const now = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
    if (!now) { location.reload(); return; }
    const focused = document.activeElement, ends = grids().filter(isAtEnd);
    like(region(), now);
    for (const each of ends) each.scrollLeft = each.scrollWidth;
    if (!focused.isConnected) document.getElementById("main").focus({ preventScroll: true });
    drawEarly();
    document.title = now.dataset.title;
    const last = region().querySelector("[data-last]");
    if (last) tell(last.textContent);
    if (!isFollowed()) rest();
    else if (!source && !document.hidden) begin();
  };

  // The newest round stays in sight of whoever looks at it.
  const grids = () => [...region().querySelectorAll(".stances")];
  const isAtEnd = (grid) => grid.scrollLeft + grid.clientWidth >= grid.scrollWidth - 8;

  // Said at most once a while: who listens to a page must be able to keep up.
  let saying = 0, toSay = "";
  const tell = (text) => {
    toSay = text.replace(/\s+/g, " ").trim();
    if (saying) return;
    if (heard.textContent !== toSay) heard.textContent = toSay;
    saying = setTimeout(() => { saying = 0; if (heard.textContent !== toSay) tell(toSay); }, 2500);
  };

  const live = (event) => {
    const said = JSON.parse(event.data);
    if (said.within || said.sample) return;
    if (said.event === "asked" || said.event === "answered" || said.event === "refused" || said.event === "failed") {
      const name = said.event === "answered" ? said.stance || "answered" : said.event;
      const cell = seat(String(said.round), said.seat || said.role);
      early.set(JSON.stringify([String(said.round), said.seat || said.role]), name);
      if (cell && cell.dataset.now !== "done") draw(cell, name);
      if (cell && said.event === "asked") return;
    }
    lookSoon();
  };

  const listen = () => {
    clearTimeout(retry);
    stop();
    const query = lastId === null ? "" : `?after=${encodeURIComponent(lastId)}`;
    source = new EventSource(`${address}/events${query}`);
    const opened = source;
    opened.onopen = () => {
      const wasLost = state.dataset.state === "lost";
      setTimeout(() => { if (source === opened && Date.now() - lostAt > 1400) { wait = 1000; show("live"); } }, wasLost ? 1500 : 0);
      if (wasLost) lookSoon();
    };
    opened.onerror = () => {
      if (source !== opened) return;
      lost();
      if (opened.readyState === EventSource.CLOSED) listenLater();
    };
    opened.addEventListener("live", live);
    opened.addEventListener("lost", (event) => { lost(); tell(JSON.parse(event.data).detail); });
    opened.addEventListener("end", () => { rest(); lookSoon(); });
    for (const kind of kinds) opened.addEventListener(kind, (event) => { lastId = event.lastEventId; lookSoon(); });
  };
  const listenLater = () => {
    stop();
    retry = setTimeout(() => { if (!document.hidden) { lookSoon(); listen(); } }, wait);
    wait = Math.min(2 * wait, LATEST);
  };
  const lost = () => { lostAt = Date.now(); show("lost"); };
  const stop = () => { if (source) source.close(); source = null; };
  const rest = () => { clearTimeout(retry); stop(); show(""); };

  const isFollowed = () => "followed" in region().dataset;
  const begin = () => { if (isFollowed()) { show("still"); listen(); } };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(retry);
    if (document.hidden) { stop(); return; }
    if (isFollowed() || isDirty) lookSoon();
    begin();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) { lookSoon(); begin(); } });
  setInterval(() => { if (isFollowed() && !document.hidden) lookSoon(); }, SLOW);
  if (isFollowed()) for (const each of grids()) each.scrollLeft = each.scrollWidth;
  if (!document.hidden) begin();
})();
