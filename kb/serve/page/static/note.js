// One note: its text with the cited lines marked, its area and why, what it is related to.
import { announce, Area, AREA_NAMES, count, Failure, noteAddress, STORED_AREAS, useAnswer, Waiting } from "./parts.js";
import { post } from "./server.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/htm-preact.js";

export function Note({ parameters }) {
  const path = parameters.get("path") || "";
  const lines = parameters.get("lines") || "";
  const { answer: note, failure, again } = useAnswer("/api/note", { note: path });
  useEffect(() => {
    document.title = note ? `${note.title} – kb` : "kb";
  }, [note]);
  if (failure) return html`<h1>${path}</h1><${Failure} failure=${failure}><p><a href="#/search">Back to the search</a></p><//>`;
  if (!note) return html`<${Waiting}>Opening ${path} …<//>`;
  return html`<div class="note columns" key=${path}>
    <article>
      <h1>${note.title}</h1>
      <p class="about">
        <${Area} area=${note.area} />
        ${note.kind !== "note" && html`<span class="badge">${note.kind}</span>`}
        ${note.remote && html`<span class="badge">pulled</span>`}
        ${note.state === "changed" && html`<span class="badge">changed since the last sync</span>`}
        <span class="address">${note.path}${lines && `:${lines}`}</span>
        ${note.date && html`<time>${note.date}</time>`}
        ${note.tags.map((tag) => html`<a class="tag" href=${`#/search?${new URLSearchParams({ q: tag, tag })}`}>#${tag}</a>`)}
      </p>
      ${note.authors.length > 0 && html`<p class="authors">${note.authors.join(", ")}</p>`}
      <${Body} path=${path} lines=${lines} scrolls />
    </article>
    <aside class="beside">
      <${Filing} note=${note} filed=${again} />
      ${!note.remote && html`<${Elsewhere} path=${path} line=${lines.split("-")[0]} />`}
      <${Related} path=${path} />
      <${Links} path=${path} />
      ${note.sources.length > 0 && html`<section><h2>Sources</h2><ul>${note.sources.map((source) => html`<li>${external(source)}</li>`)}</ul></section>`}
    </aside>
  </div>`;
}

function external(address) {
  return /^https?:/i.test(address) ? html`<a class="to-web" href=${address} target="_blank" rel="noopener noreferrer">${address}</a>` : address;
}

/** The rendered text of a note; `lines` are marked and, with `scrolls`, brought into view. */
export function Body({ path, lines, scrolls }) {
  const { answer, failure } = useAnswer("/api/note/html", { note: path });
  const place = useRef();
  useLayoutEffect(() => {
    if (!answer) return;
    place.current.innerHTML = answer.html; // made harmless by the server, and bound by the page's policy
    typeset(place.current);
  }, [answer]);
  useLayoutEffect(() => {
    if (!answer) return;
    for (const marked of place.current.querySelectorAll(".cited")) marked.classList.remove("cited");
    const [start, end = start] = lines.split("-").map(Number);
    if (!start) return;
    mark(place.current, start, end);
    const first = place.current.querySelector(".cited");
    if (scrolls) first?.scrollIntoView({ block: "center" });
    else if (first) first.closest(".preview").scrollTop = first.offsetTop - 60;
  }, [answer, lines]);
  if (failure) return html`<${Failure} failure=${failure} />`;
  return html`${!answer && html`<${Waiting}>Reading …<//>`}<div class="body" ref=${place}></div>`;
}

/** Mark the outermost blocks that lie within some lines, and the innermost of those that only touch them. */
function mark(block, start, end) {
  let touched = false;
  for (const child of block.querySelectorAll("[data-lines]")) {
    if (child.parentElement.closest("[data-lines]") !== (block.matches("[data-lines]") ? block : null)) continue;
    const [first, last] = child.dataset.lines.split("-").map(Number);
    if (last < start || first > end) continue;
    touched = true;
    const within = start <= first && last <= end;
    if (within || !mark(child, start, end)) (child.closest("pre") || child).classList.add("cited");
  }
  return touched;
}

let katex;

/** Show formulas as MathML, and let the keyboard reach what scrolls sideways. */
export async function typeset(place) {
  const formulas = [...place.querySelectorAll(".math")];
  if (formulas.length) await setFormulas(formulas);
  for (const block of place.querySelectorAll("pre, table, .math.block")) {
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0; // not every browser lets the keyboard scroll it without
  }
}

/** Replace formulas by MathML; the library loads with the first one. */
async function setFormulas(formulas) {
  katex ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: "/page/vendor/katex.js", onload: () => resolve(window.katex), onerror: reject });
    document.head.append(script);
  });
  const library = await katex;
  for (const formula of formulas) {
    const displayMode = formula.classList.contains("block");
    const source = formula.textContent;
    try {
      library.render(source, formula, { output: "mathml", displayMode, trust: false, strict: false, maxExpand: 200 });
    } catch {
      formula.textContent = source; // what is no formula stays as it is written
      formula.classList.add("source");
    }
  }
}

function Filing({ note, filed }) {
  const [failure, setFailure] = useState();
  const [busy, setBusy] = useState(false);
  const { verdict } = note;
  const decided = verdict.decided_by === "decision";
  async function file(area) {
    setBusy(true);
    setFailure();
    try {
      const done = await post("/api/file", { note: note.path, area });
      announce(area ? `Filed under ${AREA_NAMES[done.area]}; was ${AREA_NAMES[done.before]}.` : `Taken back; now ${AREA_NAMES[done.area]}.`);
      filed();
    } catch (error) {
      setFailure(error);
    }
    setBusy(false);
  }
  const weights = verdict.evidence.map((one) => Math.abs(one.weight));
  return html`<section class="filing" aria-busy=${busy}>
    <h2>Area</h2>
    <p><${Area} area=${note.area} /> ${why(note)}</p>
    <div class="buttons" role="group" aria-label="File this note under">
      ${STORED_AREAS.map((area) => html`<button aria-pressed=${note.area === area} disabled=${busy}
        onClick=${() => file(area)}>${AREA_NAMES[area]}</button>`)}
      ${decided && html`<button class="quiet" disabled=${busy} onClick=${() => file(null)}>Take it back</button>`}
    </div>
    ${failure && html`<${Failure} failure=${failure} />`}
    <details><summary>The classifier’s reasons</summary>
      <table class="scores"><tbody>${Object.entries(verdict.scores).sort((one, other) => other[1] - one[1]).map(([area, score]) =>
        html`<tr><th scope="row">${AREA_NAMES[area]}</th><td><meter value=${score} aria-label=${AREA_NAMES[area]}></meter></td><td>${Math.round(score * 100)} %</td></tr>`)}</tbody></table>
      <ul class="evidence">${verdict.evidence.map((one) => html`<li>
        <a href=${noteAddress(one.path || note.path, one.line)}>“${one.text}”</a>
        <span class="toward"> ${one.weight >= 0 ? "for" : "against"} ${AREA_NAMES[one.toward]},
          ${(Math.abs(one.weight) / Math.max(...weights, 1e-9)) > 0.66 ? "strong" : Math.abs(one.weight) / Math.max(...weights, 1e-9) > 0.33 ? "some" : "slight"}</span></li>`)}</ul>
    </details>
  </section>`;
}

/** The file in the programs that may know it. Only a click on a link starts one. */
function Elsewhere({ path, line }) {
  const { answer: server } = useAnswer("/api/server", {});
  if (!server) return null;
  const file = path.startsWith("/") ? path : `${server.notebook}/${path}`;
  const address = file.split("/").map(encodeURIComponent).join("/");
  const copy = () =>
    navigator.clipboard.writeText(file).then(
      () => announce(`Copied ${file}`),
      () => announce(`The browser does not let kb copy: ${file}`),
    );
  return html`<section class="elsewhere"><h2>Open the file</h2>
    <p><a href=${`vscode://file${address}${line && `:${line}`}`}>VS Code</a>
      <a href=${`obsidian://open?path=${encodeURIComponent(file)}`}>Obsidian</a>
      <button class="quiet" onClick=${copy}>Copy its path</button></p>
  </section>`;
}

function why({ verdict, area }) {
  const how = {
    decision: "because you filed it there",
    flag: "because of the flag it was added with",
    "front matter": "because its front matter says so",
    classifier: `by the classifier, ${Math.round(verdict.confidence * 100)} % sure`,
  }[verdict.decided_by];
  const also = verdict.also ? `; also ${AREA_NAMES[verdict.also]}` : "";
  const held = area === "outside" ? " It is held back: no search finds it." : "";
  return `${how}${verdict.unsure ? ", and near a border" : ""}${also}.${held}`;
}

function Related({ path }) {
  const { answer, failure } = useAnswer("/api/related", { note: path, limit: 8 });
  return html`<section><h2>Related</h2>
    ${failure && html`<p class="remark">${failure.message}</p>`}
    ${!answer && !failure && html`<${Waiting}>Looking …<//>`}
    ${answer && (answer.notes.length ? html`<ul>${answer.notes.map((one) => html`<li>
      <a data-stop href=${noteAddress(one.path)}>${one.title}</a> <${Area} area=${one.area} /></li>`)}</ul>` : html`<p class="remark">Nothing is close.</p>`)}
  </section>`;
}

function Links({ path }) {
  const { answer, failure } = useAnswer("/api/links", { note: path });
  if (failure) return html`<${Failure} failure=${failure} />`;
  return answer && html`
    <${Linked} title="Linked from" notes=${answer.linked_from} none="No note links here." />
    <${Linked} title="Links to" notes=${answer.links} none="It links to no note." />
    ${answer.missing.length > 0 && html`<section><h2>Links to nothing</h2>
      <ul>${answer.missing.map((one) => html`<li>${one.line ? html`<a data-stop href=${noteAddress(path, one.line)}>${one.link}</a>` : one.link}</li>`)}</ul></section>`}`;
}

function Linked({ title, notes, none }) {
  return html`<section><h2>${title}</h2>${notes.length
    ? html`<ul>${notes.map((one) => html`<li><a data-stop href=${noteAddress(one.path)}>${one.title}</a> <${Area} area=${one.area} /></li>`)}</ul>`
    : html`<p class="remark">${none}</p>`}</section>`;
}
