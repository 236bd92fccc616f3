// What several views show: areas, addresses of notes, waiting, failures.
import { html, useEffect, useState } from "./vendor/htm-preact.js";
import { addressOf } from "./route.js";
import { get, queryOf } from "./server.js";

export const AREAS = ["ml-systems", "gnn", "llm"];
export const STORED_AREAS = [...AREAS, "detour", "outside"];
export const AREA_NAMES = {
  "ml-systems": "ML systems",
  gnn: "Graph networks",
  llm: "LLM",
  detour: "Detour",
  outside: "Outside",
};

export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

export function Area({ area }) {
  return html`<span class="area area-${area}">${AREA_NAMES[area]}</span>`;
}

/** `path:3-5`, and `path:3` for a single line. */
export function placeOf({ path, start_line: start, end_line: end }) {
  return `${path}:${start}${end === start ? "" : `-${end}`}`;
}

export function noteAddress(path, start, end) {
  return addressOf("note", { path, lines: start && `${start}-${end || start}` });
}

export function Failure({ failure, children }) {
  return html`<div class="failure" role="alert"><p>${failure.message}</p>${children}</div>`;
}

/** Words for slow work, which only appear when it takes a while. */
export function Waiting({ children }) {
  return html`<p class="waiting"><span class="bar"></span>${children}</p>`;
}

/** What the server answers to a request, asked again when its parameters change. */
export function useAnswer(path, parameters) {
  const [state, setState] = useState({});
  const [round, setRound] = useState(0);
  const key = `${path}?${queryOf(parameters)}`;
  useEffect(() => {
    const controller = new AbortController();
    setState((before) => ({ answer: before.key === key ? before.answer : undefined }));
    get(path, parameters, controller.signal).then(
      (answer) => setState({ key, answer }),
      (failure) => failure.name === "AbortError" || setState({ key, failure }),
    );
    return () => controller.abort();
  }, [key, round]);
  return { ...state, again: () => setRound((before) => before + 1) };
}

/** Tell a screen reader, and show for a moment, what was done. */
export function announce(text) {
  dispatchEvent(new CustomEvent("kb-announce", { detail: text }));
}

export function Announcements() {
  const [text, setText] = useState("");
  useEffect(() => {
    let timer;
    const told = (event) => {
      clearTimeout(timer);
      setText(event.detail);
      timer = setTimeout(() => setText(""), 6000);
    };
    addEventListener("kb-announce", told);
    return () => removeEventListener("kb-announce", told);
  }, []);
  return html`<div class="announcement ${text && "shown"}" role="status">${text}</div>`;
}
