// Whether the promise is kept: the share of each area, month by month, and the detours.
import { Area, AREA_NAMES, count, Failure, STORED_AREAS, useAnswer, Waiting } from "./parts.js";
import { html, useEffect } from "./vendor/htm-preact.js";

const [WIDTH, HEIGHT, FOOT] = [30, 160, 34]; // of a month, of the bars, and of the labels below them

export function Balance() {
  const { answer: status, failure } = useAnswer("/api/status", {});
  useEffect(() => {
    document.title = "Balance – kb";
  }, []);
  if (failure) return html`<${Failure} failure=${failure} />`;
  if (!status) return html`<${Waiting}>Counting …<//>`;
  const notes = Object.fromEntries(STORED_AREAS.map((area) => [area, 0]));
  for (const one of status.areas) notes[one.area] = one.notes;
  const total = Object.values(notes).reduce((sum, number) => sum + number, 0);
  if (!total) return html`<h1>Balance</h1><p class="empty">There are no notes yet. Add some with <kbd>kb add FOLDER</kbd>.</p>`;
  const inside = total - notes.detour - notes.outside;
  return html`<div class="balance">
    <h1>Balance</h1>
    <p class="lead">${count(inside, "note")} of ${total} in your three areas${" "}
      (${Math.round((inside / total) * 100)} %). ${count(notes.detour, "detour")}, ${notes.outside} held back as outside,${" "}
      ${count(status.posts, "post")}.</p>
    <div class="table"><table class="shares">
      <thead><tr><th scope="col">Area</th><th scope="col">Notes</th><th scope="col" colspan="2">Share</th></tr></thead>
      <tbody>${STORED_AREAS.map((area) => html`<tr>
        <th scope="row"><${Area} area=${area} /></th><td>${notes[area]}</td>
        <td class="wide"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="fill-${area}" width=${(notes[area] / total) * 100} height="8" /></svg></td>
        <td>${Math.round((notes[area] / total) * 100)} %</td></tr>`)}</tbody>
    </table></div>
    <${Months} months=${status.months} />
  </div>`;
}

function Months({ months }) {
  const shown = Object.keys(months).sort();
  const sum = (name) => STORED_AREAS.reduce((total, area) => total + (months[name]?.[area] || 0), 0);
  const highest = Math.max(1, ...shown.map(sum));
  const text = (name) => STORED_AREAS.filter((area) => months[name]?.[area]).map((area) => `${AREA_NAMES[area]} ${months[name][area]}`).join(", ") || "no notes";
  return html`<section><h2>Notes a month, in the year up to the newest</h2>
    <p class="legend">${STORED_AREAS.map((area) => html`<${Area} area=${area} /> `)}</p>
    <div class="chart" tabindex="0" role="region" aria-label="Notes a month, chart">
      <svg class="months" width=${shown.length * WIDTH} height=${HEIGHT + FOOT} role="img" aria-label="Notes a month and area; the table below has the numbers">
        ${shown.map((name, index) => {
          let top = HEIGHT;
          return html`<g><title>${name}: ${text(name)}</title>
            ${STORED_AREAS.map((area) => {
              const height = ((months[name]?.[area] || 0) / highest) * (HEIGHT - 16);
              top -= height;
              return height > 0 && html`<rect class="fill-${area}" x=${index * WIDTH + 4} y=${top} width=${WIDTH - 8} height=${height} />`;
            })}
            ${sum(name) > 0 && html`<text x=${index * WIDTH + WIDTH / 2} y=${top - 4}>${sum(name)}</text>`}
            <text x=${index * WIDTH + WIDTH / 2} y=${HEIGHT + 14}>${name.slice(5)}</text>
            ${(name.endsWith("-01") || (index === 0 && !name.endsWith("-12"))) && html`<text class="year" x=${index * WIDTH + WIDTH / 2} y=${HEIGHT + 29}>${name.slice(0, 4)}</text>`}</g>`;
        })}
      </svg>
    </div>
    <details><summary>As a table</summary><div class="table"><table><thead><tr><th scope="col">Month</th>${STORED_AREAS.map((area) => html`<th scope="col">${AREA_NAMES[area]}</th>`)}</tr></thead>
      <tbody>${shown.toReversed().map((name) => html`<tr><th scope="row">${name}</th>${STORED_AREAS.map((area) => html`<td>${months[name]?.[area] || ""}</td>`)}</tr>`)}</tbody></table></div></details>
  </section>`;
}
