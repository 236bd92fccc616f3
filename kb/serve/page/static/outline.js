// The outline of a post: asked for by topic and headings, then built.
import { AREA_NAMES, AREAS, Failure, Waiting } from "./parts.js";
import { Builder } from "./outline/builder.js";
import { Draft, Drafts } from "./outline/drafts.js";
import { Export } from "./outline/export.js";
import { Rearrange } from "./outline/rearrange.js";
import { keepSaved, useOutline } from "./outline/steps.js";
import { replace } from "./route.js";
import { get } from "./server.js";
import { html, useEffect, useLayoutEffect, useState } from "./vendor/htm-preact.js";

const KEPT = "kb-outline"; // the name of what is being edited

/** The builder, or the draft that the address names, to be looked at or put in another order. */
export function Outline({ parameters }) {
  const draft = parameters.get("draft");
  if (draft && parameters.get("edit")) return html`<${Rearrange} key=${draft} path=${draft} />`;
  return draft ? html`<${Draft} key=${draft} path=${draft} />` : html`<${Building} parameters=${parameters} />`;
}

function Building({ parameters }) {
  const [state, step] = useOutline(KEPT);
  const { outline } = state;
  const [asking, setAsking] = useState();
  const [failure, setFailure] = useState();
  const asked = parameters.get("topic") || "";
  useLayoutEffect(() => {
    document.title = outline ? `${outline.title} – kb` : "Outline – kb";
  }, [outline]);
  useEffect(() => {
    if (asked && asked !== outline?.topic) draft(wantedBy(parameters));
  }, [String(parameters)]);

  async function draft(wanted) {
    setFailure();
    setAsking(wanted.topic);
    try {
      step({ kind: "draft", outline: await get("/api/outline", wanted) });
    } catch (error) {
      setFailure(error);
    }
    setAsking();
  }
  return html`<div class="outline">
    <h1 class="hidden">Outline</h1>
    <${Brief} parameters=${parameters} outline=${outline} ask=${(wanted) => { replace("outline", wanted); if (wanted.topic === asked) draft(wanted); }} />
    ${failure && html`<${Failure} failure=${failure} />`}
    ${asking && html`<${Waiting}>Reading your notes on “${asking}” …<//>`}
    ${!asking && outline && html`<${Builder} outline=${outline} undoable=${state.before.length} step=${step}
      startOver=${() => { keepSaved(outline.topic, null); step({ kind: "forget" }); replace("outline"); }} exporting=${html`<${Export} outline=${outline} />`} />`}
    ${!asking && !outline && !failure && html`<p class="empty">Name a topic. Your notes on it become sections and points, each with the line it quotes.</p>`}
    ${!asking && !outline && html`<${Drafts} />`}
  </div>`;
}

function wantedBy(parameters) {
  const one = (name) => parameters.get(name) || "";
  return { topic: one("topic"), area: parameters.getAll("area"), heading: parameters.getAll("heading"), sections: one("sections"), words: one("words") };
}

function Brief({ parameters, outline, ask }) {
  const topic = parameters.get("topic") || outline?.topic || "";
  const areas = parameters.getAll("area");
  const headings = parameters.getAll("heading");
  function submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const heading = [...new Set(form.get("headings").split("\n").map((line) => line.trim()).filter(Boolean))];
    const sections = heading.length ? "" : form.get("sections");
    ask({ topic: form.get("topic").trim(), area: form.getAll("area"), heading, sections, words: form.get("words") });
  }
  return html`<form class="brief" onSubmit=${submit}>
    <label for="topic">Topic</label>
    <input id="topic" name="topic" key=${topic} defaultValue=${topic} required maxlength="2000" placeholder="Serving language models: batching, memory, latency" />
    <details><summary>Headings, length, areas</summary>
      <label class="own" for="headings">Your own headings, one a line</label>
      <textarea id="headings" name="headings" rows="4" key=${headings.join()} defaultValue=${headings.join("\n")}></textarea>
      <div class="numbers">
        <label>or as many sections <input name="sections" type="number" min="1" max="12" placeholder="as fit" defaultValue=${parameters.get("sections") || ""} /></label>
        <label>Words of the post <input name="words" type="number" min="100" step="100" placeholder="any" defaultValue=${parameters.get("words") || ""} /></label>
      </div>
      <fieldset><legend>Only notes of</legend>${AREAS.map((area) => html`<label><input type="checkbox" name="area" value=${area} defaultChecked=${areas.includes(area)} /> ${AREA_NAMES[area]}</label>`)}</fieldset>
    </details>
    <button class="primary">Draft</button>
  </form>`;
}
