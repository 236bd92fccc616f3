// The outline builder: sections and points with the notes they quote, reordered, renamed and dropped by keys and buttons.
import { announce, Area, AREA_NAMES, AREAS, count, Failure, noteAddress, placeOf, Waiting } from "./parts.js";
import { replace } from "./route.js";
import { get, post } from "./server.js";
import { Body } from "./note.js";
import { html, useEffect, useLayoutEffect, useReducer, useRef, useState } from "./vendor/htm-preact.js";

const KEPT = "kb-outline"; // what is being edited survives a reload
const UNDONE = 100; // steps that can be taken back
const TEMPLATES = { jekyll: "Jekyll", hugo: "Hugo", plain: "Plain Markdown" };
const CITATIONS = { comment: "as comments", footnote: "as footnotes", none: "none" };

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

/** Each section and point has a key of its own, by which it keeps the focus when it moves. */
function keyed(outline) {
  let key = 0;
  const sections = outline.sections.map((section) => ({
    ...section,
    key: `s${key++}`,
    points: section.points.map((point) => ({ ...point, key: `p${key++}` })),
  }));
  return { ...outline, sections, next: key };
}

function unkeyed({ next, ...outline }) {
  const sections = outline.sections.map(({ key, ...section }) => {
    const points = section.points.map(({ key: _, ...point }) => point);
    return { ...section, points, notes: [...new Set(points.map((point) => point.path))] };
  });
  return { ...outline, sections };
}

function moved(list, index, by) {
  const to = index + by;
  if (to < 0 || to >= list.length) return list;
  const copy = [...list];
  copy.splice(to, 0, ...copy.splice(index, 1));
  return copy;
}

/** A point moved within its section, and over its ends into the next one. */
function movedPoint(sections, section, point, by) {
  const copy = sections.map((one) => ({ ...one, points: [...one.points] }));
  const [taken] = copy[section].points.splice(point, 1);
  const to = point + by;
  if (to >= 0 && to <= copy[section].points.length) copy[section].points.splice(to, 0, taken);
  else if (to < 0 && section > 0) copy[section - 1].points.push(taken);
  else if (to > 0 && section < copy.length - 1) copy[section + 1].points.unshift(taken);
  else return sections;
  return copy;
}

function withSection(outline, index, fields) {
  return { ...outline, sections: outline.sections.map((section, at) => (at === index ? { ...section, ...fields } : section)) };
}

const STEPS = {
  title: (outline, { title }) => ({ ...outline, title, generated_title: false }),
  rename: (outline, { section, heading }) => withSection(outline, section, { heading, generated: false }),
  moveSection: (outline, { section, by }) => ({ ...outline, sections: moved(outline.sections, section, by) }),
  dropSection: (outline, { section }) => ({ ...outline, sections: outline.sections.filter((_, at) => at !== section) }),
  addSection: (outline, { heading }) => ({
    ...outline,
    next: outline.next + 1,
    sections: [...outline.sections, { heading, generated: false, summary: null, points: [], notes: [], key: `s${outline.next}` }],
  }),
  movePoint: (outline, { section, point, by }) => ({ ...outline, sections: movedPoint(outline.sections, section, point, by) }),
  dropPoint: (outline, { section, point }) =>
    withSection(outline, section, { points: outline.sections[section].points.filter((_, at) => at !== point) }),
  sendPoint: (outline, { section, point, to }) => {
    const taken = outline.sections[section].points[point];
    const without = STEPS.dropPoint(outline, { section, point });
    return withSection(without, to, { points: [...without.sections[to].points, taken] });
  },
  fill: (outline, { section, points }) => {
    const used = new Set(outline.sections.flatMap((one) => one.points.map((point) => `${point.path} ${point.sha256}`)));
    const added = points.filter((point) => !used.has(`${point.path} ${point.sha256}`)).map((point, index) => ({ ...point, key: `p${outline.next + index}` }));
    const next = withSection(outline, section, { points: [...outline.sections[section].points, ...added] });
    return { ...next, next: outline.next + added.length };
  },
  takeLeftover: (outline, { leftover, sha256, section }) => {
    const { text, path, start_line, end_line } = leftover;
    const point = { text, path, start_line, end_line, sha256, label: "", kind: "quotation", also: [], contradicts: [], key: `p${outline.next}` };
    const next = withSection(outline, section, { points: [...outline.sections[section].points, point] });
    return { ...next, next: outline.next + 1, leftovers: outline.leftovers.filter((one) => one !== leftover) };
  },
};

function reduce(state, step) {
  if (step.kind === "draft") return { outline: keyed(step.outline), before: [] };
  if (step.kind === "forget") return { outline: null, before: [] };
  if (step.kind === "undo") {
    if (!state.before.length) return state;
    return { outline: state.before.at(-1), before: state.before.slice(0, -1) };
  }
  const outline = STEPS[step.kind](state.outline, step);
  const text = step.kind === "title" || step.kind === "rename"; // every letter of which would be a step
  const same = text && state.last === `${step.kind}${step.section}`;
  const before = same ? state.before : [...state.before, state.outline].slice(-UNDONE);
  return { outline, before, last: text ? `${step.kind}${step.section}` : "" };
}

export function Outline({ parameters }) {
  const [state, step] = useReducer(reduce, null, () => {
    const outline = kept();
    return { outline, before: [] };
  });
  const { outline } = state;
  const [asking, setAsking] = useState();
  const [failure, setFailure] = useState();
  const asked = parameters.get("topic") || "";
  useLayoutEffect(() => {
    document.title = outline ? `${outline.title} – kb` : "Outline – kb";
    if (outline) sessionStorage.setItem(KEPT, JSON.stringify(outline));
    else sessionStorage.removeItem(KEPT);
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
    ${!asking && outline && html`<${Builder} outline=${outline} undoable=${state.before.length} step=${step} />`}
    ${!asking && !outline && !failure && html`<p class="empty">Name a topic. Your notes on it become sections and points, each with the line it quotes.</p>`}
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

function words(outline) {
  const texts = [outline.title, ...outline.sections.flatMap((section) => [section.heading, section.summary?.text || "", ...section.points.map((point) => point.text)])];
  return texts.join(" ").split(/\s+/).filter(Boolean).length;
}

function Builder({ outline, undoable, step }) {
  const [source, setSource] = useState();
  const place = useRef();
  const focusNext = useRef();
  useEffect(() => {
    if (!focusNext.current) return;
    place.current.querySelector(`[data-key="${focusNext.current}"]`)?.focus();
    focusNext.current = undefined;
  });
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
  const points = outline.sections.reduce((sum, section) => sum + section.points.length, 0);
  return html`<div class="builder" ref=${place}>
    <div class="toolbar">
      <span class="counts" role="status">${count(outline.sections.length, "section")}, ${count(points, "point")}, ${count(words(outline), "word")}${outline.words ? ` of quotations for a post of ${outline.words.toLocaleString("en")}` : ""}</span>
      <button disabled=${!undoable} onClick=${() => act({ kind: "undo" }, undefined, "Undone.")}>Undo</button>
      <button class="quiet" onClick=${() => { step({ kind: "forget" }); replace("outline"); }}>Start over</button>
    </div>
    <div class="columns sides">
      <div class="sections">
        <${Line} class="title" label="Title" text=${outline.title} change=${(title) => step({ kind: "title", title })} />
        ${outline.sections.map((section, index) => html`<${Section} key=${section.key} section=${section} index=${index} topic=${outline.topic} sections=${outline.sections} act=${act} show=${setSource} source=${source} />`)}
        <button onClick=${() => act({ kind: "addSection", heading: "New section" }, `s${outline.next}`)}>Add a section</button>
        <${Rest} outline=${outline} act=${act} />
        <${Export} outline=${outline} />
      </div>
      <${Source} source=${source} />
    </div>
  </div>`;
}

/** A heading that is written in place, over as many lines as it needs on the screen. */
function Line({ label, text, change, keys, focus, ...rest }) {
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

function Section({ section, index, topic, sections, act, show, source }) {
  const neighbour = sections[index + 1] || sections[index - 1];
  const drop = () => act({ kind: "dropSection", section: index }, neighbour?.key, `Dropped the section ${section.heading}.`);
  const move = (by) => act({ kind: "moveSection", section: index, by }, section.key, `Section ${Math.max(1, Math.min(sections.length, index + 1 + by))} of ${sections.length}.`);
  function keys(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && by) {
      event.preventDefault();
      move(by);
    }
  }
  return html`<section class="part" aria-label=${section.heading}>
    <div class="heading">
      <${Line} focus=${section.key} label=${`Heading of section ${index + 1}`} text=${section.heading} keys=${keys}
        change=${(heading) => act({ kind: "rename", section: index, heading })} />
      <span class="tools">
        <button class="tool" disabled=${index === 0} aria-label="Move the section up" onClick=${() => move(-1)}>↑</button>
        <button class="tool" disabled=${index === sections.length - 1} aria-label="Move the section down" onClick=${() => move(1)}>↓</button>
        <button class="tool" aria-label="Drop the section" onClick=${drop}>×</button>
      </span>
    </div>
    ${section.generated && html`<p class="remark">The heading is generated.</p>`}
    ${section.points.length === 0 && html`<${Fill} section=${section} index=${index} topic=${topic} act=${act} />`}
    <ol>${section.points.map((point, at) => html`<${Point} key=${point.key} point=${point} at=${at} section=${index} sections=${sections} act=${act} show=${show} shown=${source?.key === point.key} />`)}</ol>
  </section>`;
}

/** Points for a heading that has none, from the notes on it and the topic. */
function Fill({ section, index, topic, act }) {
  const [state, setState] = useState({});
  async function fill() {
    setState({ busy: true });
    try {
      const { sections } = await get("/api/outline", { topic, heading: [section.heading], llm: false });
      const points = sections.flatMap((one) => one.points);
      setState({ none: !points.length });
      act({ kind: "fill", section: index, points }, section.key, `Found ${count(points.length, "point")}.`);
    } catch (failure) {
      setState({ failure });
    }
  }
  return html`<p class="remark">No points yet. Move some here, take a leftover in, or </p>
    <button disabled=${state.busy} onClick=${fill}>${state.busy ? "Reading your notes …" : "Fill from your notes"}</button>
    ${state.none && html`<p class="remark">Your notes have nothing on it.</p>`}
    ${state.failure && html`<${Failure} failure=${state.failure} />`}`;
}

function Point({ point, at, section, sections, act, show, shown }) {
  const points = sections[section].points;
  const neighbour = points[at + 1] || points[at - 1];
  const move = (by) => act({ kind: "movePoint", section, point: at, by }, point.key, by < 0 ? "Moved up." : "Moved down.");
  const drop = () => act({ kind: "dropPoint", section, point: at }, neighbour?.key || sections[section].key, "Dropped the point.");
  function keys(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const action = event.altKey && by ? () => move(by) : event.key === "Delete" || event.key === "Backspace" ? drop : event.key === "Enter" ? () => show(point) : null;
    if (!action || event.target !== event.currentTarget) return;
    event.preventDefault();
    action();
  }
  return html`<li class="point ${shown && "shown"}">
    <button class="quote" data-stop data-key=${point.key} aria-pressed=${shown} onClick=${() => show(point)} onKeyDown=${keys}>
      ${point.kind !== "quotation" && html`<span class="badge">${point.kind}</span> `}${point.label && html`<b>${point.label}</b>: `}${point.text}
    </button>
    <p class="about">
      <a class="address" href=${noteAddress(point.path, point.start_line, point.end_line)}>${placeOf(point)}</a>
      ${point.also.length > 0 && html`<span class="badge">also in ${point.also.map((one) => one.path).join(", ")}</span>`}
      ${point.contradicts.length > 0 && html`<span class="badge warn">contradicts ${point.contradicts.map((one) => one.path).join(", ")}</span>`}
      <span class="tools">
        <button class="tool" disabled=${section === 0 && at === 0} aria-label="Move the point up" onClick=${() => move(-1)}>↑</button>
        <button class="tool" disabled=${section === sections.length - 1 && at === points.length - 1} aria-label="Move the point down" onClick=${() => move(1)}>↓</button>
        ${sections.length > 1 && html`<select aria-label="Move the point to a section" value="" onChange=${(event) => act({ kind: "sendPoint", section, point: at, to: Number(event.target.value) }, point.key, "Moved.")}>
          <option value="" disabled>to …</option>
          ${sections.map((one, to) => to !== section && html`<option value=${to}>${one.heading}</option>`)}
        </select>`}
        <button class="tool" aria-label="Drop the point" onClick=${drop}>×</button>
      </span>
    </p>
  </li>`;
}

/** The note that a point quotes, beside the outline. */
function Source({ source }) {
  if (!source) return html`<aside class="preview" aria-label="Source"><p class="remark">Choose a point to see the lines that it quotes.</p></aside>`;
  const lines = `${source.start_line}-${source.end_line}`;
  return html`<aside class="preview" aria-label="Source" tabindex="0">
    <p class="about"><a class="address" href=${noteAddress(source.path, source.start_line, source.end_line)}>${placeOf(source)}</a></p>
    <${Body} key=${source.path} path=${source.path} lines=${lines} />
  </aside>`;
}

async function hashOf(text) {
  const bytes = new TextEncoder().encode(text.split(/\s+/).filter(Boolean).join(" "));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What lies around the outline: leftovers, gaps, open questions, earlier posts. */
function Rest({ outline, act }) {
  const { leftovers, gaps, open_questions: questions, covered_before: posts, sections } = outline;
  const take = async (leftover, section) => act({ kind: "takeLeftover", leftover, sha256: await hashOf(leftover.text), section }, undefined, `Taken into ${sections[section].heading}.`);
  const part = (title, list, row) => list.length > 0 && html`<details><summary>${title} (${list.length})</summary><ul>${list.map(row)}</ul></details>`;
  return html`<div class="rest">
    ${part("Leftovers", leftovers, (one) => html`<li>${one.text} <a class="address" href=${noteAddress(one.path, one.start_line, one.end_line)}>${placeOf(one)}</a>
      ${sections.length > 0 && html` <select aria-label="Take the leftover into a section" value="" onChange=${(event) => take(one, Number(event.target.value))}><option value="" disabled>take into …</option>${sections.map((section, index) => html`<option value=${index}>${section.heading}</option>`)}</select>`}</li>`)}
    ${outline.empty?.length > 0 && html`<p class="remark">Your notes have nothing for ${outline.empty.map((heading) => `“${heading}”`).join(", ")}.</p>`}
    ${part("Gaps", gaps, (gap) => html`<li>${gap.text}</li>`)}
    ${part("Open questions", questions, (one) => html`<li>${one.text} <a class="address" href=${noteAddress(one.path, one.line)}>${one.path}:${one.line}</a></li>`)}
    ${part("Written before", posts, (one) => html`<li><a href=${noteAddress(one.path)}>${one.title}</a>${one.points.length > 0 && ` already makes ${count(one.points.length, "point")}`}</li>`)}
  </div>`;
}

function Export({ outline }) {
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
