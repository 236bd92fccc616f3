"""Title, authors, date and abstract of a paper from its first page and what the file says of itself. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import zip_longest

from kb.capture.paper.characters import Run
from kb.capture.paper.columns import rows_of
from kb.capture.paper.joining import body_size, joined
from kb.notes.markup.dates import as_date

MAX_TITLE = 300  # characters
MAX_ABSTRACT = 5000
FEWEST_OF_ABSTRACT = 250  # characters, where no word says that it is one
MANY_CHARACTERS = 30  # of a line of running text
SMALLER = 0.95  # of the size of the text
LARGER = 1.15
INDENT = 2.0  # in sizes: how far left of its heading an abstract may begin
MOST_TITLE_LINES = 5
LONGEST_NAME = 5  # words
ON_PAGE = 0.8  # of the words of a title that the file states: it is the title if these are on the first page
_JUNK = re.compile(
    r"^doi:|microsoft word|untitled|https?:|"
    r"\.(?:dvi|docx?|tex|indd|pdf|ps|rtf|qxd|fm)\b|^(?:title|paper|main|slides?)$",
    re.I,
)
_UNFINISHED = re.compile(r"(?::|\b(?:an?|and|by|for|from|in|of|on|the|to|via|with))\s*$")  # a line of a title
_NO_TITLE = re.compile(
    r"arxiv:|preprint|proceedings|journal of|vol(?:ume|\.)|issn|doi|https?:|www\.|accepted|received|under review", re.I
)
_MARKS = re.compile(
    r"[∗*†‡§¶‖#♠♣♥♦⋆★✉◇ᵃᵇᶜᵈᵉᶠᵍʰ]+|(?<=\w)\s[a-h](?=\s*(?:[,∗*]|$))|(?<=[^\W\d_])\d+(?:,\d+)*|[¹²³⁴⁵⁶⁷⁸⁹⁰]+|\[\d+\]|(?<=[\s,])\d(?=\s|,|$)"
)
_SEPARATOR = re.compile(r"\s*(?:[,;&·|•]|\b(?:[aA]nd|AND)\b|\bund\b|\bet\b)\s*")
_NAME_WORD = (
    r"(?:[^\W\d_a-z](?:[^\W\d]|['’.\-])*|de|da|del|della|der|den|di|dos|du|el|la|le|ten|ter|van|vom|von|zu|bin|al)"
)
_NAME = re.compile(rf"{_NAME_WORD}(?:\s+{_NAME_WORD}){{1,4}}")
_AFFILIATION = re.compile(
    r"universit|institut|hochschul|techni|polit[eé]c|[eé]cole|college|school|depart|facult|laborator|\blabs?\b|center"
    r"|centre|research|google|deepmind|microsoft|openai|meta\b|facebook|amazon|nvidia|apple|ibm|academy|inc\b|ltd|gmbh"
    r"|corporation|company|hospital|clinic\b|inria|cnrs|building\b|tekni|foundation|association|agency|observatory"
    r"|council|ministry|project\b|services\b|computing\b|^the\s|technologies|sciences?\b|street|avenue|piazza"
    r"|engineering\b|berkeley|stanford|princeton|\bsuny\b|carnegie|\bmit\b|epfl|paper\b|report\b|draft\b|thesis|conference"
    r"|palo alto|new york|rio de"
    r"|\busa\b|\buk\b|china|germany|france|italy|japan|canada|team|group|@|http|abstract|version"
    r"|equal contribution|accepted|received|submitted|revised|published|preprint",
    re.IGNORECASE,
)
_TEAM = re.compile(
    r"(?:[\w.&-]+\s){1,4}(?:Team|Collaboration|Consortium|Contributors|Authors)|[A-Z]\w*[ -]AI"
    r"|The\s(?:[\w.&-]+\s){1,3}(?:Group|Project)"
)
_NOT_BY = re.compile(
    r"(?:thesis |dissertation )?committee\b|advis[eo]rs?\b|supervis|(?:edited|communicated) by\b", re.I
)
_GRADE = re.compile(r"(?:(?:student|associate|senior|life) )?(?:member|fellow)", re.I)
_SHORTENED = re.compile(r"\b(?:inc|ltd|corp|co|jr|sr)\.$", re.I)
_PLACE = re.compile(
    r"[^\W\d_a-z][^\W\d_]+,\s+[^,]+|(?:[^\W\d]|[\s.])+,\s+(?:\d+|\d{3}.*)|.*\b[A-Z]{1,2}\d{1,2}\s+\d[A-Z]{1,2}\b.*"
)  # city, country; street, number; with a postcode
_HALF_NAME = re.compile(r",\s+(?:and\s+)?([^\W\d_a-z][\w'’-]+)$")  # at the end of a line
_OTHER_HALF = re.compile(r"[^\W\d_a-z][\w'’-]+(?:,| and\b|$)")
_MARKUP = re.compile(r"[\[\]{}\\=]")
_STATE = re.compile(
    r"(?:AZ|CA|CO|CT|FL|GA|IL|IN|MA|MI|MN|NC|NJ|NY|OH|OR|PA|TX|UT|VA|WA|WI)(?:\s+\d{5})?|Inc|Ltd|Corp|Co"
)
_ABSTRACT = re.compile(
    r"(?:a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary|zusammenfassung|résumé|resumen)\b\s*(?:[.:—–-]+\s*)?(?P<rest>.*)", re.I
)
_AFTER = re.compile(
    r"(?:key\s?-?words?|index terms|ccs concepts|categories and subject|general terms|acm reference|jel class|"
    r"msc\b|contents\b|(?:1|i)\.?\s+introduction|introduction$|(?:1|i)\.?\s+[A-Z])",
    re.IGNORECASE,
)
_WATERMARK = re.compile(
    r"arXiv:\s*(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\s+\[[\w.-]+\])?"
    r"(?:\s+(?P<date>\d{1,2} \w{3} \d{4}))?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = re.compile(
    r"(?:©|\(c\)|copyright|proceedings|conference|icml|neurips|nips|iclr|acl|emnlp|naacl|cvpr|kdd|published)[^\n]{0,80}?"
    r"\b((?:19|20)\d{2})\b",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = re.compile(
    rf"\b(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+|\d{{1,2}}\.?\s+{_MONTH},?\s+)(?:19|20)\d{{2}}\b|\b(?:19|20)\d{{2}}-\d{{2}}-\d{{2}}\b",
    re.IGNORECASE,
)


def title_of(lines: Sequence[Run], metadata: Mapping[str, str]) -> tuple[str, int]:
    """The title and the number of the first line below it. The file's own counts if the first page bears it out."""
    stated = " ".join(metadata.get("Title", "").split())
    start, end = _largest(lines)
    set_as_title = _plain(joined([line.text for line in lines[start:end]], frozenset()))[:MAX_TITLE]
    if stated and not _JUNK.search(stated) and _is_on(stated, lines):
        return stated, end if _is_on(set_as_title, [*lines[start:end]]) else 0
    return set_as_title, end


def _largest(lines: Sequence[Run]) -> tuple[int, int]:
    """The lines in the largest letters of the first page, together."""
    words = [line for line in lines if len(re.findall(r"[^\W\d_]", line.text)) >= 4 and not _NO_TITLE.search(line.text)]
    if not words:
        return 0, 0
    size = max(line.size for line in words)
    start = next(number for number, line in enumerate(lines) if line in words and line.size > 0.97 * size)
    end = start + 1
    while end < len(lines) and end - start < MOST_TITLE_LINES and _goes_on(lines[start], lines[end - 1], lines[end]):
        end += 1
    return start, end


def _goes_on(first: Run, last: Run, line: Run) -> bool:
    """Whether a line is of the title that the line above it ends or goes on with."""
    if _ABSTRACT.fullmatch(line.text) or _AFTER.fullmatch(line.text):
        return False
    return _alike(first, line) or (bool(_UNFINISHED.search(last.text)) and line.size > last.size / 2)


def _alike(first: Run, line: Run) -> bool:
    return abs(line.size - first.size) < 0.04 * first.size and line.bold == first.bold


def _plain(title: str) -> str:
    return re.sub(r"(?:(?:\s*[∗*†‡§¶⋆✩]+,?)+|(?<=[a-z]{3})\d)\s*$", "", title).strip()


def _is_on(title: str, lines: Sequence[Run]) -> bool:
    wanted = re.findall(r"\w+", title.casefold())
    there = set(re.findall(r"\w+", " ".join(line.text for line in lines).casefold()))
    return len(wanted) > 1 and sum(word in there for word in wanted) >= ON_PAGE * len(wanted)


def authors_of(lines: Sequence[Run], runs: Sequence[Run], below: int, stated: str) -> tuple[str, ...]:
    """The authors that the file states, if the first page names them; else those between title and abstract, as also
    where the file states only one of these.
    """
    page = " ".join(line.text for line in lines).casefold()
    without_mail = re.sub(r"<[^<>]*>", "", stated)
    names = [name for part in _SEPARATOR.split(without_mail) if (name := " ".join(part.split()))]
    names = [name for name in names if not _AFFILIATION.search(name)]
    on_page = all(name.split()[-1].casefold() in page and len(name.split()) <= LONGEST_NAME for name in names)
    known = tuple(dict.fromkeys(names)) if on_page and any(" " in name for name in names) else ()
    if known[1:] and not _MARKUP.search(stated):
        return known
    byline = between(lines, below)
    if not byline:
        return known
    heights = [line.baseline for line in byline]
    low, high = min(heights) - 1, max(heights) + 1
    people = tuple(dict.fromkeys(_named([run for run in runs if low <= run.baseline <= high])))
    if known and not _MARKUP.search(stated) and known[0].split()[-1] not in (name.split()[-1] for name in people):
        return known
    return people or tuple(team for line in byline if _TEAM.fullmatch(team := _plain(line.text)))[:1]


def between(lines: Sequence[Run], below: int) -> list[Run]:
    """The lines between the title and the abstract, first section or first line of prose."""
    kept: list[Run] = []
    largest = LARGER * body_size(lines)  # what is set larger is a subtitle
    for line in lines[below : below + 40]:
        words = line.text.split()
        prose = len(words) > 8 and sum(word.islower() for word in words) > 4 and line.size < largest
        if _ABSTRACT.fullmatch(line.text) or _AFTER.match(line.text) or _NOT_BY.match(line.text) or prose:
            break
        kept.append(line)
    return kept


def _named(runs: Sequence[Run]) -> Iterator[str]:
    above = ""
    for row in rows_of(runs):
        for run in row:
            text = re.sub(r"^(?:by|prof\.|dr\.)\s+", "", run.text, flags=re.IGNORECASE)
            if (half := _HALF_NAME.search(above)) and not _AFFILIATION.search(above):
                text = f"{half[1]} {text}" if _OTHER_HALF.match(text) else text
            above = run.text
            if not text.endswith(".") or _SHORTENED.search(text):
                yield from _names_in(text)


def _names_in(text: str) -> Iterator[str]:
    """The names of a piece of a line, up to the first place or institution."""
    parts = [" ".join(part.split()).strip(" ,.?") for part in _SEPARATOR.split(_MARKS.sub(" , ", text))]
    if _PLACE.fullmatch(text):
        return
    for name, following in zip_longest(parts, parts[1:], fillvalue=""):
        if _AFFILIATION.search(name) or _STATE.fullmatch(following):
            return
        if _GRADE.fullmatch(name):
            continue
        if _NAME.fullmatch(name) and len(name) <= 50 and max(map(len, name.split())) > 2:
            yield name.title() if name.isupper() else name


def abstract_of(lines: Sequence[Run], vocabulary: Set[str]) -> str:
    """The text below or behind the word "Abstract"; empty where there is none."""
    number = next((n for n, line in enumerate(lines) if _is_label(line)), None)
    if number is None:
        return ""
    lines = _beside(lines, number)
    match = _ABSTRACT.fullmatch(lines[number].text)
    texts = [match["rest"]] if match and match["rest"] else []
    first = number + 1
    size = lines[first].size if first < len(lines) else body_size(lines)
    for line in lines[first:]:
        other = abs(line.size - size) > 0.15 * size and len(line.text) > 3
        gap = lines[first - 1].baseline - line.baseline > 4 * size and line.page == lines[first - 1].page
        if _AFTER.match(line.text) or (texts and (gap or (other and line.bold))):
            break
        if not other:
            texts.append(line.text)
        first += 1
        if sum(map(len, texts)) > MAX_ABSTRACT:
            break
    return joined(texts, vocabulary)[:MAX_ABSTRACT]


def _beside(lines: Sequence[Run], number: int) -> Sequence[Run]:
    """The lines without the column that some journals set to the left of an abstract, with the article's history."""
    label = lines[number]
    heads = [line for line in lines if line.page == label.page and abs(line.baseline - label.baseline) < 2]
    below = [line for line in lines[number + 1 :] if line.left > label.left - INDENT * label.size]
    if not below or not any(re.sub(r"\s", "", line.text.casefold()) == "articleinfo" for line in heads):
        return lines
    smallest = SMALLER * below[0].size
    return [*lines[: number + 1], *(line for line in lines[number + 1 :] if line in below or line.size > smallest)]


def unlabelled_abstract(lines: Sequence[Run], below: int, vocabulary: Set[str]) -> str:
    """The lines of prose below the authors that are set in smaller or bolder letters than the text; empty where the
    text follows at once.
    """
    first = lines[below] if below < len(lines) else None
    while first and below and _alike(first, lines[below - 1]) and len(lines[below - 1].text) > MANY_CHARACTERS:
        below -= 1
    body = [line for line in lines if len(line.text) > MANY_CHARACTERS]
    if first is None or not body or _ABSTRACT.fullmatch(first.text):
        return ""
    smaller = first.size < SMALLER * body_size(lines)
    bolder = first.bold and sum(line.bold for line in body) < len(body) / 2
    if not (smaller or bolder):
        return ""
    end = below
    while end < len(lines) and _alike(first, lines[end]) and not _AFTER.match(lines[end].text):
        end += 1
    text = joined([line.text for line in lines[below:end]], vocabulary)
    return text if FEWEST_OF_ABSTRACT <= len(text) <= MAX_ABSTRACT else ""


def _is_label(line: Run) -> bool:
    match = _ABSTRACT.fullmatch(line.text)
    return bool(
        match
        and (not match["rest"] or re.match(r"abstract\s*[.:—–-]|A\s?B\s?S\s?T\s?R\s?A\s?C\s?T\b", line.text, re.I))
    )


def arxiv_of(first_page: str) -> tuple[str, str]:
    """The arXiv id and date that arXiv prints beside a first page; empty where it does not."""
    match = _WATERMARK.search(" ".join(first_page.split()))
    if not match:
        return "", ""
    day, month, year = match["date"].split() if match["date"] else ("", "", "")
    known = month.lower() in _MONTHS
    return match["id"], f"{year}-{_MONTHS.index(month.lower()) + 1:02}-{int(day):02}" if known else ""


def date_of(first_page: str, below_title: str, metadata: Mapping[str, str]) -> str:
    """The date that arXiv prints, else one below the title, else the publisher's year, else that of the file."""
    if stamped := arxiv_of(first_page)[1]:
        return stamped
    if (day := _DAY.search(below_title)) and (date := as_date(day[0])):
        return date.isoformat()
    year = _YEAR.search(first_page[:400]) or _YEAR.search(first_page[-600:])
    made = _made(metadata.get("CreationDate", ""))
    if year and not made.startswith(year[1]):
        return year[1]
    return made


def _made(stated: str) -> str:
    """The day that a file states as D:YYYYMMDD; empty where that is none."""
    match = re.match(r"D:(\d{4})(\d{2})(\d{2})", stated)
    try:
        return datetime.date(*map(int, match.groups())).isoformat() if match else ""
    except ValueError:
        return ""
