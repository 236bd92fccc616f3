// A section of the outline builder: its heading, its points, and what follows from them.
import { count, Failure } from "../parts.js";
import { get } from "../server.js";
import { html, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { Grip } from "./dragging.js";
import { Point } from "./points.js";

/** A line that is written in place, over as many lines as it needs on the screen. */
export function Line({ label, text, change, keys, focus, ...rest }) {
  const field = useRef();
  useLayoutEffect(() => {
    const fit = () => {
      field.current.style.height = "0";
      field.current.style.height = `${field.current.scrollHeight + 2}px`;
    };
    fit();
    addEventListener("resize", fit);
    return () => removeEventListener("resize", fit);
  }, [text]);
  const pressed = (event) => (event.key === "Enter" ? event.preventDefault() : keys?.(event));
  return html`<textarea ...${rest} ref=${field} rows="1" data-key=${focus} aria-label=${label} value=${text}
    onKeyDown=${pressed} onInput=${(event) => change(event.target.value.replace(/\s*\n\s*/g, " "))}></textarea>`;
}

export function Section({ section, index, outline, act, worded, dragging, show, source }) {
  const { sections } = outline;
  const neighbour = sections[index + 1] || sections[index - 1];
  const drop = () => act({ kind: "dropSection", section: index }, neighbour?.key, `Dropped the section ${section.heading}.`);
  function move(by) {
    const to = Math.max(0, Math.min(sections.length - 1, index + by));
    if (to !== index) act({ kind: "placeSection", section: index, at: by < 0 ? to : to + 1 }, section.key, `Section ${to + 1} of ${sections.length}.`);
  }
  function keys(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && by) {
      event.preventDefault();
      move(by);
    }
  }
  return html`<section class="part ${dragging.markAt(index, sections.length)} ${dragging.isHeld(section.key) ? "dragged" : ""}" aria-label=${section.heading} ...${dragging.zone(index)}>
    <div class="heading">
      <${Line} focus=${section.key} label=${`Heading of section ${index + 1}`} text=${section.heading} keys=${keys}
        change=${(text) => act({ kind: "rename", section: index, text })} />
      <span class="tools">
        <${Grip} dragging=${dragging} what=${{ kind: "section", key: section.key, section: index }} text=${section.heading} />
        <button class="tool" disabled=${index === 0} aria-label="Move the section up" onClick=${() => move(-1)}>↑</button>
        <button class="tool" disabled=${index === sections.length - 1} aria-label="Move the section down" onClick=${() => move(1)}>↓</button>
        <button class="tool" aria-label="Drop the section" onClick=${drop}>×</button>
      </span>
    </div>
    ${section.generated && html`<p class="remark">The heading is generated.</p>`}
    ${section.points.length === 0 && html`<${Fill} section=${section} index=${index} outline=${outline} act=${act} />`}
    <ol class=${section.points.length ? "" : dragging.markAt(0, 0, index)}>${section.points.map((point, at) => html`<${Point} key=${point.key} point=${point} at=${at} section=${index} outline=${outline} act=${act} dragging=${dragging} show=${show} shown=${source?.key === point.key} />`)}</ol>
    ${worded && html`<${Line} class="own-words" label=${`So what of section ${index + 1}`} text=${section.so_what || ""} placeholder="So what: what follows from this section."
      change=${(text) => act({ kind: "soWhat", section: index, text })} />`}
  </section>`;
}

/** Points for a heading that has none, from the notes on it and the topic. */
function Fill({ section, index, outline, act }) {
  const [state, setState] = useState({});
  async function fill() {
    setState({ busy: true });
    try {
      const found = await get("/api/outline", { topic: outline.topic, area: outline.areas, heading: [section.heading], llm: false });
      const points = found.sections.flatMap((one) => one.points);
      setState({ none: !points.length });
      act({ kind: "fill", section: index, found }, section.key, `Found ${count(points.length, "point")}.`);
    } catch (failure) {
      setState({ failure });
    }
  }
  return html`<p class="remark">No points yet. Move some here, take a leftover in, or </p>
    <button disabled=${state.busy} onClick=${fill}>${state.busy ? "Reading your notes …" : "Fill from your notes"}</button>
    ${state.none && html`<p class="remark">Your notes have nothing on it.</p>`}
    ${state.failure && html`<${Failure} failure=${state.failure} />`}`;
}
