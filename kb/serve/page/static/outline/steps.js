// The steps of the outline builder: each makes a new outline of the one before, and can be undone.
import { useLayoutEffect, useReducer } from "../vendor/htm-preact.js";

const UNDONE = 100; // steps that can be taken back
const WORDS_A_POINT = 50; // as `kb outline` expects a post to be
const WORDS_A_MINUTE = 238;
const TYPED = ["title", "thesis", "rename", "soWhat"]; // every letter of which would be a step

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

/** The outline without keys, with the notes that its sections cite now, and with no work or question of other notes. */
export function unkeyed({ next, ...outline }) {
  const sections = outline.sections.map(({ key, ...section }) => {
    const points = section.points.map(({ key: _, ...point }) => point);
    return { ...section, points, notes: [...new Set(points.map((point) => point.path))] };
  });
  const cited = new Set(sections.flatMap((section) => section.notes));
  return {
    ...outline,
    sections,
    references: outline.references.filter((one) => one.cited_by.some((path) => cited.has(path))),
    open_questions: outline.open_questions.filter((one) => cited.has(one.path)),
  };
}

/** A statement of a note as a point. */
export function asPoint({ text, path, start_line, end_line, sha256 }) {
  return { text, path, start_line, end_line, sha256, label: "", kind: "quotation", also: [], contradicts: [] };
}

async function hashOf(text) {
  const bytes = new TextEncoder().encode(text.split(/\s+/).filter(Boolean).join(" "));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A leftover as a point, with the hash that its citation needs. */
export async function pointOf(leftover) {
  return asPoint({ ...leftover, sha256: await hashOf(leftover.text) });
}

export function isSame(one, other) {
  return one.path === other.path && one.text === other.text;
}

export function cites(outline, place) {
  return outline.sections.some((section) => section.points.some((point) => isSame(point, place)));
}

/** How many words there are, and how long the post will be, in words and in minutes of reading. */
export function lengths(outline) {
  const texts = [outline.title, outline.thesis];
  let points = 0;
  for (const section of outline.sections) {
    points += section.points.length;
    texts.push(section.heading, section.summary?.text, section.so_what, ...section.points.map((point) => point.text));
  }
  const words = texts.filter(Boolean).join(" ").split(/\s+/).filter(Boolean).length;
  const expected = outline.words || WORDS_A_POINT * points;
  return { points, words, expected, minutes: Math.max(Math.round(expected / WORDS_A_MINUTE), 1) };
}

/** A list with the entry at `from` put before the one at `at`, both counted before the move. */
function placed(list, from, at) {
  const rest = list.filter((_, index) => index !== from);
  rest.splice(at > from ? at - 1 : at, 0, list[from]);
  return rest;
}

function withSection(outline, index, fields) {
  return { ...outline, sections: outline.sections.map((section, at) => (at === index ? { ...section, ...fields } : section)) };
}

function withPoints(outline, section, at, points) {
  const added = points.map((point, index) => ({ ...point, key: `p${outline.next + index}` }));
  const next = withSection(outline, section, { points: outline.sections[section].points.toSpliced(at, 0, ...added) });
  return { ...next, next: outline.next + added.length };
}

/** What another outline was made of counts for this one too, since points of it are taken over. */
function withEvidence(outline, { considered, references }) {
  const added = (list, more, name) => [...list, ...more.filter((one) => !list.some((other) => other[name] === one[name]))];
  return {
    ...outline,
    considered: added(outline.considered, considered, "path"),
    references: added(outline.references, references, "url"),
  };
}

function withoutLeftover(outline, place) {
  return { ...outline, leftovers: outline.leftovers.filter((one) => !isSame(one, place)) };
}

const STEPS = {
  title: (outline, { text }) => ({ ...outline, title: text, generated_title: false }),
  thesis: (outline, { text }) => ({ ...outline, thesis: text }),
  rename: (outline, { section, text }) => withSection(outline, section, { heading: text, generated: false }),
  soWhat: (outline, { section, text }) => withSection(outline, section, { so_what: text }),
  placeSection: (outline, { section, at }) => ({ ...outline, sections: placed(outline.sections, section, at) }),
  dropSection: (outline, { section }) => ({ ...outline, sections: outline.sections.filter((_, at) => at !== section) }),
  addSection: (outline, { heading }) => ({
    ...outline,
    next: outline.next + 1,
    sections: [...outline.sections, { heading, generated: false, summary: null, points: [], notes: [], key: `s${outline.next}` }],
  }),
  placePoint: (outline, { section, point, to, at }) => {
    const { points } = outline.sections[section];
    if (section === to) return withSection(outline, section, { points: placed(points, point, at) });
    const without = withSection(outline, section, { points: points.toSpliced(point, 1) });
    return withSection(without, to, { points: without.sections[to].points.toSpliced(at, 0, points[point]) });
  },
  /** A point moved by one place within its section, and over its ends into the next one. */
  movePoint: (outline, { section, point, by }) => {
    const last = outline.sections[section].points.length - 1;
    const within = point + by >= 0 && point + by <= last;
    const to = within ? section : section + by;
    if (!outline.sections[to]) return outline;
    const at = within ? point + (by < 0 ? -1 : 2) : by < 0 ? outline.sections[to].points.length : 0;
    return STEPS.placePoint(outline, { section, point, to, at });
  },
  dropPoint: (outline, { section, point }) =>
    withSection(outline, section, { points: outline.sections[section].points.toSpliced(point, 1) }),
  swap: (outline, { section, point, other, found }) => {
    const next = withPoints(STEPS.dropPoint(outline, { section, point }), section, point, [other]);
    const considered = found?.considered.filter((note) => note.path === other.path) || [];
    const references = found?.references.filter((work) => work.cited_by.includes(other.path)) || [];
    return withoutLeftover(withEvidence(next, { considered, references }), other);
  },
  fill: (outline, { section, found }) => {
    const points = found.sections.flatMap((one) => one.points).filter((point) => !cites(outline, point));
    return withEvidence(withPoints(outline, section, outline.sections[section].points.length, points), found);
  },
  takeLeftover: (outline, { leftover, section, at }) => withoutLeftover(withPoints(outline, section, at, [leftover]), leftover),
};

function reduce(state, step) {
  if (step.kind === "draft") return { outline: keyed(step.outline), before: [] };
  if (step.kind === "forget") return { outline: null, before: [] };
  if (step.kind === "undo") {
    if (!state.before.length) return state;
    return { outline: state.before.at(-1), before: state.before.slice(0, -1) };
  }
  const outline = STEPS[step.kind](state.outline, step);
  if (outline === state.outline) return state;
  const typed = TYPED.includes(step.kind) ? `${step.kind}${step.section}` : "";
  const before = typed && state.last === typed ? state.before : [...state.before, state.outline].slice(-UNDONE);
  return { outline, before, last: typed };
}

function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return null;
  }
}

/** The file that what is built was saved to, `{ path, sha256 }`; null before. */
export const lastSaved = (name) => kept(`kb-saved ${name}`);

export function keepSaved(name, saved) {
  sessionStorage.setItem(`kb-saved ${name}`, JSON.stringify(saved));
}

/** What is being built, which survives a reload under a name, and how to take a step; at first an outline, if any. */
export function useOutline(name, first = null) {
  const [state, step] = useReducer(reduce, null, () => ({ outline: kept(name) || (first && keyed(first)), before: [] }));
  useLayoutEffect(() => {
    if (state.outline) sessionStorage.setItem(name, JSON.stringify(state.outline));
    else sessionStorage.removeItem(name);
  }, [state.outline]);
  return [state, step];
}
