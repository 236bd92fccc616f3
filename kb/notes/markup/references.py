"""The works that a text cites: arXiv ids, DOIs and other addresses, each in one spelling. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pydantic import JsonValue

from kb.notes.markup.front_matter import as_texts
from kb.notes.prose import clean

SOURCE_KEYS = ("source", "sources", "arxiv", "doi", "url", "link")

_ARXIV_ID = r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_ARXIV = re.compile(
    rf"(?:arxiv:\s*|(?:arxiv\.org|ar5iv\.org|ar5iv\.labs\.arxiv\.org|alphaxiv\.org)/(?:abs|pdf|html)/"
    rf"|huggingface\.co/papers/|10\.48550/arxiv\.)({_ARXIV_ID})",
    re.I,
)
_BARE_ARXIV = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?")
_DOI = re.compile(r"\b(10\.(?!48550/arxiv\.)\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9])", re.I)
_URL = re.compile(r"https?://(?:[^\s<>\"'`\[\](){}]|\([^\s<>()]*\))*(?:[^\s<>\"'`\[\](){}.,;:!?]|\([^\s<>()]*\))")
_ANCHORED = re.compile(
    r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])+)\]\(\s*<?(https?://(?:[^()\s<>]|\([^()\s]*\))+)>?(?:\s+[\"'][^\"']*[\"'])?\s*\)"
)
_VIDEO = re.compile(
    r"https?://(?:youtu\.be/|(?:www\.|m\.)?youtube\.com/(?:watch\?(?:\S*&)?v=|embed/|live/))([\w-]{11})\b\S*"
)
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|mc_[ce]id)=")  # where a reader came from
# What a page needs or shows next to its text, and people: these are not works.
_NO_WORK = re.compile(
    r"\.(?:css|js|mjs|woff2?|ttf|ico|png|jpe?g|gif|svg|webp|avif|mp4|webm|mp3)(?:[?#]|$)"
    r"|//(?:[\w-]+\.)*(?:shields\.io|badge\.fury\.io|badgen\.net|travis-ci\.(?:org|com)|codecov\.io|coveralls\.io|"
    r"gravatar\.com|fonts\.googleapis\.com|cdn\.jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com)(?:[/:?#]|$)"
    r"|//(?:[\w-]+\.)?(?:twitter|x|facebook|instagram|threads)\.(?:com|net)/[^/\s]*/?$"
    r"|//(?:[\w-]+\.)?(?:linkedin\.com/(?:in|company)|t\.me|discord\.(?:gg|com/invite)|mastodon\.social/@[^/\s]*$)(?:/|$)"
    r"|//colab\.research\.google\.com/assets/|/actions/workflows/[^/\s]+/badge",
    re.IGNORECASE,
)


class Citation(NamedTuple):
    """A work that a text cites, and the words that link to it, if any."""

    reference: str
    anchor: str


def citations_in(text: str) -> list[Citation]:
    """The works that a text cites, each once, those with an anchor first; its own files and people are not works."""
    anchored = [(match[2], clean(match[1])) for match in _ANCHORED.finditer(text)]
    found: dict[str, str] = {}
    for url, anchor in anchored:
        for reference in map(without_tracking, _references(url)):
            if not _URL.match(anchor):
                found[reference] = found.get(reference) or anchor
    for reference in map(without_tracking, _references(text)):
        found.setdefault(reference, "")
    return [Citation(reference, anchor) for reference, anchor in found.items()]


def sources_of(front_matter: dict[str, JsonValue]) -> tuple[str, ...]:
    """The works that a note is about, by its `source` keys."""
    named = (source for key in SOURCE_KEYS for source in as_texts(front_matter.get(key), r"[,\s]+(?=\S)"))
    return tuple(dict.fromkeys(_sources(named)))


def _sources(named: Iterable[str]) -> Iterator[str]:
    for source in named:
        if _BARE_ARXIV.fullmatch(source):
            yield f"arXiv:{source.split('v')[0]}"
        else:
            yield from _references(source)


def without_tracking(reference: str) -> str:
    """A reference without what its address tells of where a reader came from."""
    address, mark, fragment = reference.partition("#")
    place, asked, query = address.partition("?")
    kept = [part for part in query.split("&") if not _TRACKING.match(part)]
    return f"{place}{asked if any(kept) else ''}{'&'.join(kept)}{mark}{fragment}"


def reference_url(reference: str) -> str:
    """The address of an arXiv id, a DOI or a URL."""
    scheme, _, value = reference.partition(":")
    return {"arXiv": f"https://arxiv.org/abs/{value}", "doi": f"https://doi.org/{value}"}.get(scheme, reference)


def _references(text: str) -> list[str]:
    """ArXiv ids, DOIs and other URLs of a text, in order of kind and appearance."""
    arxiv = [f"arXiv:{match[1]}" for match in _ARXIV.finditer(text)]
    doi = [f"doi:{match[1]}" for match in _DOI.finditer(text)]
    urls = [url[0] for url in _URL.finditer(text) if not _is_known_otherwise(url[0]) and not _NO_WORK.search(url[0])]
    return list(dict.fromkeys([*arxiv, *doi, *map(_of_whole_video, urls)]))


def _of_whole_video(url: str) -> str:
    """The address of a video without the moment at which it is to begin; any other URL as it is."""
    video = _VIDEO.match(url)
    return f"https://www.youtube.com/watch?v={video[1]}" if video else url


def _is_known_otherwise(url: str) -> bool:
    return "doi.org/" in url or bool(_ARXIV.search(url))
