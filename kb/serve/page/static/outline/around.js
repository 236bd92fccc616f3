// What lies around the outline that is being built: the note that a point quotes, leftovers, gaps, earlier posts.
import { count, noteAddress, placeOf } from "../parts.js";
import { Body } from "../note.js";
import { html, useLayoutEffect } from "../vendor/htm-preact.js";
import { Grip } from "./dragging.js";
import { pointOf } from "./steps.js";

/** The note that a point quotes: beside the outline, or over its lower part in a narrow window, where it can be closed. */
export function Source({ source, close }) {
  useLayoutEffect(() => {
    if (source) document.querySelector(".point.shown")?.scrollIntoView({ block: "nearest" });
  }, [source]);
  if (!source) return html`<aside class="preview" aria-label="Source"><p class="remark">Choose a point to see the lines that it quotes.</p></aside>`;
  const lines = `${source.start_line}-${source.end_line}`;
  return html`<aside class="preview shown" aria-label="Source" tabindex="0">
    <p class="about"><button class="tool" aria-label="Close the source" onClick=${close}>×</button> <a class="address" href=${noteAddress(source.path, source.start_line, source.end_line)}>${placeOf(source)}</a></p>
    <${Body} key=${source.path} path=${source.path} lines=${lines} />
  </aside>`;
}

/** Leftovers, gaps, open questions, earlier posts. */
export function Rest({ outline, act, dragging }) {
  const { leftovers, gaps, open_questions: questions, covered_before: posts, sections } = outline;
  const take = async (leftover, section) =>
    act({ kind: "takeLeftover", leftover: await pointOf(leftover), section, at: sections[section].points.length }, undefined, `Taken into ${sections[section].heading}.`);
  const part = (title, list, row) => list.length > 0 && html`<details><summary>${title} (${list.length})</summary><ul>${list.map(row)}</ul></details>`;
  return html`<div class="rest">
    ${part("Leftovers", leftovers, (one) => html`<li class="leftover"><${Grip} dragging=${dragging} what=${{ kind: "leftover", leftover: one }} text=${one.text} /> ${one.text} <a class="address" href=${noteAddress(one.path, one.start_line, one.end_line)}>${placeOf(one)}</a>
      ${sections.length > 0 && html` <select aria-label="Take the leftover into a section" value="" onChange=${(event) => take(one, Number(event.target.value))}><option value="" disabled>take into …</option>${sections.map((section, index) => html`<option value=${index}>${section.heading}</option>`)}</select>`}</li>`)}
    ${outline.empty?.length > 0 && html`<p class="remark">Your notes have nothing for ${outline.empty.map((heading) => `“${heading}”`).join(", ")}.</p>`}
    ${part("Gaps", gaps, (gap) => html`<li>${gap.text}</li>`)}
    ${part("Open questions", questions, (one) => html`<li>${one.text} <a class="address" href=${noteAddress(one.path, one.line)}>${one.path}:${one.line}</a></li>`)}
    ${part("Written before", posts, (one) => html`<li><a href=${noteAddress(one.path)}>${one.title}</a>${one.points.length > 0 && ` already makes ${count(one.points.length, "point")}`}</li>`)}
  </div>`;
}
