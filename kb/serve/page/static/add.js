// A note of something to read: an address or an identifier is fetched, judged and written by the server.
import { Area, AREA_NAMES, AREAS, Failure, noteAddress, Waiting } from "./parts.js";
import { post } from "./server.js";
import { html, useEffect, useRef, useState } from "./vendor/htm-preact.js";

const MAX_PDF = 50_000_000; // bytes, as the server says
const MADE = {
  new: "A new note was made",
  updated: "The note was brought up to date",
  merged: "Your edits were merged with what changed at the source",
  conflict: "You and the source changed the same lines: yours stay",
  unchanged: "Nothing has changed at the source",
  known: "You have this already, and nothing was fetched",
};

export function Add() {
  const [state, setState] = useState({});
  const input = useRef();
  const form = useRef();
  useEffect(() => {
    document.title = "Add – kb";
    input.current.focus({ preventScroll: true });
  }, []);

  async function capture(fields) {
    setState({ busy: fields.address || fields.name });
    try {
      setState({ asked: fields, report: await post(fields.name ? "/api/capture/pdf" : "/api/capture", fields) });
    } catch (failure) {
      setState({ failure });
    }
  }
  async function upload(file) {
    if (!file || state.busy) return;
    if (file.size > MAX_PDF) return setState({ failure: { message: `${file.name} is larger than 50 MB.` } });
    const address = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(file);
    });
    capture({ name: file.name, content: address.split(",")[1] || "", full: form.current.elements.full.checked });
  }
  function dropped(event) {
    event.preventDefault();
    upload(event.dataTransfer.files[0]);
  }
  function submitted(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    const address = fields.get("address").trim();
    if (address && !state.busy) capture({ address, full: fields.has("full") });
  }
  return html`<div class="add" onDragOver=${(event) => event.preventDefault()} onDrop=${dropped}>
    <h1>Add what you read</h1>
    <form class="brief" ref=${form} onSubmit=${submitted}>
      <label for="address">Address of a page or PDF, arXiv id or DOI</label>
      <input id="address" name="address" ref=${input} required maxlength="2000" autocomplete="off" spellcheck="false"
        placeholder="https://… or arXiv:2405.04434" />
      <button disabled=${Boolean(state.busy)}>Make a note</button>
      <label><input type="checkbox" name="full" /> With the text of a paper too</label>
      <label>Or drop a PDF here, or choose one: <input type="file" accept="application/pdf,.pdf"
        onChange=${(event) => upload(event.target.files[0])} /></label>
    </form>
    ${state.busy && html`<${Waiting}>Fetching ${state.busy} …<//>`}
    ${state.failure && html`<${Failure} failure=${state.failure} />`}
    ${state.report && html`<${Made} report=${state.report} take=${(how) => capture({ ...state.asked, ...how })} />`}
  </div>`;
}

function Made({ report, take }) {
  const filed = Object.fromEntries([...report.added, ...report.updated].map((note) => [note.path, note]));
  return html`<div class="made" role="status">
    ${report.skipped.map((one) => html`<${Failure} failure=${{ message: `${one.path} ${one.reason}` }} />`)}
    ${report.captured.map((one) =>
      one.state === "outside"
        ? html`<${HeldBack} captured=${one} take=${take} />`
        : html`<p>${MADE[one.state]}: <a data-stop href=${noteAddress(one.path)}>${one.title || one.path}</a>
            ${filed[one.path] && html` <${Area} area=${filed[one.path].area} />`}</p>
            ${filed[one.path]?.near_duplicate_of && html`<p>It nearly repeats
              <a href=${noteAddress(filed[one.path].near_duplicate_of)}>${filed[one.path].near_duplicate_of}</a>.</p>`}
            ${one.conflict && html`<p>The other version is in ${one.conflict}.</p>`}
            ${one.remarks.map((remark) => html`<p>${remark}</p>`)}`,
    )}
  </div>`;
}

/** What lies outside the areas is not written before the writer says so. */
function HeldBack({ captured, take }) {
  return html`<p>“${captured.title}” lies outside your areas; the nearest is ${AREA_NAMES[captured.nearest_area]}. Nothing was written.</p>
    <div class="buttons" role="group" aria-label="What to do with it">
      <button onClick=${() => take({ detour: true })}>Take it in as a detour</button>
      ${AREAS.map((area) => html`<button onClick=${() => take({ area })}>File it under ${AREA_NAMES[area]}</button>`)}
    </div>`;
}
