// Saved drafts: a list of them, and each with what has changed in the notes since.
import { announce, count, Failure, noteAddress, placeOf, useAnswer, Waiting } from "../parts.js";
import { typeset } from "../note.js";
import { addressOf } from "../route.js";
import { post } from "../server.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { changes } from "./wording.js";

export function draftAddress(path, edit = "") {
  return addressOf("outline", { draft: path, edit });
}

/** The drafts that cite notes, the last changed first. */
export function Drafts() {
  const { answer, failure } = useAnswer("/api/drafts", {});
  if (failure) return html`<${Failure} failure=${failure} />`;
  if (!answer) return html`<${Waiting}>Looking for your drafts …<//>`;
  return html`<section class="drafts" aria-label="Drafts">
    <h2>Drafts</h2>
    ${answer.drafts.length === 0 && html`<p class="remark">No drafts yet. What you save here, or write with <kbd>kb outline -o drafts/NAME.md</kbd>, is listed with the citations that still hold.</p>`}
    <ul>${answer.drafts.map((one) => html`<li>
      <a data-stop href=${draftAddress(one.path)}>${one.title}</a>
      <p class="about"><span class="address">${one.path}</span><time datetime=${one.modified}>${whenOf(one.modified)}</time>
        <span class=${one.holding < one.citations ? "badge warn" : "badge"}>${one.holding === one.citations ? `all ${count(one.citations, "citation")} hold` : `${one.holding} of ${count(one.citations, "citation")} hold`}</span></p>
    </li>`)}</ul>
  </section>`;
}

function whenOf(time) {
  return new Date(time).toLocaleString("en", { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
}

/** One draft, its citations compared with the notes, and the new points that these have for it. */
export function Draft({ path }) {
  const shown = useAnswer("/api/draft/html", { draft: path });
  const checked = useAnswer("/api/draft/check", { draft: path });
  const body = useRef();
  const draft = shown.answer;
  useEffect(() => {
    document.title = draft ? `${draft.title} – kb` : "Draft – kb";
  }, [draft]);
  const again = () => {
    shown.again();
    checked.again();
  };
  const back = html`<p class="remark"><a href=${addressOf("outline")}>All drafts and the outline</a></p>`;
  if (shown.failure) return html`<${Failure} failure=${shown.failure} />${back}`;
  if (!draft) return html`<${Waiting}>Opening ${path} …<//>`;
  return html`<div class="draft columns sides">
    <div class="top">
      ${back}
      <h1>${draft.title}</h1>
      <p class="about"><span class="address">${path}</span> <a href=${draftAddress(path, "1")}>Edit in the builder</a></p>
    </div>
    <article>
      <${Text} draft=${draft} citations=${checked.answer?.citations} place=${body} />
    </article>
    <aside class="beside" aria-label="What has changed">
      <${Update} path=${path} updated=${again} />
      ${checked.failure && html`<${Failure} failure=${checked.failure} />`}
      ${!checked.answer && !checked.failure && html`<${Waiting}>Comparing the citations with your notes …<//>`}
      ${checked.answer && html`<${Checked} citations=${checked.answer.citations} body=${body} />`}
    </aside>
  </div>`;
}

/** The block of a text that is the smallest around a line. */
function blockAt(place, line) {
  const around = [...place.querySelectorAll("[data-lines]")].filter((block) => {
    const [first, last = first] = block.dataset.lines.split("-").map(Number);
    return first <= line && line <= last;
  });
  return around.at(-1);
}

function Text({ draft, citations, place }) {
  useLayoutEffect(() => {
    place.current.innerHTML = draft.html; // made harmless by the server, and bound by the page's policy
    typeset(place.current);
  }, [draft]);
  useLayoutEffect(() => {
    for (const { line, state } of citations || []) {
      if (state !== "holds") blockAt(place.current, line)?.classList.add("doubtful", state);
    }
  }, [draft, citations]);
  return html`<div class="body" ref=${place}></div>`;
}

const AGREEING = { holds: ["holds", "hold"], moved: ["moved", "moved"], changed: ["changed", "changed"], gone: ["is gone", "are gone"] };

/** How many citations are in which state, and those that do not hold. */
function Checked({ citations, body }) {
  const failing = citations.filter((one) => one.state !== "holds");
  const states = Object.entries(AGREEING)
    .map(([state, [one, several]]) => [citations.filter((citation) => citation.state === state).length, one, several])
    .filter(([number]) => number)
    .map(([number, one, several]) => `${number} ${number === 1 ? one : several}`);
  return html`<section>
    <h2>Citations</h2>
    <p role="status">${failing.length ? `${count(citations.length, "citation")}: ${states.join(", ")}.` : `All ${count(citations.length, "citation")} hold: your notes still say so.`}</p>
    <ul class="failing">${failing.map((one) => html`<${Doubt} citation=${one} body=${body} />`)}</ul>
  </section>`;
}

/** A citation that does not hold: what the draft quotes, what the note says now, and what to do. */
function Doubt({ citation, body }) {
  const { line, path, state, quoted, now, moved_to: moved } = citation;
  function go() {
    const block = blockAt(body.current, line);
    block?.scrollIntoView({ block: "center" });
    body.current.querySelector(".here")?.classList.remove("here");
    block?.classList.add("here");
  }
  const compared = quoted && now && !moved ? changes(quoted, now.text) : [];
  const words = (side) => compared.map((part) => (part.in === "both" ? part.text : part.in === side ? html`<mark>${part.text}</mark>` : ""));
  return html`<li class="doubt">
    <p class="about"><span class="badge warn">${state}</span>
      ${state === "gone" ? html`<span class="address">${placeOf(citation)}</span>` : html`<a class="address" href=${noteAddress(path, citation.start_line, citation.end_line)}>${placeOf(citation)}</a>`}
      <button class="quiet" data-stop onClick=${go}>line ${line} of the draft</button></p>
    <div class="compared">
      ${quoted && html`<div><h3>The draft quotes</h3><p>${compared.length ? words("before") : quoted}</p></div>`}
      ${now && !moved && html`<div><h3>The note says now</h3><p>${words("after")}</p><a class="address" href=${noteAddress(now.path, now.start_line, now.end_line)}>${placeOf(now)}</a></div>`}
      ${moved && html`<div><h3>The same words are now at</h3><a class="address" href=${noteAddress(moved.path, moved.start_line, moved.end_line)}>${placeOf(moved)}</a></div>`}
    </div>
    <p class="remark">${adviceOn(citation)}</p>
  </li>`;
}

function adviceOn({ state, now, moved_to: moved }) {
  if (moved) return `In the file, change the address to ${placeOf(moved)}.`;
  if (state === "gone") return "The note is gone: restore it, or delete the point.";
  return now ? "The note words this differently now: reword the point, or delete it." : "The note no longer says this: reword the point, or delete it.";
}

/** The new points that the notes have for a draft: first shown, then put in. */
function Update({ path, updated }) {
  const [state, setState] = useState({});
  async function ask(dry_run) {
    setState({ busy: dry_run ? "Reading your notes …" : "Adding …" });
    try {
      const { added } = await post("/api/draft/update", { draft: path, dry_run });
      if (dry_run) return setState({ added });
      announce(`Added ${count(added.length, "point")} to ${path}.`);
      setState({ done: added.length });
      updated();
    } catch (failure) {
      setState({ failure });
    }
  }
  const { added, done, busy, failure } = state;
  const sections = [...new Set(added?.map((point) => point.section))];
  return html`<section class="update" aria-busy=${Boolean(busy)}>
    <h2>New points</h2>
    ${!added && html`<p class="remark">${done ? `Added ${count(done, "point")}.` : "New and changed notes may have more to say on the topic. Your own text stays as it is."}</p>`}
    ${added?.length === 0 && html`<p role="status">There are no new points: your notes say nothing on the topic that the draft was not offered.</p>`}
    ${sections.map((heading) => html`<h3>${heading || "(no heading)"}${added.find((point) => point.section === heading).new_section && html` <span class="badge">new section</span>`}</h3>
      <ul>${added.filter((point) => point.section === heading).map((point) => html`<li>${point.label && html`<b>${point.label}</b>: `}${point.text} <a class="address" href=${noteAddress(point.path, point.start_line, point.end_line)}>${placeOf(point)}</a></li>`)}</ul>`)}
    ${failure && html`<${Failure} failure=${failure} />`}
    <p class="buttons">
      ${added?.length > 0
        ? html`<button class="primary" onClick=${() => ask(false)}>Add ${added.length === 1 ? "this point" : `these ${added.length} points`} to the draft</button><button class="quiet" onClick=${() => setState({})}>Leave it as it is</button>`
        : html`<button disabled=${Boolean(busy)} onClick=${() => ask(true)}>${busy || "Look for new points"}</button>`}
    </p>
  </section>`;
}
