// The manual: its guides, and the parts of them that have all the words looked for.
import { count, Failure, useAnswer, Waiting } from "./parts.js";
import { typeset } from "./note.js";
import { addressOf, replace } from "./route.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef } from "./vendor/htm-preact.js";

const AROUND = 90; // characters shown on each side of the first word found
const HEADINGS = "h2, h3, h4";

const guideAddress = (guide, part) => addressOf("help", { guide, part });

export function Help({ parameters }) {
  const { answer, failure } = useAnswer("/api/guides", {});
  const parts = useMemo(() => answer?.guides.flatMap(partsOf), [answer]);
  const looked = parameters.get("q") || "";
  const guide = answer?.guides.find((one) => one.subject === parameters.get("guide"));
  useEffect(() => {
    document.title = `${guide ? guide.title : "Help"} – kb`;
  }, [guide]);
  if (failure) return html`<${Failure} failure=${failure} />`;
  if (!answer) return html`<${Waiting}>Opening the manual …<//>`;
  return html`<div class="manual columns">
    <aside>
      <form role="search" onSubmit=${(event) => event.preventDefault()}>
        <label class="hidden" for="find">Find in the manual</label>
        <input id="find" type="search" value=${looked} autocomplete="off" placeholder="Find in the manual"
          onInput=${(event) => replace("help", { q: event.target.value })} />
      </form>
      ${guide && html`<details open=${matchMedia("(min-width: 60rem)").matches}><summary>All guides</summary>
        <${Contents} guides=${answer.guides} shown=${guide} /></details>`}
    </aside>
    ${guide
      ? html`<${Guide} key=${guide.subject} guide=${guide} part=${parameters.get("part")} />`
      : html`<section><h1>Help</h1>${looked.trim() ? html`<${Found} parts=${parts} looked=${looked} />` : html`<${Contents} guides=${answer.guides} summaries />`}</section>`}
  </div>`;
}

function Contents({ guides, shown, summaries }) {
  return html`<nav class="guides" aria-label="Guides"><ul>${guides.map((one) => html`<li>
    <a data-stop href=${guideAddress(one.subject)} aria-current=${one === shown ? "page" : undefined}>${one.title}</a>
    ${summaries && html`<p class="remark">${one.summary}</p>`}</li>`)}</ul></nav>`;
}

function Guide({ guide, part }) {
  const place = useRef();
  useLayoutEffect(() => {
    place.current.innerHTML = guide.html; // made harmless by the server, and bound by the page's policy
    typeset(place.current);
  }, [guide]);
  useLayoutEffect(() => {
    const heading = part && [...place.current.querySelectorAll(HEADINGS)].find((one) => one.textContent === part);
    if (heading) heading.scrollIntoView();
    else scrollTo(0, 0);
  }, [guide, part]);
  return html`<article><h1>${guide.title}</h1><div class="body" ref=${place}></div></article>`;
}

/** A guide cut at its headings, each part with the text under it. */
function partsOf({ subject, title, html: source }) {
  const parts = [{ subject, title, heading: "", text: "" }];
  for (const block of new DOMParser().parseFromString(source, "text/html").body.children) {
    if (block.matches(HEADINGS)) parts.push({ subject, title, heading: block.textContent, text: "" });
    else parts.at(-1).text += ` ${block.textContent.replace(/\s+/g, " ")}`;
  }
  return parts;
}

function Found({ parts, looked }) {
  const words = looked.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => words.every((word) => text.toLowerCase().includes(word));
  const headed = ({ title, heading }) => has(`${title} ${heading}`);
  const found = parts.filter(({ title, heading, text }) => has(`${title} ${heading} ${text}`));
  found.sort((one, other) => headed(other) - headed(one));
  return html`<p class="found" role="status">${found.length ? count(found.length, "part") : "No part of the manual has all of these words."}</p>
    <ol class="parts">${found.map((one) => html`<li>
      <a data-stop href=${guideAddress(one.subject, one.heading)}>${one.title}${one.heading && ` › ${one.heading}`}</a>
      <p class="remark">${excerpt(one.text, words)}</p></li>`)}</ol>`;
}

/** The text around the first of some words that it has, which is marked. */
function excerpt(text, words) {
  const lower = text.toLowerCase();
  const [at, word] = words.map((one) => [lower.indexOf(one), one]).filter(([index]) => index >= 0).sort(([one], [other]) => one - other)[0] || [0, ""];
  const [start, end] = [Math.max(0, at - AROUND), at + word.length + AROUND];
  return html`${start > 0 && "… "}${text.slice(start, at)}${word && html`<mark>${text.slice(at, at + word.length)}</mark>`}${text.slice(at + word.length, end)}${end < text.length && " …"}`;
}
