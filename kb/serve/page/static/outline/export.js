// The outline as a file: downloaded or copied as Markdown.
import { announce, Failure } from "../parts.js";
import { post } from "../server.js";
import { html, useState } from "../vendor/htm-preact.js";
import { unkeyed } from "./steps.js";

const TEMPLATES = { jekyll: "Jekyll", hugo: "Hugo", plain: "Plain Markdown" };
const CITATIONS = { comment: "as comments", footnote: "as footnotes", none: "none" };

export function Export({ outline }) {
  const [template, setTemplate] = useState("jekyll");
  const [citations, setCitations] = useState("comment");
  const [failure, setFailure] = useState();
  async function markdown(use) {
    setFailure();
    try {
      const rendered = await post("/api/render", { outline: unkeyed(outline), template, citations });
      await use(rendered.markdown);
    } catch (error) {
      setFailure(error);
    }
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
  return html`<section class="export" aria-label="Export">
    <h2>Export</h2>
    <p>${choice("Template", TEMPLATES, template, setTemplate)} ${choice("Citations", CITATIONS, citations, setCitations)}</p>
    <p class="buttons"><button class="primary" onClick=${download}>Download Markdown</button> <button onClick=${copy}>Copy</button></p>
    <p class="remark">With citations, <kbd>kb outline --check FILE</kbd> says whether your notes still say so.</p>
    ${failure && html`<${Failure} failure=${failure} />`}
  </section>`;
}
