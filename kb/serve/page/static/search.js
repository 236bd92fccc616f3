// Search as you type: the hits of a query, narrowed by facets, each with its score and the reasons for it.
import { Area, AREA_NAMES, count, Failure, noteAddress, placeOf, Waiting } from "./parts.js";
import { go, replace } from "./route.js";
import { get } from "./server.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/htm-preact.js";

const KEY_MS = 15; // between a key and the request for the first hits: pasting and fast typing ask once
const PAUSE_MS = 250; // after which the writer is taken to read: all hits are fetched, and counted
const FIRST = 10;
const LIMIT = 50;
const SHOWN_TAGS = 12;
export const OPENED = "kb-opened"; // names the hit that was opened last
const KINDS = { note: "Notes", post: "Posts", all: "All" };

export function Search({ parameters }) {
  const asked = {
    q: parameters.get("q") || "",
    area: parameters.getAll("area"),
    tag: parameters.getAll("tag"),
    year: parameters.get("year") || "",
    kind: parameters.get("kind") || "",
    weak: parameters.get("weak") || "",
  };
  const opened = useRef(sessionStorage.getItem(OPENED)); // where the writer comes back from
  const change = (fields) => {
    opened.current = null;
    replace("search", { ...asked, ...fields });
  };
  const { found, counted, everyKind, failure, busy, complete } = useHits(asked);
  const input = useRef();
  useLayoutEffect(() => {
    document.title = asked.q ? `${asked.q} – kb` : "kb";
    sessionStorage.setItem("kb-search", parameters);
  }, [String(parameters)]);
  useEffect(() => {
    sessionStorage.removeItem(OPENED);
    input.current.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    const hit = opened.current && [...document.querySelectorAll(".hit h2 a")].find((link) => link.hash === opened.current);
    if (hit || complete) opened.current = null;
    hit?.focus({ preventScroll: true });
    hit?.scrollIntoView({ block: "center" });
  }, [found, complete]);
  const chosen = asked.area.length + asked.tag.length + (asked.year ? 1 : 0);

  return html`<div class="search">
    <h1 class="hidden">Search</h1>
    <form role="search" onSubmit=${(event) => { event.preventDefault(); open(found); }}>
      <label class="hidden" for="query">Search your notes</label>
      <input id="query" ref=${input} type="search" value=${asked.q} autocomplete="off" spellcheck="false"
        placeholder="What do your notes say about …" maxlength="2000" aria-describedby="found" aria-keyshortcuts="/"
        onInput=${(event) => change({ q: event.target.value, weak: "" })}
        onKeyDown=${(event) => inField(event, () => change({ q: "", area: [], tag: [], year: "" }))} />
    </form>
    <p id="found" class="found" role="status">${busy ? "Searching …" : summary(asked, found, failure, complete)}</p>
    ${failure && html`<${Failure} failure=${failure} />`}
    ${found
      ? html`<div class="columns" aria-busy=${!complete}>
          <${Facets} asked=${asked} counted=${counted.hits} everyKind=${everyKind} change=${change} chosen=${chosen} />
          <${Hits} asked=${asked} found=${found} change=${change} chosen=${chosen} />
        </div>`
      : !failure && html`<${Empty} asked=${asked} />`}
  </div>`;
}

/** The first hits of what is asked at once, and all of them when the writer pauses, with those that the facets count:
 * the hits of every kind that there would be without facets. */
function useHits(asked) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!asked.q.trim()) return setState({});
    const controller = new AbortController();
    const all = { query: asked.q, kind: asked.kind, weak: Boolean(asked.weak), explain: true };
    const years = asked.year && { since: `${asked.year}-01-01`, until: `${asked.year}-12-31` };
    const narrowed = { ...all, area: asked.area, tag: asked.tag, ...years };
    const narrows = asked.area.length || asked.tag.length || asked.year || asked.kind !== "all";
    const hits = (wanted, limit) => get("/api/search", { ...wanted, limit }, controller.signal);
    const failed = (failure) => failure.name !== "AbortError" && setState({ failure });
    const soon = setTimeout(() => {
      setState((before) => ({ ...before, failure: undefined, busy: true, complete: false }));
      hits(narrowed, FIRST).then((found) => setState((before) => (before.complete ? before : { ...before, busy: false, found, counted: before.counted || found })), failed);
    }, KEY_MS);
    const later = setTimeout(async () => {
      try {
        const [found, counted] = await Promise.all([hits(narrowed, LIMIT), narrows && hits({ ...all, kind: "all" }, LIMIT)]);
        setState({ found, counted: counted || found, everyKind: true, complete: true });
      } catch (failure) {
        failed(failure);
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(soon);
      clearTimeout(later);
      controller.abort();
    };
  }, [JSON.stringify(asked)]);
  return state;
}

function open(found) {
  const first = found?.hits[0];
  if (first) go("note", { path: first.path, lines: `${first.start_line}-${first.end_line}` });
}

function inField(event, clear) {
  if (event.key === "Escape") {
    event.preventDefault();
    clear();
  } else if (event.key === "ArrowDown") {
    event.preventDefault();
    document.querySelector(".hits [data-stop]")?.focus();
  }
}

function summary(asked, found, failure, complete) {
  if (failure || !found) return "";
  if (!found.hits.length) return found.weaker ? `No good match; ${count(found.weaker, "weaker hit")}.` : "Nothing found.";
  if (!complete) return `The first ${count(found.hits.length, "hit")} …`;
  const most = found.hits.length === LIMIT ? `The best ${LIMIT} hits` : count(found.hits.length, "hit");
  const good = found.good_match ? "" : ", none of them a good match";
  return `${most}${good}${found.weaker ? `, and ${count(found.weaker, "weaker one")}` : ""}.`;
}

function Empty({ asked }) {
  if (asked.q.trim()) return html`<${Waiting}>Searching …<//>`;
  return html`<div class="empty">
    <p>Write a question, a few words, or part of a title. Meaning counts as well as the words.</p>
    <ul>
      <li><kbd>"exact words"</kbd> must be in the note, <kbd>-word</kbd> must not.</li>
      <li><kbd>↓</kbd> or <kbd>j</kbd> and <kbd>k</kbd> go through the hits, <kbd>Enter</kbd> opens one, <kbd>?</kbd> shows all keys.</li>
    </ul>
  </div>`;
}

function tally(values) {
  const counts = new Map();
  for (const value of values) if (value) counts.set(value, (counts.get(value) || 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
}

function Facets({ asked, counted, everyKind, change, chosen }) {
  const ofKind = (kind) => counted.filter((hit) => kind === "all" || hit.kind === kind);
  const hits = ofKind(asked.kind || "note");
  const toggle = (name, value) => {
    const set = asked[name];
    change({ [name]: set.includes(value) ? set.filter((one) => one !== value) : [...set, value] });
  };
  const kept = (found, set) => [...found, ...set.filter((value) => !found.some(([one]) => one === value)).map((value) => [value, 0])];
  const areas = kept(tally(hits.map((hit) => hit.area)), asked.area);
  const tags = kept(tally(hits.flatMap((hit) => hit.tags)).slice(0, SHOWN_TAGS), asked.tag);
  const years = tally(hits.map((hit) => hit.date?.slice(0, 4))).sort((one, other) => (one[0] < other[0] ? 1 : -1));
  const facet = (label, number, on, choose) =>
    html`<li><button class="facet" aria-pressed=${on} onClick=${choose}><span>${label}</span><span class="number">${number}</span></button></li>`;
  return html`<aside class="facets" aria-label="Narrow the hits">
    <details open=${matchMedia("(min-width: 60rem)").matches}>
      <summary>Narrow${chosen ? ` (${chosen} chosen)` : ""}</summary>
      <h2>Kind</h2>
      <ul>${Object.entries(KINDS).map(([kind, label]) =>
        facet(label, everyKind && ofKind(kind).length, (asked.kind || "note") === kind, () => change({ kind: kind === "note" ? "" : kind })))}</ul>
      ${areas.length > 0 && html`<h2>Area</h2><ul>${areas.map(([area, number]) =>
        facet(AREA_NAMES[area], number, asked.area.includes(area), () => toggle("area", area)))}</ul>`}
      ${tags.length > 0 && html`<h2>Tag</h2><ul>${tags.map(([tag, number]) =>
        facet(`#${tag}`, number, asked.tag.includes(tag), () => toggle("tag", tag)))}</ul>`}
      ${years.length > 0 && html`<h2>Date</h2><ul>${years.map(([year, number]) =>
        facet(year, number, asked.year === year, () => change({ year: asked.year === year ? "" : year })))}</ul>`}
      ${chosen > 0 && html`<button class="quiet" onClick=${() => change({ area: [], tag: [], year: "" })}>Clear</button>`}
    </details>
  </aside>`;
}

function Hits({ asked, found, change, chosen }) {
  return html`<section class="hits" aria-label="Hits">
    ${found.notices.map((notice) => html`<p class="remark notice">${notice[0].toUpperCase() + notice.slice(1)}.</p>`)}
    ${found.hits.length === 0 && html`<p class="empty">
      ${chosen ? "No hit has everything that is chosen." : "Try other words, or fewer."}</p>`}
    <ol>${found.hits.map((hit) => html`<${Hit} key=${hit.path} hit=${hit} readAs=${found.read_as} />`)}</ol>
    ${found.weaker > 0 && html`<button onClick=${() => change({ weak: "1" })}>Show ${count(found.weaker, "weaker hit")}</button>`}
    ${found.undated > 0 && html`<p class="remark">${count(found.undated, "note")} without a date left out.</p>`}
    ${found.missing.length > 0 && html`<p class="remark">Gone since the last sync: ${found.missing.join(", ")}.</p>`}
    ${found.held_back.length > 0 && html`<div class="held">
      <p>Held back as outside your areas, and may answer this:</p>
      <ul>${found.held_back.map((note) => html`<li><a data-stop href=${noteAddress(note.path)}>${note.title}</a> <span class="address">${note.path}</span></li>`)}</ul>
    </div>`}
  </section>`;
}

function Hit({ hit, readAs }) {
  const headings = hit.heading_path.join(" › ");
  return html`<li class="hit">
    <h2><a data-stop href=${noteAddress(hit.path, hit.start_line, hit.end_line)}
      onClick=${(event) => sessionStorage.setItem(OPENED, event.currentTarget.hash)}>${hit.title}</a></h2>
    <p class="about">
      <${Area} area=${hit.area} />
      ${hit.kind !== "note" && html`<span class="badge">${hit.kind}</span>`}
      ${hit.remote && html`<span class="badge">pulled</span>`}
      ${hit.state === "changed" && html`<span class="badge">changed since the last sync</span>`}
      <span class="address">${placeOf(hit)}</span>
      ${hit.date && html`<time>${hit.date}</time>`}
    </p>
    ${headings && html`<p class="headings">${headings}</p>`}
    <p class="snippet">${hit.same_as ? html`<em>The same text as ${hit.same_as}</em>` : marked(hit.snippet, hit.marks)}</p>
    ${hit.passages.length > 0 && html`<p class="also">Also ${hit.passages.map((passage, index) => html`${index > 0 && ", "}<a
      href=${noteAddress(hit.path, passage.start_line, passage.end_line)}
      title=${passage.heading_path.join(" › ")}>${linesOf(passage)}</a>`)}</p>`}
    <details class="why"><summary><span class="score">${hit.score.toFixed(2)}</span> why</summary><${Why} hit=${hit} readAs=${readAs} /></details>
  </li>`;
}

function linesOf({ start_line: start, end_line: end }) {
  return end === start ? `line ${start}` : `lines ${start}–${end}`;
}

/** A snippet with its marks, which count characters, not the halves of those beyond the basic plane. */
function marked(snippet, marks) {
  const characters = Array.from(snippet);
  const parts = [];
  let done = 0;
  for (const [start, end] of marks) {
    parts.push(characters.slice(done, start).join(""), html`<mark>${characters.slice(start, end).join("")}</mark>`);
    done = end;
  }
  return [...parts, characters.slice(done).join("")];
}

function Why({ hit, readAs }) {
  const how = hit.explain;
  const signed = (value) => (value >= 0 ? "+" : "−") + Math.abs(value).toFixed(2);
  const sum = ["meaning", "words", "near", "passage"].map((name) => `${name} ${signed(how[name === "meaning" ? "standing" : name])}`);
  if (how.titled) sum.push(`title ${signed(how.titled)}`);
  if (how.boilerplate) sum.push(`boilerplate ${signed(how.boilerplate)}`);
  const { dense, lexical } = hit.scores;
  const rows = [
    ["probability", hit.score.toFixed(2)],
    [how.reranked ? "without the cross-encoder" : "score", `${how.raw.toFixed(2)} = ${sum.join(", ")}`],
    ["cosine", dense === null ? "not among the nearest" : dense.toFixed(3)],
    ["BM25", lexical === null ? "no word in common" : lexical.toFixed(1)],
    ["words", how.terms.map((term) => `${term.term} ${term.weight.toFixed(1)}`).join(", ") || "none"],
    ["query read as", readAs.map((one) => `${one.concept} ${one.weight.toFixed(2)}`).join(", ") || "its words"],
    ["moved towards", how.feedback.join(", ") || "nothing"],
  ];
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    ${how.named && html`<dt>first</dt><dd>named in the query</dd>`}</dl>`;
}
