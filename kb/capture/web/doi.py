"""Papers by their DOI: what the agency that registered it says, by content negotiation (CSL JSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb.capture.captured import Capture
from kb.capture.escaping import one_line, paragraphs
from kb.capture.identifiers import Named
from kb.capture.web.fetch import Fetcher
from kb.capture.web.sites import SITES
from kb.errors import CaptureError

CSL = "application/vnd.citationstyles.csl+json"
_NO_ABSTRACT = "its publisher gave no abstract; --full takes the text of its page"


class _Name(BaseModel):
    given: str = ""
    family: str = ""
    literal: str = ""

    @property
    def whole(self) -> str:
        return one_line(self.literal or f"{self.given} {self.family}")


class _Issued(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    parts: list[list[int | str | None]] = Field(default_factory=list, alias="date-parts")


class _Work(BaseModel):
    """A work in CSL JSON; some agencies give lists where the format has texts."""

    model_config = ConfigDict(populate_by_name=True)
    title: str | list[str] = ""
    author: list[_Name] = Field(default_factory=list)
    issued: _Issued = _Issued()
    abstract: str | None = None
    journal: str | list[str] = Field(default="", alias="container-title")


def capture_doi(named: Named, fetcher: Fetcher) -> Capture:
    """Title, authors, date, journal and abstract of a work. Raises `CaptureError`."""
    answer = fetcher.fetch(f"{SITES.doi}/{quote(named.identifier, safe='/;()')}", f"{CSL}, application/json;q=0.5")
    try:
        work = _Work.model_validate(json.loads(answer.content))
    except (ValidationError, ValueError, RecursionError) as error:
        raise CaptureError(
            f"{named.address} gives no description that can be read; add the address of its page"
        ) from error
    title = _plain(_first(work.title))
    if not title:
        raise CaptureError(f"{named.address} has no title")
    abstract = _abstract(work.abstract or "")
    fields: Mapping[str, str] = {"doi": named.identifier, "published_in": _plain(_first(work.journal))}
    return Capture(
        key=named.key,
        title=title,
        body="\n\n".join(["## Abstract", *abstract]) + "\n" if abstract else "",
        source=named.address,
        authors=tuple(author.whole for author in work.author if author.whole),
        date=_date(work.issued.parts),
        fields={name: value for name, value in fields.items() if value},
        remarks=() if abstract else (_NO_ABSTRACT,),
    )


def _first(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else next(iter(value), "")


def _date(parts: list[list[int | str | None]]) -> str:
    numbers = [str(part).zfill(2) for part in (parts[0] if parts else []) if str(part or "").isdigit()]
    return "-".join(numbers[:3])


def _plain(markup: str) -> str:
    from lxml import html

    return one_line(html.fromstring(f"<p>{markup}</p>").text_content()) if markup.strip() else ""


def _abstract(jats: str) -> list[str]:
    """The paragraphs of an abstract in JATS, without the heading that only says that it is one."""
    broken = re.sub(r"</?(?:jats:)?(?:p|sec|title)\b[^>]*>", "\n\n", jats)
    found = paragraphs("\n\n".join(_plain(part) for part in re.split(r"\n\s*\n", broken)))
    return found[1:] if found and found[0].strip(".:").casefold() in ("abstract", "summary") else found
