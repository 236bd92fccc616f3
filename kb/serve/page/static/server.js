// What the page asks of the server: the JSON API, whose refusals are errors with the message for the user.

export class Refused extends Error {
  constructor(failure) {
    super(failure.message);
    this.kind = failure.error;
  }
}

/** The parameters of a query; lists are given by repeating the name, and what is empty is left out. */
export function queryOf(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") query.append(name, one);
    }
  }
  return query.toString();
}

async function report(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({ error: "Unreachable", message: "The server does not answer. Start it again with `kb serve`." });
  }
  const body = await response.json();
  if (!response.ok) throw new Refused(body);
  return body;
}

export function get(path, parameters = {}, signal = undefined) {
  return report(`${path}?${queryOf(parameters)}`, { signal });
}

export function post(path, fields = {}) {
  const headers = { "Content-Type": "application/json" };
  return report(path, { method: "POST", headers, body: JSON.stringify(fields) });
}
