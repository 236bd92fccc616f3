// The outline builder: sections and points with the notes they quote, changed by keys, by buttons and by dragging.
import { announce, count } from "../parts.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { Rest, Source } from "./around.js";
import { useDragging } from "./dragging.js";
import { Line, Section } from "./sections.js";
import { lengths } from "./steps.js";

/** The builder with a way to save; `worded` with fields for what the writer has to say of the whole and its sections. */
export function Builder({ outline, undoable, step, startOver, exporting, worded = true }) {
  const [source, setSource] = useState();
  const place = useRef();
  const focusNext = useRef();
  useLayoutEffect(() => {
    if (!focusNext.current) return;
    place.current.querySelector(`[data-key="${focusNext.current}"]`)?.focus();
    focusNext.current = undefined;
  }, [outline]); // before anything else can be typed, which the focus would take elsewhere
  const act = (made, focus, told) => {
    focusNext.current = focus;
    step(made);
    if (told) announce(told);
  };
  useEffect(() => {
    const pressed = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest("input, textarea")) {
        event.preventDefault();
        act({ kind: "undo" }, undefined, "Undone.");
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const close = () => {
    place.current.querySelector(".point.shown .quote")?.focus();
    setSource();
  };
  const dragging = useDragging(({ key, ...made }) => act(made, key || `p${outline.next}`, "Moved."));
  const { points, words, expected, minutes } = lengths(outline);
  return html`<div class="builder" ref=${place}>
    <div class="toolbar">
      <span class="counts" role="status">${count(outline.sections.length, "section")}, ${count(points, "point")}, ${count(words, "word")} so far; the post ${outline.words ? "" : "about "}${count(expected, "word")}, ${count(minutes, "minute")} to read</span>
      <button disabled=${!undoable} onClick=${() => act({ kind: "undo" }, undefined, "Undone.")}>Undo</button>
      <button class="quiet" onClick=${startOver}>Start over</button>
    </div>
    <div class="columns sides">
      <div class="sections">
        ${worded && html`<${Line} class="title" label="Title" text=${outline.title} change=${(text) => act({ kind: "title", text })} />
        <${Line} class="own-words" label="Thesis" text=${outline.thesis || ""} placeholder="Thesis: the one sentence that a reader should take away."
          change=${(text) => act({ kind: "thesis", text })} />`}
        ${outline.sections.map((section, index) => html`<${Section} key=${section.key} section=${section} index=${index} outline=${outline} act=${act} worded=${worded} dragging=${dragging} show=${setSource} source=${source} />`)}
        <button onClick=${() => act({ kind: "addSection", heading: "New section" }, `s${outline.next}`)}>Add a section</button>
        <${Rest} outline=${outline} act=${act} dragging=${dragging} />
        ${exporting}
      </div>
      <${Source} source=${source} close=${close} />
    </div>
  </div>`;
}
