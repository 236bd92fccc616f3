// The frame of the page: where one is, the keys that work everywhere, and the sync.
import { Add } from "./add.js";
import { Balance } from "./balance.js";
import { Help } from "./help.js";
import { Ideas } from "./ideas.js";
import { NoteMap } from "./map/view.js";
import { Note } from "./note.js";
import { Outline } from "./outline.js";
import { Announcements, announce, count, Failure } from "./parts.js";
import { addressOf, go, route, useRoute } from "./route.js";
import { OPENED, Search } from "./search.js";
import { get, post } from "./server.js";
import { html, render, useEffect, useLayoutEffect, useRef, useState } from "./vendor/htm-preact.js";

const VIEWS = { search: Search, note: Note, outline: Outline, map: NoteMap, ideas: Ideas, balance: Balance, add: Add, help: Help };
const LINKS = { search: "Search", outline: "Outline", map: "Map", ideas: "Ideas", balance: "Balance", add: "Add", help: "Help" };
const KEYS = [
  ["/", "search"],
  ["j, k", "next, previous hit or point"],
  ["Enter", "open it"],
  ["Esc", "back to the search field; there, clear it"],
  ["g then s, o, m, i, b, a, h", "go to search, outline, map, ideas, balance, add, help"],
  ["Alt + ↑, ↓", "outline: move the point or section up, down"],
  ["r", "outline: swap the point for the next best"],
  ["Delete", "outline: drop the point"],
  ["Ctrl + Z", "outline: undo"],
  ["?", "these keys"],
];
const NOTICE_AFTER = 2000; // milliseconds
const GO = { s: "search", o: "outline", m: "map", i: "ideas", b: "balance", a: "add", h: "help" };

function typing(event) {
  return event.target.closest("input, textarea, select, [contenteditable]");
}

/** Move the focus along everything that can be opened with Enter. */
function step(by) {
  const stops = [...document.querySelectorAll("[data-stop]")];
  const here = stops.indexOf(document.activeElement.closest("[data-stop]"));
  const next = stops[Math.max(0, Math.min(stops.length - 1, here + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function search() {
  sessionStorage.removeItem(OPENED);
  go("search", { q: new URLSearchParams(sessionStorage.getItem("kb-search") || "").get("q") });
  setTimeout(() => document.getElementById("query")?.select());
}

function useKeys(dialog) {
  useLayoutEffect(() => {
    let leader = false;
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || dialog.current.open) return;
      if (event.key === "Escape" && ["search", "note"].includes(route().view)) return search();
      const view = leader && GO[event.key];
      leader = event.key === "g";
      const action = view
        ? () => go(view)
        : { "/": search, "?": () => dialog.current.showModal(), j: () => step(1), k: () => step(-1) }[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

function Keys({ dialog }) {
  return html`<dialog ref=${dialog} aria-labelledby="keys">
    <h2 id="keys">Keys</h2>
    <dl class="keys">${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <form method="dialog"><button>Close</button></form>
  </dialog>`;
}

/** The links to the views: a row, or behind a button where the window is too narrow for it. */
function Views({ view }) {
  const [open, setOpen] = useState(false);
  const leave = ({ currentTarget, relatedTarget }) => currentTarget.contains(relatedTarget) || setOpen(false);
  const escape = (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    event.currentTarget.querySelector("button").focus();
  };
  const lastSearch = () => Object.fromEntries(new URLSearchParams(sessionStorage.getItem("kb-search") || ""));
  return html`<nav aria-label="Views" class=${open ? "open" : ""} onFocusOut=${leave} onKeyDown=${escape}>
    <button class="menu" aria-expanded=${open} aria-controls="views" onClick=${() => setOpen(!open)}>${LINKS[view] || "Views"} <span aria-hidden="true">▾</span></button>
    <ul id="views">${Object.entries(LINKS).map(([name, label]) => html`<li><a href=${addressOf(name, name === "search" ? lastSearch() : {})}
      aria-current=${view === name ? "page" : undefined} onClick=${() => setOpen(false)}>${label}</a></li>`)}</ul>
  </nav>`;
}

/** How many notes there are and have changed, and the sync that brings them in. */
function Sync() {
  const [status, setStatus] = useState();
  const [job, setJob] = useState();
  const [failure, setFailure] = useState();
  const known = useRef(null); // the id of the last sync that was shown
  const look = () => get("/api/status").then(setStatus, setFailure);
  useEffect(() => {
    look();
    addEventListener("focus", look);
    const timer = setInterval(notice, NOTICE_AFTER);
    return () => {
      removeEventListener("focus", look);
      clearInterval(timer);
    };
  }, []);

  /** Show a sync that began by itself, because notes were saved. */
  async function notice() {
    if (document.hidden) return;
    try {
      const { job: id } = await get("/api/server");
      if (id && id !== known.current) follow(await get("/api/job", { id }), false);
    } catch {
      // the next request of the writer says what is wrong
    }
  }
  function follow(started, asked) {
    known.current = started.id;
    if (started.state !== "running") return ended(started, asked);
    setJob(started);
    const events = new EventSource(`/api/job/events?id=${encodeURIComponent(started.id)}`);
    events.addEventListener("running", (event) => setJob(JSON.parse(event.data)));
    for (const end of ["done", "failed"]) {
      events.addEventListener(end, (event) => {
        events.close();
        ended(JSON.parse(event.data), asked);
      });
    }
    events.onerror = () => {
      events.close();
      setJob();
    };
  }
  function ended(last, asked) {
    setJob();
    setFailure(last.failure);
    if (last.report && asked) announce(told(last.report));
    look();
  }
  const start = (fields = {}) => {
    setFailure();
    post("/api/sync", fields).then((started) => follow(started, true), setFailure);
  };

  const changed = status?.changed_notes || 0;
  return html`<div class="sync">
    ${job
      ? html`<label>Syncing <progress value=${job.total ? job.done : undefined} max=${job.total || undefined}></progress></label>`
      : html`<button class="quiet ${changed && "due"}" onClick=${() => start()}>
          Sync${changed > 0 && html` ${changed.toLocaleString("en")} changed<span class="wide"> ${changed === 1 ? "note" : "notes"}</span>`}
        </button>`}
    ${failure &&
    html`<${Failure} failure=${failure}>
      ${failure.error === "RemovalError" &&
      html`<button onClick=${() => start({ allow_removal: true })}>Let them leave the index</button>`}
      <button class="quiet" onClick=${() => setFailure()}>Close</button>
    <//>`}
  </div>`;
}

function told(report) {
  const parts = ["added", "updated", "renamed", "removed", "skipped"]
    .filter((name) => report[name].length)
    .map((name) => `${report[name].length} ${name}`);
  return parts.length ? `Synced: ${parts.join(", ")}.` : "Synced: nothing has changed.";
}

function App() {
  const { view, parameters } = useRoute();
  const keys = useRef();
  useKeys(keys);
  const View = VIEWS[view] || Search;
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>
      To the content
    </a>
    <header>
      <a class="brand" href=${addressOf("search")} aria-label="kb, to the search">kb</a>
      <${Views} key=${view} view=${view} />
      <${Sync} />
      <button class="quiet help" onClick=${() => keys.current.showModal()} aria-label="Keys">?</button>
    </header>
    <main id="main" tabindex="-1"><${View} key=${view} parameters=${parameters} /></main>
    <${Announcements} />
    <${Keys} dialog=${keys} />
  `;
}

render(html`<${App} />`, document.getElementById("app"));
