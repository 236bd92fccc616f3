// The outline as a file: saved as a draft, downloaded or copied as Markdown.
import { announce, Failure } from "../parts.js";
import { post } from "../server.js";
import { html, useState } from "../vendor/htm-preact.js";
import { draftAddress, Drafts } from "./drafts.js";
import { keepSaved, lastSaved, unkeyed } from "./steps.js";

const TEMPLATES = { jekyll: "Jekyll", hugo: "Hugo", plain: "Plain Markdown" };
const CITATIONS = { comment: "as comments", footnote: "as footnotes", none: "none" };

export function Export({ outline }) {
  const [template, setTemplate] = useState("jekyll");
  const [citations, setCitations] = useState("comment");
  const [failure, setFailure] = useState();
  const [saved, setSaved] = useState();
  const [listing, setListing] = useState(false);
  const [saving, setSaving] = useState(false);
  async function markdown(use) {
    setFailure();
    try {
      const rendered = await post("/api/render", { outline: unkeyed(outline), template, citations });
      await use(rendered.markdown);
    } catch (error) {
      setFailure(error);
    }
  }
  async function save() {
    setFailure();
    setSaved();
    setSaving(true);
    try {
      const { path, sha256 } = await post("/api/draft", { outline: unkeyed(outline), template, citations, saved: lastSaved(outline.topic) });
      keepSaved(outline.topic, { path, sha256 });
      setSaved(path);
      announce(`Saved as ${path}.`);
    } catch (error) {
      setFailure(error);
    }
    setSaving(false);
  }
  const download = () => markdown((text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
    link.download = `${outline.title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "outline"}.md`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  const copy = () => markdown(async (text) => {
    await navigator.clipboard.writeText(text);
    announce("Copied.");
  });
  const choice = (label, choices, value, set) => html`<label>${label} <select value=${value} onChange=${(event) => set(event.target.value)}>
    ${Object.entries(choices).map(([name, shown]) => html`<option value=${name}>${shown}</option>`)}</select></label>`;
  return html`<section class="export" aria-label="Save or export">
    <h2>Save or export</h2>
    <p>${choice("Template", TEMPLATES, template, setTemplate)} ${choice("Citations", CITATIONS, citations, setCitations)}</p>
    <p class="buttons"><button class="primary" disabled=${saving || citations === "none"} onClick=${save}>${saving ? "Saving …" : "Save as a draft"}</button> <button onClick=${download}>Download Markdown</button> <button onClick=${copy}>Copy</button></p>
    ${saved && html`<p role="status">Saved as <a href=${draftAddress(saved)}>${saved}</a>.</p>`}
    <p class="remark">${citations === "none" ? "A draft needs citations, to be compared with your notes later." : "The draft is a file of its own in your notebook. Saving again replaces it, unless you have edited it since: then the draft is a new file. With its citations, you see later whether your notes still say so."}</p>
    ${failure && html`<${Failure} failure=${failure} />`}
    <details onToggle=${(event) => setListing(event.target.open)}><summary>Your drafts</summary>${listing && html`<${Drafts} key=${saved} />`}</details>
  </section>`;
}
