"""The date of a note: from its front matter, or from the name of its file. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from pydantic import JsonValue

from kb.notes.naming import DATE_PREFIX
from kb.notes.prose import printable

# Keys without case, blanks and hyphens. Of the first, the first that has a date is taken.
KEYS = (
    "date",
    *("created", "datecreated", "createdat", "creationdate"),
    *("published", "publishdate", "publishedat", "datepublished", "pubdate"),
    "updated",
)
# A file's name beats these: it says when a note was written.
LATER_KEYS = ("lastmod", "modified", "lastmodified", "lastmodifiedat", "datemodified", "lastupdated", "updatedat")
_AUTOMATIC = re.compile(
    r"last-modified|today|now|`r .*"
)  # what stands for the day of rendering: Quarto's words, R's code
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_NUMBERS = re.compile(r"(?P<year>\d{4})(?P<mark>[-/._])(?P<month>\d{1,2})(?:(?P=mark)(?P<day>\d{1,2})(?!\d))?")
_CJK = re.compile(r"(?P<year>\d{4})\s*[年년]\s*(?P<month>\d{1,2})\s*[月월](?:\s*(?P<day>\d{1,2})\s*[日일])?")
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:\d{2}|\d{4}|\d{6})?(?!\d)")
_SECONDS = re.compile(r"(1[0-8]\d{8})(?:\d{3})?(?:\.\d+)?")  # since 1970, or milliseconds, of the years 2001 to 2030
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_NAMED = (
    re.compile(rf"{_MONTH}[\s-]+{_DAY},?[\s-]+{_YEAR}\b", re.IGNORECASE),
    re.compile(rf"{_DAY}\.?[\s-]+(?:of\s+)?{_MONTH},?[\s-]+{_YEAR}\b", re.IGNORECASE),
    re.compile(rf"{_YEAR}[\s-]+{_MONTH}[\s-]+{_DAY}\b", re.IGNORECASE),
    re.compile(rf"{_MONTH},?[\s-]+{_YEAR}\b", re.IGNORECASE),
)
_WIKILINK = re.compile(r"\[\[([^\[\]|]*)")
_TWO_WAYS = re.compile(r"(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4})\b")
_BARE_YEAR = re.compile("(?:19|20)[0-9]{2}")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)
_FOLDERS = re.compile(r"(?:^|/)(?P<year>\d{4})/(?P<month>\d{2})/(?P<day>\d{2})(?:/|$)")
# Further on in a file's name: `retro 2024-03-08`, and Dendron's `daily.journal.2024.03.08`.
_IN_A_NAME = re.compile(
    r"(?<=[\s._(-])(?P<year>(?:19|20)\d{2})([-_.])(?P<month>\d{2})\2(?P<day>\d{2})(?=[\s._)-]|$)", re.ASCII
)


class Dated(NamedTuple):
    """A date, and what is wrong with those that could not be read."""

    date: datetime.date | None
    faults: tuple[str, ...] = ()


def date_of(front_matter: Mapping[str, JsonValue], path: str) -> Dated:
    """The date of a note; where none of its keys has a readable one, that of its file's name or folder."""
    plain = {re.sub(r"[-_ ]", "", key): (key, value) for key, value in front_matter.items()}
    given = {key: plain[key] for key in (*KEYS, *LATER_KEYS) if key in plain and _says_a_day(plain[key][1])}
    read = {key: as_date(value) for key, (_, value) in given.items()}
    faults = tuple(_fault(*given[key]) for key, found in read.items() if found is None)
    first = next((read[key] for key in KEYS if read.get(key)), None) or _date_of_path(path)
    return Dated(first or next((read[key] for key in LATER_KEYS if read.get(key)), None), faults)


def _says_a_day(value: JsonValue) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and not _AUTOMATIC.fullmatch(value.strip())
    return not isinstance(value, bool) and value not in (None, [])  # Jekyll's `published` is true or false


def as_date(value: JsonValue) -> datetime.date | None:
    """The date that a value of front matter begins with; None for one that is no date, or could be two.

    ISO 8601 with or without a time and a zone, `2024/3/8`, `2024-03` and `2024` (the first day of it), `March 8, 2024`,
    `8 March 2024`, `2024年3月8日`, and all of them as a wikilink; or a number of seconds or milliseconds since 1970.
    """
    while isinstance(value, list) and value:  # also a wikilink without quotes: to YAML it is a list in a list
        value = value[0]
    text = str(value).strip()
    if link := _WIKILINK.match(text):
        return _read(link[1].strip()) or _read(PurePosixPath(link[1]).name.strip())
    return _read(text.strip("[]").strip())


def _read(text: str) -> datetime.date | None:
    text = _WEEKDAY.sub("", text)
    if since_1970 := _SECONDS.fullmatch(text):
        return datetime.datetime.fromtimestamp(int(since_1970[1]), datetime.UTC).date()
    if _BARE_YEAR.fullmatch(text):
        return datetime.date(int(text), 1, 1)
    for pattern in (_NUMBERS, _COMPACT, _CJK, *_NAMED):
        if found := pattern.match(text):
            return _date(found.groupdict())
    return _date_in_one_way(text)


def _date_in_one_way(text: str) -> datetime.date | None:
    """A date such as 28/03/2024, of which only one reading is a date."""
    found = _TWO_WAYS.match(text)
    if not found:
        return None
    first, second = found["first"], found["second"]
    readings = {
        date
        for month, day in ((first, second), (second, first))
        if (date := _date({"year": found["year"], "month": month, "day": day}))
    }
    return readings.pop() if len(readings) == 1 else None


def _date(parts: Mapping[str, str | None]) -> datetime.date | None:
    name = parts.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(parts.get("month") or 0)
    try:
        return datetime.date(int(parts["year"] or 0), month, int(parts.get("day") or 1))
    except ValueError:
        return None


def _date_of_path(path: str) -> datetime.date | None:
    place = PurePosixPath(path)
    if prefix := DATE_PREFIX.match(place.stem):
        digits = re.sub(r"\D", "", prefix[0])
        return _date({"year": digits[:4], "month": digits[4:6], "day": digits[6:8]})
    found = _IN_A_NAME.search(place.stem) or _FOLDERS.search(place.with_suffix("").as_posix())
    return _date(found.groupdict()) if found else None


def _fault(key: str, value: JsonValue) -> str:
    text = printable(" ".join(str(value).split()))[:40]
    if _TWO_WAYS.match(text):
        return f"{key}: {text} may be two dates; write it as 2024-03-08"
    return f"{key}: {text} is not a date that can be read; write it as 2024-03-08"
