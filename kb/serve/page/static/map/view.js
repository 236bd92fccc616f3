// All notes in two dimensions: found, looked at, selected, opened.
import { Area, AREA_NAMES, count, Failure, noteAddress, STORED_AREAS } from "../parts.js";
import { addressOf, go, replace } from "../route.js";
import { get } from "../server.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/htm-preact.js";
import { lightOf, Plot } from "./plot.js";

const PAUSE_MS = 150; // between a key and the search
const MOST_LIT = 100;
const SHOWN_CONCEPTS = 4;
const CLICK = 4; // pixels that a pointer may move in a click
const WHEEL = 120; // pixels of a wheel for a step of zooming
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SHAPES = { note: "● note", post: "■ post", outline: "◆ outline", outside: "○ held back" };

let remembered = { chosen: new Set(), view: { zoom: 1, x: 0, y: 0 } }; // while a note of the map is read

export function NoteMap({ parameters }) {
  const query = parameters.get("q") || "";
  const { map, failure } = useMap();
  const lit = useLit(query);
  const [chosen, setChosen] = useState(remembered.chosen);
  useEffect(() => {
    document.title = "Map – kb";
  }, []);
  useLayoutEffect(() => {
    remembered.chosen = chosen;
  }, [chosen]);
  if (failure) return html`<${Failure} failure=${failure} />`;
  if (!map || map.computing) return html`<${Computing} map=${map} />`;
  if (!map.notes.length) return html`<h1>Map</h1><p class="empty">There are no notes yet. Add some with <kbd>kb add FOLDER</kbd>.</p>`;
  return html`<div class="map">
    <h1>Map</h1>
    <p class="lead">${count(map.notes.length, "note")}: those that say similar things lie near each other.</p>
    <form class="finder" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label for="highlight">Highlight</label>
      <input id="highlight" type="search" value=${query} autocomplete="off" spellcheck="false" maxlength="2000"
        placeholder="what you look for" onInput=${(event) => replace("map", { q: event.target.value })} />
      <span class="remark" role="status">${told(query, lit, map)}</span>
      ${lit.lights?.size > 0 && html`<button onClick=${() => setChosen(new Set(map.notes.map(({ path }) => path).filter((path) => lit.lights.has(path))))}>Select these</button>`}
    </form>
    ${lit.failure && html`<${Failure} failure=${lit.failure} />`}
    <${Canvas} map=${map} lit=${lit.lights} chosen=${chosen} choose=${setChosen} />
    <aside class="beside">
      <${Legend} notes=${map.notes} />
      <${Chosen} notes=${map.notes.filter(({ path }) => chosen.has(path))} clear=${() => setChosen(new Set())} />
    </aside>
    <${List} map=${map} />
    ${map.missing.length > 0 && html`<p class="remark">Not on the map, because ${map.missing.length === 1 ? "it" : "they"} cannot be read: ${map.missing.join(", ")}.</p>`}
  </div>`;
}

/** The map, asked for until it is computed. */
function useMap() {
  const [state, setState] = useState({});
  useEffect(() => {
    const controller = new AbortController();
    const ask = () =>
      get("/api/map", {}, controller.signal).then(
        (map) => {
          setState({ map });
          if (map.computing) ask();
        },
        (failure) => failure.name !== "AbortError" && setState({ failure }),
      );
    ask();
    return () => controller.abort();
  }, []);
  return state;
}

/** How much each note that a query finds is lit, by its path; nothing without a query. */
function useLit(query) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!query.trim()) return setState({});
    const controller = new AbortController();
    const asked = { query, kind: "all", limit: MOST_LIT, weak: false };
    const soon = setTimeout(() => {
      get("/api/search", asked, controller.signal).then(
        ({ hits, held_back }) => {
          const lights = [...hits.map(({ path, score }) => [path, lightOf(score)]), ...held_back.map(({ path }) => [path, lightOf(1)])];
          setState({ lights: new Map(lights) });
        },
        (failure) => failure.name !== "AbortError" && setState({ failure }),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(soon);
      controller.abort();
    };
  }, [query]);
  return state;
}

function told(query, { lights }, { notes }) {
  if (!query.trim() || !lights) return "";
  const number = notes.filter(({ path }) => lights.has(path)).length;
  return number ? `${count(number, "note")} highlighted` : "No good match";
}

function Computing({ map }) {
  const { done, total } = map || {};
  return html`<h1>Map</h1>
    <p class="waiting"><label>Laying out your notes … <progress value=${total ? done : undefined} max=${total || undefined}></progress></label></p>
    <p class="remark">Only the first time, and after many new notes.</p>`;
}

function Canvas({ map, lit, chosen, choose }) {
  const canvas = useRef();
  const plot = useRef();
  const drag = useRef();
  const [lassoing, setLassoing] = useState(false);
  const [focused, setFocused] = useState(-1);
  useLayoutEffect(() => {
    const drawn = (plot.current = new Plot(canvas.current, map.notes, map.clusters, remembered.view));
    const resize = () => drawn.resize();
    const wheel = (event) => {
      event.preventDefault();
      drawn.closer(-event.deltaY / WHEEL, pointOf(event));
    };
    const observer = new ResizeObserver(resize);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    resize(); // keys are heard from now on, and go by where notes are
    observer.observe(canvas.current);
    scheme.addEventListener("change", resize);
    canvas.current.addEventListener("wheel", wheel, { passive: false });
    return () => {
      remembered.view = drawn.view;
      cancelAnimationFrame(drawn.painting);
      observer.disconnect();
      scheme.removeEventListener("change", resize);
    };
  }, [map]);
  useLayoutEffect(() => {
    Object.assign(plot.current, { lit, chosen, focus: focused });
    plot.current.paint();
  }, [map, lit, chosen, focused]);

  const open = (number) => go("note", { path: map.notes[number].path });
  const toggle = (number) => {
    const { path } = map.notes[number];
    choose((before) => (before.has(path) ? new Set([...before].filter((one) => one !== path)) : new Set([...before, path])));
  };
  function down(event) {
    const at = pointOf(event);
    canvas.current.setPointerCapture(event.pointerId);
    drag.current = { from: at, last: at, moved: false };
    if (lassoing) plot.current.lasso = [at];
  }
  function move(event) {
    const at = pointOf(event);
    const { current: moving } = drag;
    const { current: drawn } = plot;
    if (!moving) return point(drawn.noteAt(at));
    moving.moved ||= Math.hypot(at.x - moving.from.x, at.y - moving.from.y) > CLICK;
    if (drawn.lasso) {
      drawn.lasso.push(at);
      drawn.paint();
    } else if (moving.moved) {
      drawn.pan(at.x - moving.last.x, at.y - moving.last.y);
    }
    moving.last = at;
  }
  function up(event) {
    const { current: drawn } = plot;
    const line = drawn.lasso;
    const clicked = drag.current && !drag.current.moved;
    drag.current = drawn.lasso = null;
    drawn.paint();
    if (clicked) click(event, drawn.noteAt(pointOf(event)));
    else if (line) {
      const held = drawn.within(line).map((number) => map.notes[number].path);
      choose((before) => new Set(event.shiftKey ? [...before, ...held] : held));
    }
  }
  function click(event, number) {
    if (number < 0) return setFocused(-1);
    if (lassoing) return toggle(number);
    if (event.pointerType === "touch" && number !== focused) return setFocused(number); // a finger cannot hover
    open(number);
  }
  function point(number) {
    if (plot.current.hover === number) return;
    plot.current.hover = number;
    canvas.current.classList.toggle("pointing", number >= 0);
    plot.current.paint();
  }
  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { current: drawn } = plot;
    const direction = DIRECTIONS[event.key];
    if (direction) {
      const next = drawn.towards(...direction);
      setFocused(next);
      if (next >= 0) drawn.show(next);
    } else if (event.key === "Enter" && focused >= 0) open(focused);
    else if (event.key === " " && focused >= 0) toggle(focused);
    else if (["+", "="].includes(event.key)) drawn.closer(1);
    else if (event.key === "-") drawn.closer(-1);
    else if (event.key === "0") drawn.fit();
    else if (event.key === "Escape") setFocused(-1);
    else return;
    event.preventDefault();
  }
  const note = map.notes[focused];
  return html`<figure class="plot">
    <div class="buttons" role="group" aria-label="The map">
      <button onClick=${() => plot.current.closer(2)} aria-label="Zoom in">+</button>
      <button onClick=${() => plot.current.closer(-2)} aria-label="Zoom out">−</button>
      <button onClick=${() => plot.current.fit()}>All</button>
      <button aria-pressed=${lassoing} onClick=${() => setLassoing(!lassoing)}>Lasso</button>
    </div>
    <canvas ref=${canvas} class=${lassoing ? "lassoing" : ""} tabindex="0" role="application" aria-label="Map of notes"
      aria-describedby="map-keys" onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${() => (drag.current = plot.current.lasso = null)}
      onPointerLeave=${() => point(-1)} onKeyDown=${pressed}></canvas>
    <figcaption>
      <p class="pointed" role="status">${note ? html`<strong>${note.title}</strong> <span class="address">${note.path}</span> <${Area} area=${note.area} />
        ${chosen.has(note.path) && html`<span class="badge">selected</span>`}` : ""}</p>
      <p id="map-keys" class="remark"><kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd> go from note to note, <kbd>Enter</kbd> opens one, <kbd>Space</kbd> selects it, <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> zoom.</p>
    </figcaption>
  </figure>`;
}

function pointOf(event) {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

function Legend({ notes }) {
  const numbers = Object.fromEntries(STORED_AREAS.map((area) => [area, notes.filter((note) => note.area === area).length]));
  const kinds = new Set(notes.map((note) => (note.area === "outside" ? "outside" : note.kind)));
  return html`<section class="legend-of-map"><h2>Legend</h2>
    <ul>${STORED_AREAS.filter((area) => numbers[area]).map((area) => html`<li><${Area} area=${area} /> <span class="number">${numbers[area]}</span></li>`)}</ul>
    <p class="remark">${Object.keys(SHAPES).filter((kind) => kinds.has(kind)).map((kind) => html`<span>${SHAPES[kind]}</span> `)}<span>larger: more passages</span></p>
  </section>`;
}

/** What can be done with a selection. An outline has a topic: the concepts that most of the selected notes name. */
function Chosen({ notes, clear }) {
  const concepts = useMemo(() => commonest(notes), [notes.map(({ path }) => path).join("\n")]);
  if (!notes.length) {
    return html`<section class="chosen"><h2>Selection</h2>
      <p class="remark">Draw around notes with the lasso, or press <kbd>Space</kbd> on one.</p></section>`;
  }
  return html`<section class="chosen" aria-label="Selection">
    <h2>${count(notes.length, "note")} selected <button class="quiet" onClick=${clear}>Clear</button></h2>
    ${concepts.length > 0 && html`<p class="remark">Most often named:</p>
    <ul class="concepts">${concepts.map(([concept, number]) => html`<li>
      <strong>${concept}</strong> <span class="remark">in ${number} of ${notes.length}</span><br />
      <a href=${addressOf("outline", { topic: concept })}>Outline</a> <a href=${addressOf("search", { q: concept })}>Search</a></li>`)}</ul>
    <p class="remark">Outline and search draw on all of your notes, not only on these.</p>`}
    <ol class="notes">${notes.map((note) => html`<${Entry} key=${note.path} note=${note} />`)}</ol>
  </section>`;
}

function commonest(notes) {
  const counts = new Map();
  for (const { concepts } of notes) for (const concept of concepts) counts.set(concept, (counts.get(concept) || 0) + 1);
  const shared = [...counts].filter(([, number]) => number > 1 || notes.length === 1);
  return shared.sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, SHOWN_CONCEPTS);
}

function Entry({ note }) {
  return html`<li><a data-stop href=${noteAddress(note.path)}>${note.title}</a> <${Area} area=${note.area} />
    ${note.kind !== "note" && html` <span class="badge">${note.kind}</span>`}</li>`;
}

/** The same map without a picture. */
function List({ map }) {
  const members = useMemo(() => map.clusters.map((_, number) => map.notes.filter(({ cluster }) => cluster === number)), [map]);
  return html`<details class="clusters" open=${matchMedia("(max-width: 30rem)").matches}>
    <summary>As a list</summary>
    <ul>${map.clusters.map(({ label }, number) => members[number].length > 0 && html`<${Cluster} key=${number} label=${label} notes=${members[number]} />`)}</ul>
  </details>`;
}

function Cluster({ label, notes }) {
  const [open, setOpen] = useState(false);
  const areas = STORED_AREAS.filter((area) => notes.some((note) => note.area === area));
  return html`<li><details onToggle=${(event) => setOpen(event.target.open)}>
    <summary>${label} <span class="remark">${count(notes.length, "note")}: ${areas.map((area) => AREA_NAMES[area]).join(", ")}</span></summary>
    ${open && html`<ul class="notes">${notes.map((note) => html`<${Entry} key=${note.path} note=${note} />`)}</ul>`}
  </details></li>`;
}
