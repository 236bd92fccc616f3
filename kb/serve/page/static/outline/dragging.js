// Points, sections and leftovers dragged to another place; keys and buttons do the same.
import { html, useState } from "../vendor/htm-preact.js";
import { pointOf } from "./steps.js";

/**
 * What is held, and the mark where it would be put: before the section `at`, or before the point `at` of a section.
 * `put` is called with the step that the drop makes.
 */
export function useDragging(put) {
  const [held, setHeld] = useState();
  const [mark, setMark] = useState();
  const end = () => {
    setHeld();
    setMark();
  };
  function over(event, section) {
    if (!held) return;
    event.preventDefault();
    const next = placeAt(event, held, section);
    if (next.at !== mark?.at || next.section !== mark?.section) setMark(next);
  }
  async function drop(event, section) {
    if (!held) return;
    event.preventDefault();
    const place = placeAt(event, held, section); // the mark may not be drawn yet
    end();
    put(await stepOf(held, place));
  }
  const leave = (event) => event.currentTarget.contains(event.relatedTarget) || setMark();
  return {
    isHeld: (key) => held?.key === key,
    /** The class of a section, or of a point in a section, that says whether the mark is before or after it. */
    markAt: (at, count, section) => (!mark || mark.section !== section ? "" : mark.at === at ? "drop-before" : mark.at === count && at === count - 1 ? "drop-after" : ""),
    zone: (section) => ({ onDragOver: (event) => over(event, section), onDrop: (event) => drop(event, section), onDragLeave: leave }),
    hold: setHeld,
    end,
  };
}

/** Where in or around a section the pointer would put what is held. */
function placeAt(event, held, section) {
  return held.kind === "section" ? { at: section + isBelow(event, event.currentTarget) } : { section, at: pointAt(event) };
}

function isBelow(event, element) {
  const { top, height } = element.getBoundingClientRect();
  return event.clientY > top + height / 2;
}

/** The number of a section's points above the pointer. */
function pointAt(event) {
  return [...event.currentTarget.querySelectorAll(".point")].filter((point) => isBelow(event, point)).length;
}

async function stepOf({ kind, key, section, point, leftover }, mark) {
  if (kind === "section") return { kind: "placeSection", section, at: mark.at, key };
  if (kind === "point") return { kind: "placePoint", section, point, to: mark.section, at: mark.at, key };
  return { kind: "takeLeftover", leftover: await pointOf(leftover), section: mark.section, at: mark.at };
}

/** The handle by which something is dragged. */
export function Grip({ dragging, what, text }) {
  function start(event) {
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", text);
    event.dataTransfer.setDragImage(event.target.closest("li, section"), 12, 12);
    dragging.hold(what);
  }
  return html`<span class="grip" draggable="true" title=${`Drag the ${what.kind}`} aria-hidden="true" onDragStart=${start} onDragEnd=${dragging.end}>⠿</span>`;
}
