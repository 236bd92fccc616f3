// A point of the outline builder: moved, dropped, and swapped for the next best.
import { count, Failure, noteAddress, placeOf, Waiting } from "../parts.js";
import { get } from "../server.js";
import { html, useEffect, useRef, useState } from "../vendor/htm-preact.js";
import { Grip } from "./dragging.js";
import { asPoint, cites, isSame, pointOf } from "./steps.js";

const WORDS_A_SECTION = 1500; // for about thirty points of each
const OFFERED = 5; // points together
const KEPT_MS = 60_000; // after which the notes may have changed

/** What a label says that the heading above it does not. */
function labelUnder(heading, label) {
  const [subject, rest = ""] = label.split(/: (.*)/s);
  const said = heading.toLowerCase();
  return subject.toLowerCase().split(/\s+/).every((word) => said.includes(word)) ? rest : label;
}

/** Without a path, it is what the writer wrote: it is moved and dropped, and nothing else. */
export function Point({ point, at, section, outline, act, dragging, show, shown }) {
  const { sections } = outline;
  const points = sections[section].points;
  const label = labelUnder(sections[section].heading, point.label);
  const neighbour = points[at + 1] || points[at - 1];
  const [swapping, setSwapping] = useState(false);
  const own = useRef();
  const move = (by) => act({ kind: "movePoint", section, point: at, by }, point.key, by < 0 ? "Moved up." : "Moved down.");
  const drop = () => act({ kind: "dropPoint", section, point: at }, neighbour?.key || sections[section].key, "Dropped the point.");
  const close = () => {
    setSwapping(false);
    own.current.focus();
  };
  function keys(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const named = { Delete: drop, Backspace: drop, Enter: () => point.path && show(point), r: () => point.path && setSwapping(true) }[event.key];
    const action = event.altKey && by ? () => move(by) : plain ? named : null;
    if (!action) return;
    event.preventDefault();
    action();
  }
  return html`<li class="point ${shown ? "shown" : ""} ${dragging.markAt(at, points.length, section)} ${dragging.isHeld(point.key) ? "dragged" : ""}">
    <button class="quote" ref=${own} data-stop data-key=${point.key} aria-pressed=${point.path ? shown : undefined} onClick=${() => point.path && show(point)} onKeyDown=${keys}>
      ${point.kind !== "quotation" && html`<span class="badge">${point.kind}</span> `}${label && html`<b>${label}</b>: `}${point.text}
    </button>
    <p class="about">
      ${point.path ? html`<a class="address" href=${noteAddress(point.path, point.start_line, point.end_line)}>${placeOf(point)}</a>` : html`<span class="badge">your own words</span>`}
      ${point.also.length > 0 && html`<span class="badge">also in ${point.also.map((one) => one.path).join(", ")}</span>`}
      ${point.contradicts.length > 0 && html`<span class="badge warn">contradicts ${point.contradicts.map((one) => one.path).join(", ")}</span>`}
      <span class="tools">
        <${Grip} dragging=${dragging} what=${{ kind: "point", key: point.key, section, point: at }} text=${point.text} />
        <button class="tool" disabled=${section === 0 && at === 0} aria-label="Move the point up" onClick=${() => move(-1)}>↑</button>
        <button class="tool" disabled=${section === sections.length - 1 && at === points.length - 1} aria-label="Move the point down" onClick=${() => move(1)}>↓</button>
        ${sections.length > 1 && html`<select aria-label="Move the point to a section" value="" onChange=${(event) => {
          const to = Number(event.target.value);
          act({ kind: "placePoint", section, point: at, to, at: sections[to].points.length }, point.key, "Moved.");
        }}>
          <option value="" disabled>to …</option>
          ${sections.map((one, to) => to !== section && html`<option value=${to}>${one.heading}</option>`)}
        </select>`}
        ${point.path && html`<button class="tool" aria-label="Swap the point" aria-expanded=${swapping} onClick=${() => (swapping ? close() : setSwapping(true))}>⇄</button>`}
        <button class="tool" aria-label="Drop the point" onClick=${drop}>×</button>
      </span>
    </p>
    ${swapping && html`<${Swap} point=${point} section=${section} outline=${outline} show=${show} close=${close}
      take=${(other, found) => act({ kind: "swap", section, point: at, other, found }, `p${outline.next}`, "Swapped the point.")} />`}
  </li>`;
}

let asked = {}; // the last answer for all headings, since one point is often swapped after another

/** An outline, without sections where the notes say too little. */
async function outlined(wanted) {
  try {
    return await get("/api/outline", { ...wanted, llm: false });
  } catch (failure) {
    if (failure.kind === "EvidenceError") return { sections: [], considered: [], references: [] };
    throw failure;
  }
}

/** Many more points under the same headings. */
function underHeadings({ topic, areas, sections }) {
  const heading = [...new Set(sections.map((section) => section.heading.trim()).filter(Boolean))];
  const wanted = { topic, area: areas, heading, words: WORDS_A_SECTION * heading.length };
  const key = JSON.stringify(wanted);
  if (asked.key !== key || asked.until < Date.now()) {
    asked = { key, until: Date.now() + KEPT_MS, answer: outlined(wanted) };
    asked.answer.catch(() => (asked = {}));
  }
  return asked.answer;
}

/** What else the notes say under a section's heading, then on the heading itself, and what both are made of. */
async function further(outline, section) {
  const heading = outline.sections[section].heading.trim();
  const topic = heading || outline.topic;
  const [under, on] = await Promise.all([underHeadings(outline), outlined({ topic, area: outline.areas })]);
  const own = under.sections.find((one) => one.heading === heading)?.points || [];
  const near = on.sections.flatMap((one) => one.points);
  return { points: [...inTurns(own), ...inTurns(near)], considered: [...under.considered, ...on.considered], references: [...under.references, ...on.references] };
}

/** Points in turns: the first of each note before any note's second. */
function inTurns(points) {
  const seen = {};
  const turns = points.map((point) => [(seen[point.path] = (seen[point.path] || 0) + 1), point]);
  return turns.sort(([one], [other]) => one - other).map(([, point]) => point);
}

/** What could be said instead of a point and is not in the outline yet, the best first. */
function offers(outline, point, more) {
  const all = [
    ...point.also.map((one) => ({ ...asPoint(one), why: "makes the same claim" })),
    ...more.map((one) => ({ ...one, why: one.path === point.path ? "same note" : "" })),
    ...outline.leftovers.map((one) => ({ ...one, why: "left over" })),
  ];
  return all.filter((one, index) => !cites(outline, one) && index === all.findIndex((other) => isSame(one, other)));
}

/** The next best points, to take one of them instead. */
function Swap({ point, section, outline, show, take, close }) {
  const [state, setState] = useState({});
  const [shown, setShown] = useState(OFFERED);
  const list = useRef();
  useEffect(() => {
    const ended = (fields) => list.current && setState({ done: true, ...fields });
    further(outline, section).then((found) => ended({ found }), (failure) => ended({ failure }));
  }, []);
  const offered = state.done ? offers(outline, point, state.found?.points || []) : [];
  useEffect(() => {
    if (state.done) (list.current.querySelector("[data-stop]") || list.current).focus();
  }, [state.done]);
  function keys(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape") close();
    else if (by) {
      const stops = [...list.current.querySelectorAll("[data-stop]")];
      stops[stops.indexOf(document.activeElement) + by]?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
  const choose = async ({ why, ...other }) => take(other.sha256 ? other : await pointOf(other), state.found);
  return html`<div class="swap" ref=${list} role="group" aria-label="Say instead" tabindex="-1" onKeyDown=${keys}>
    ${!state.done && html`<${Waiting}>Looking for what else your notes say …<//>`}
    ${state.failure && html`<${Failure} failure=${state.failure} />`}
    ${state.done && (offered.length ? html`<p class="remark">Say instead:</p>` : html`<p class="remark">Your notes have nothing else to say here.</p>`)}
    <ul>${offered.slice(0, shown).map((one) => html`<li><button class="offer" data-stop onFocus=${() => show(one)} onClick=${() => choose(one)}>
      ${one.kind && one.kind !== "quotation" && html`<span class="badge">${one.kind}</span> `}${one.label && html`<b>${one.label}</b>: `}${one.text}
      <span class="about"><span class="address">${placeOf(one)}</span>${one.why && html`<span class="badge">${one.why}</span>`}</span>
    </button></li>`)}</ul>
    <p class="buttons">
      ${offered.length > shown && html`<button onClick=${() => setShown(shown + OFFERED)}>${count(offered.length - shown, "more point")}</button>`}
      <button class="quiet" onClick=${close}>Keep the point</button>
    </p>
  </div>`;
}
