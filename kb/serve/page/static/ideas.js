// What could be written next.
import { Area, AREA_NAMES, AREAS, count, Failure, noteAddress, useAnswer, Waiting } from "./parts.js";
import { addressOf, replace } from "./route.js";
import { html, useEffect } from "./vendor/htm-preact.js";

export function Ideas({ parameters }) {
  const area = parameters.get("area") || "";
  const { answer, failure } = useAnswer("/api/ideas", { area, limit: 12 });
  useEffect(() => {
    document.title = "Ideas – kb";
  }, []);
  return html`<div class="ideas">
    <h1>What to write next</h1>
    <p class="lead">Groups of notes that are ripe for a post: with evidence, recent notes, open questions, and far from what you published.</p>
    <div class="buttons" role="group" aria-label="Area">
      <button aria-pressed=${!area} onClick=${() => replace("ideas")}>All</button>
      ${AREAS.map((one) => html`<button aria-pressed=${area === one} onClick=${() => replace("ideas", { area: one })}>${AREA_NAMES[one]}</button>`)}
    </div>
    ${failure && html`<${Failure} failure=${failure} />`}
    ${!answer && !failure && html`<${Waiting}>Comparing your notes …<//>`}
    ${answer && !answer.ideas.length && html`<p class="empty">No group of notes is ripe yet. ${count(answer.notes, "note")} considered.</p>`}
    <ol>${answer?.ideas.map((idea) => html`<${Idea} key=${idea.title} idea=${idea} />`)}</ol>
  </div>`;
}

function Idea({ idea }) {
  const near = idea.nearest_post;
  return html`<li class="idea">
    <h2><a data-stop href=${addressOf("outline", { topic: idea.title })}>${idea.title}</a></h2>
    <p class="about"><${Area} area=${idea.area} />
      <label class="ripeness">ripe <meter value=${idea.ripeness}></meter> ${Math.round(idea.ripeness * 100)} %</label></p>
    <ul class="reasons">${idea.why.map((reason) => html`<li>${near ? withLink(reason, near) : reason}</li>`)}</ul>
    <details><summary>${idea.notes.length === 1 ? "The note" : "The notes"}</summary>
      <ul>${idea.notes.map((path) => html`<li><a href=${noteAddress(path)}>${path}</a></li>`)}</ul></details>
  </li>`;
}

/** A reason in which the path of a post leads to it. */
function withLink(reason, { path, title }) {
  const [before, after] = reason.split(path);
  return after === undefined ? reason : html`${before}<a href=${noteAddress(path)}>${title}</a>${after}`;
}
