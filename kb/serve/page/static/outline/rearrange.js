// A saved draft in the builder: its sections and blocks in another order, with new points, saved as a new draft.
import { announce, Failure, useAnswer, Waiting } from "../parts.js";
import { addressOf } from "../route.js";
import { post } from "../server.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { Builder } from "./builder.js";
import { draftAddress } from "./drafts.js";
import { keepSaved, lastSaved, useOutline } from "./steps.js";

export function Rearrange({ path }) {
  const { answer, failure } = useAnswer("/api/draft/sections", { draft: path });
  useEffect(() => {
    document.title = answer ? `${answer.title} – kb` : "Draft – kb";
  }, [answer]);
  if (failure) return html`<${Failure} failure=${failure} /><p class="remark"><a href=${addressOf("outline")}>All drafts and the outline</a></p>`;
  if (!answer) return html`<${Waiting}>Opening ${path} …<//>`;
  return html`<${Rearranging} key=${answer.sha256} draft=${answer} />`;
}

function Rearranging({ draft }) {
  const [state, step] = useOutline(`kb-draft ${draft.sha256}`, asOutline(draft));
  const { outline } = state;
  return html`<div class="outline">
    <p class="remark"><a href=${draftAddress(draft.path)}>Back to the draft</a></p>
    <h1>${draft.title}</h1>
    <p class="about"><span class="address">${draft.path}</span></p>
    <${Builder} outline=${outline} undoable=${state.before.length} step=${step} startOver=${() => step({ kind: "draft", outline: asOutline(draft) })}
      worded=${false} exporting=${html`<${Save} draft=${draft} outline=${outline} />`} />
  </div>`;
}

/** A draft as an outline of the builder. What its writer wrote is a point without an address. */
function asOutline({ title, topic, areas, sections }) {
  const point = (block) => ({ kind: "quotation", also: [], contradicts: [], ...block });
  return {
    title, topic, areas, words: null, thesis: "", leftovers: [], gaps: [], open_questions: [], covered_before: [], considered: [], references: [],
    sections: sections.map((section) => ({ ...section, generated: false, summary: null, so_what: "", notes: [], points: section.points.map(point) })),
  };
}

/** The sections as the server puts them together: blocks of the draft by their lines, and new points. */
function arranged({ sections }) {
  const block = ({ key, line, ...point }) => line || point;
  return sections.map(({ line, heading, points }) => ({ line, heading: heading.trim() || "Section", points: points.map(block) }));
}

function Save({ draft, outline }) {
  const [state, setState] = useState({});
  async function made(save, use) {
    setState({ busy: true });
    try {
      const done = await post("/api/draft/rearrange", { draft: draft.path, sha256: draft.sha256, sections: arranged(outline), save, saved: lastSaved(draft.sha256) });
      setState(await use(done));
    } catch (failure) {
      setState({ failure });
    }
  }
  const save = () => made(true, ({ path, sha256 }) => {
    keepSaved(draft.sha256, { path, sha256 });
    announce(`Saved as ${path}.`);
    return { saved: path };
  });
  const copy = () => made(false, async ({ markdown }) => {
    await navigator.clipboard.writeText(markdown);
    announce("Copied.");
    return {};
  });
  return html`<section class="export" aria-label="Save or copy">
    <h2>Save or copy</h2>
    <p class="buttons"><button class="primary" disabled=${state.busy} onClick=${save}>${state.busy ? "Saving …" : "Save as a new draft"}</button> <button onClick=${copy}>Copy the Markdown</button></p>
    ${state.saved && html`<p role="status">Saved as <a href=${draftAddress(state.saved)}>${state.saved}</a>.</p>`}
    <p class="remark">${draft.path} stays as it is, and saving again replaces the new draft, unless you have edited that since. What you wrote before and after these sections is taken over, and citations are kept. Works of notes that it no longer cites leave its references.</p>
    ${state.failure && html`<${Failure} failure=${state.failure} />`}
  </section>`;
}
