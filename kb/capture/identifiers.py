"""What an argument of `kb add` names: an address, a paper, or a file. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

Kind = Literal["page", "arxiv", "doi", "openreview", "acl"]

_ARXIV_ID = r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?P<version>v\d+)?"
_ARXIV = re.compile(
    rf"(?:arxiv:\s*{_ARXIV_ID}|{_ARXIV_ID.replace('<id>', '<id2>').replace('<version>', '<v2>')})", re.I
)
_ARXIV_ADDRESS = re.compile(rf"/(?:abs|pdf|html|format)/{_ARXIV_ID}(?:\.pdf)?/?", re.I)
_ARXIV_HOSTS = ("arxiv.org", "export.arxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org", "alphaxiv.org")
_DOI = re.compile(r"(?:doi:\s*)?(10\.\d{4,9}/\S+)", re.I)
_DOI_HOSTS = ("doi.org", "dx.doi.org")
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.I)
_ACL_PAPER = re.compile(
    r"/(?:anthology/)?([A-Z]\d{2}-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+)(?:v\d+)?(?:\.pdf)?/?", re.I
)
# What tells a site where a reader came from, and never what is shown.
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|yclid|twclid|igshid|igsh|mc_[ce]id|_hs(?:enc|mi)|ref_(?:src|url)|vero_\w+|oly_\w+|"
    r"spm|si|trk|cmpid|ref|publication_id|post_id|isFreemail|triedRedirect",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Named:
    """A thing to capture: what it is, the key that tells it from all others, and the address to fetch."""

    kind: Kind
    key: str
    address: str

    @property
    def identifier(self) -> str:
        """The key without its scheme: the arXiv id, the DOI."""
        return self.key.partition(":")[2]


def identify(text: str) -> Named | None:
    """What an address or an identifier names; None for anything else, such as a path."""
    text = text.strip()
    if re.match(r"https?://", text, re.I):
        return _by_address(text)
    if arxiv := _ARXIV.fullmatch(text):
        return _arxiv(arxiv["id"] or arxiv["id2"], arxiv["version"] or arxiv["v2"])
    if doi := _DOI.fullmatch(text):
        return _doi(doi[1])
    return None


def misspelt(text: str) -> str | None:
    """Why what is no path, by how it begins, is no address or identifier that can be captured; None for a path."""
    text = text.strip()
    if scheme := re.match(r"([a-z][a-z0-9+.-]*)://", text, re.I):
        return f"is an address of {scheme[1].lower()}, and kb fetches http and https; download it, and add the file"
    if re.match(r"arxiv:", text, re.I):
        return "is no arXiv id; write it like arXiv:1706.03762 or arXiv:hep-th/9901001"
    if re.match(r"doi:", text, re.I):
        return "is no DOI; write it like doi:10.1000/182"
    return None


def without_tracking(address: str) -> str:
    """An address in one spelling: without fragment, tracking parameters, default port and final slash."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    port = parts.port if parts.port not in (None, {"http": 80, "https": 443}.get(parts.scheme)) else None
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if not _TRACKING.fullmatch(name)]
    place = f"[{host}]" if ":" in host else host
    return urlunsplit(
        (parts.scheme.lower(), f"{place}:{port}" if port else place, parts.path.rstrip("/"), urlencode(query), "")
    )


def _by_address(address: str) -> Named:
    try:
        parts = urlsplit(address)
        key = without_tracking(address)
    except ValueError:
        return Named("page", address, address)
    host = (parts.hostname or "").removeprefix("www.")
    if host in _ARXIV_HOSTS and (paper := _ARXIV_ADDRESS.fullmatch(parts.path)):
        return _arxiv(paper["id"], paper["version"])
    if host in _DOI_HOSTS and (doi := _DOI.fullmatch(unquote(parts.path).strip("/"))):
        return _doi(doi[1])
    if host == "openreview.net" and parts.path in ("/forum", "/pdf") and (id := parse_qs(parts.query).get("id")):
        return Named("openreview", f"openreview:{id[0]}", f"https://openreview.net/forum?id={id[0]}")
    if host in ("aclanthology.org", "aclweb.org") and (acl := _ACL_PAPER.fullmatch(parts.path)):
        return Named("acl", f"acl:{acl[1]}", f"https://aclanthology.org/{acl[1]}/")
    return Named("page", re.sub(r"^http://", "https://", key), address)


def _arxiv(id: str, version: str | None) -> Named:
    id = id if "." in id and "/" not in id else id.lower() if "." not in id else id
    return Named("arxiv", f"arxiv:{id}", f"https://arxiv.org/abs/{id}{(version or '').lower()}")


def _doi(doi: str) -> Named:
    doi = doi.rstrip(".,;")
    if inner := _ARXIV_DOI.fullmatch(doi):
        return _arxiv(inner[1], None)
    return Named("doi", f"doi:{doi.lower()}", f"https://doi.org/{doi}")
