// The address behind `#` is the state of the page: `#/note?path=notes/a.md&lines=3-5`.
import { useLayoutEffect, useState } from "./vendor/htm-preact.js";
import { queryOf } from "./server.js";

const CHANGED = "kb-route";

export function addressOf(view, parameters = {}) {
  const query = queryOf(parameters);
  return `#/${view}${query && `?${query}`}`;
}

export function route() {
  const [view, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { view: view || "search", parameters: new URLSearchParams(query || "") };
}

export function go(view, parameters = {}) {
  location.hash = addressOf(view, parameters);
}

/** Change the address without a new entry in the history, as typing does. */
export function replace(view, parameters = {}) {
  history.replaceState(null, "", addressOf(view, parameters));
  dispatchEvent(new Event(CHANGED));
}

export function useRoute() {
  const [, redraw] = useState(0);
  // At once, not after the next frame: an address that changes until then would not be seen.
  useLayoutEffect(() => {
    const changed = () => redraw((count) => count + 1);
    addEventListener("hashchange", changed);
    addEventListener(CHANGED, changed);
    return () => {
      removeEventListener("hashchange", changed);
      removeEventListener(CHANGED, changed);
    };
  }, []);
  return route();
}
