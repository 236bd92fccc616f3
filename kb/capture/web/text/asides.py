"""What stands in an article without being of it: labels, bylines, tags, credits, invitations, and leads to others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kb.capture.escaping import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

RUNNING = 80  # characters of a paragraph of the text; bylines and labels have fewer
MOST_OF_BYLINE = 100  # characters
MOST_WORDS_BESIDE_NAMES = 5  # of a byline
MOST_ASIDE = 0.5  # of all text; where there seems to be more, it is the text, as the captions of a slide show are
MOST_OF_ASIDE = 500  # characters; what says more says it of something
WORDS_OF_LEAD = 4  # in a paragraph that is the title of another text
SHARE_OF_LINKS = 0.8  # of the letters of a line of tags
WORDS_OF_CREDIT = 10  # at the end of a line about a picture
MOST_SIGNS = 3  # elements in a box of a heading, of which the others show nothing
MOST_OF_LEADS = 500  # elements under a heading of other texts
MOST_CLOSINGS = 10  # sections after a text
MOST_AUTHORS = 10  # whose names a byline has
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = (
    *_HEADINGS,
    *("address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure"),
    *("form", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "td", "th", "tr", "ul"),
)
_QUOTED = ("pre", "code", "table", "blockquote")
_LISTS = ("ul", "ol", "dl")
_LABEL = re.compile(
    r"advert(?:isements?|s|ising)?|sponsored(?: content)?|anzeige|werbung|publicit[ée]|publicidade?|pubblicità|iklan"
    r"|реклама|広告|close|share|print|video|loading|text size|read later|(?:read|learn) more|(?:scroll )?back to top"
    r"|subscribe(?: now)?|sign up|report (?:an )?error|continue reading(?: below)?|(?:image|slide|photo) \d+ of \d+"
    r"|view (?:all|comments)(?: \(\d+\))?|\d*\s*comments?(?: \(\+?\d*\))?|media playback is unsupported on your device"
)
_SHARING = re.compile(
    r"facebook\.com/(?:sharer|share|dialog)|(?:twitter|x)\.com/(?:share|intent|home\?status)|linkedin\.com/share"
    r"|pinterest\.[a-z.]+/pin/create|reddit\.com/submit|whatsapp\.com/send|t\.me/share|wa\.me/\?"
    r"|news\.ycombinator\.com/submitlink|getpocket\.com/(?:save|edit)|tumblr\.com/(?:share|widgets)|plus\.google\.com/share"
)
_TAGS = re.compile(r"/(?:tags?|category|categories|topics?|social-tags|sections?|authors?|people|person)(?:/|$)", re.I)
_TAG_QUERY = re.compile(r"(?:^|&)(?:tag|cat|category|author)=", re.I)
_TAGGED = re.compile(
    r"\W*(?:tag(?:s|ged)?(?: (?:in|with|as))?|filed under|posted in|topics?|categor(?:y|ies)|タグ)\W*", re.I
)
_MORE = (
    r"related(?: (?:articles?|posts?|stor(?:y|ies)|contents?|news|links?|topics?|reading|roundup|coverage))?"
    r"|(?:read|see|also|find|discover) (?:more|next|also)(?: (?:on|from|about|at|in) .{1,40})?|also(?: on .{1,30})?"
    r"|more|(?:more|latest|popular|trending) (?:on|from|in|about) .{1,40}"
    r"|more (?:great )?(?:\w+ ){0,3}(?:stories|articles|news|posts)"
    r"|you (?:may|might) also (?:like|enjoy|be interested in)|recommended(?: (?:for you|reading|stories|articles))?"
    r"|trending(?: (?:now|news|stories))?|most (?:read|popular|viewed|shared)(?: .{1,30})?|don[’']?t miss"
    r"|(?:top|latest|breaking|partner|popular|recent) (?:stories|news|posts|articles)|explore further"
    r"|auch interessant|mehr zum thema|lesen sie auch|à? ?lire aussi|sur le même sujet|[lt]e puede interesar"
    r"|lee también|leia (?:mais|também)|veja também|leggi anche(?: su)?|baca juga|関連記事"
)
_LEADING = re.compile(_MORE, re.I)
_LEAD = re.compile(rf"\W*(?:{_MORE})\W*(?P<rest>.*)", re.I)
_CLOSING = re.compile(
    r"\d*\s*comments?(?: \(\d+\))?|leave a (?:comment|reply)|join the (?:conversation|discussion)"
    r"|about the authors?|share this(?: (?:article|page|post|story))?|tags?|filed under|(?:our |the )?newsletter"
    r"|(?:places|organizations|people|companies) in (?:this|the) story|(?:tell us )?what (?:do )?you think",
    re.I,
)
_INVITATION = re.compile(
    r"\bsubscribe (?:now|today|here|to (?:our|my|.{1,40}(?:newsletter|youtube|podcast)))"
    r"|\bclick (?:here )?to (?:subscribe|tweet)|\bclick(?:ing)? here to (?:get|read|subscribe|support|sign)"
    r"|\b(?:sign up|join|get|subscribe)\b.{0,80}\b(?:newsletter|your inbox|mailing list)"
    r"|newsletter.{0,60}\b(?:sign up|subscribe)|\bfollow (?:us|me|him|her|them|@?\w+(?:[’']s)?(?: \w+){0,4})"
    r" (?:at|on) (?:\w+ )?(?:@|twitter|facebook|instagram|linkedin)"
    r"|\bfollow @\w+|\blike this (?:story|article|post)\?|\bif you (?:enjoyed|liked) (?:reading )?this"
    r"|\b(?:have|got) a (?:news )?tip\?|\bcontributed (?:reporting|to this (?:report|story|article))\b"
    r"|^\W*(?:additional )?reporting by\b|\bmay not be (?:published|reproduced)\b|\ball rights reserved\b",
    re.I,
)
_AGENCY = re.compile(
    r"getty|\breuters/|/reuters|/\s?afp\b|\bap photo|associated press$|shutterstock|istock|alamy|©", re.I
)
_CREDIT = re.compile(
    r"(?:^\W*|[(\[])(?:(?:file |top |main )?(?:photo(?:graph)?s?|image|illustration|picture)"
    r"(?: courtesy| credit)?(?::| (?:by|via)\b)|credit:|courtesy of|file:|file photo|(?:image|media) ?caption)"
    r"|\bphotos? by\b|(?<=[a-z.] )credit: ",
    re.I,
)


def drop_asides(article: HtmlElement, authors: Sequence[str], date: str, address: str) -> None:
    """Let what is not of the text leave an article of a page that says that it is one. Its links are absolute."""
    host = _host(address)
    _drop_leads(article, host)
    _drop_closings(article)
    pieces = [(piece, text) for piece in _pieces(article) if (text := one_line(piece.text_content()))]
    running = [n for n, (piece, text) in enumerate(pieces) if len(text) >= RUNNING and not _is_above(piece)]
    first, last = (running[0], running[-1]) if running else (len(pieces), -1)
    asides = []
    for number, (piece, text) in enumerate(pieces):
        around = not first <= number <= last
        if len(text) <= MOST_OF_ASIDE and (
            (around and _is_byline(piece, text, authors, date)) or _is_aside(piece, text, host)
        ):
            asides.append((piece, text))
    if sum(len(text) for _, text in asides) <= MOST_ASIDE * sum(len(text) for _, text in pieces):
        for piece, _ in asides:
            piece.clear(keep_tail=True)


def _pieces(article: HtmlElement) -> Iterator[HtmlElement]:
    """The elements that stand by themselves: blocks that hold none, and whatever is alone between blocks."""
    holders: set[HtmlElement] = set()
    elements = list(article.iter())
    has_text = dict.fromkeys(elements, False)
    for element in reversed(elements):
        has_text[element] = has_text[element] or not _is_blank(element.text)
        above = element.getparent()
        if above in has_text:
            has_text[above] = has_text[above] or has_text[element] or not _is_blank(element.tail)
            if element in holders or (element.tag in _BLOCKS and has_text[element]):
                holders.add(above)
    for element in elements:
        if not has_text[element] or element in holders or element.tag in _QUOTED:
            continue
        if next(element.iterancestors(*_QUOTED), None) is None and (
            element.tag in _BLOCKS or _is_alone(element, holders)
        ):
            yield element


def _is_alone(element: HtmlElement, holders: set[HtmlElement]) -> bool:
    before, above = element.getprevious(), element.getparent()
    return above in holders and _is_blank(element.tail) and _is_blank(above.text if before is None else before.tail)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _is_above(piece: HtmlElement) -> bool:
    """Whether a long piece may stand above the byline of a text, as a summary or a picture does."""
    return piece.tag in (*_HEADINGS, "figcaption") or next(piece.iterancestors("figure"), None) is not None


def _is_aside(piece: HtmlElement, text: str, host: str) -> bool:
    links = [link for link in piece.iter("a") if link.get("href")]
    if links and (_is_of_tags(text, links, host) or _is_lead(piece, text, links, host)):
        return True
    if _INVITATION.search(text) and (links or _is_set_apart(piece, text)):
        return True
    if piece.tag in (*_HEADINGS, "li"):
        return False
    return bool(_LABEL.fullmatch(text.casefold().strip(" .:…!*•|[]()"))) or _is_credit(piece, text)


def _is_of_tags(text: str, links: Sequence[HtmlElement], host: str) -> bool:
    """Whether a line does nothing but lead to lists of texts of the site, or to where it is shared."""
    tags = (link for link in links if _leads_to_tags(link.get("href"), host))
    return sum(_letters(link.text_content()) for link in tags) >= SHARE_OF_LINKS * _letters(
        _TAGGED.sub("", text, count=1)
    )


def _leads_to_tags(address: str, host: str) -> bool:
    parts = urlsplit(address)
    tagged = _TAGS.search(parts.path) or _TAG_QUERY.search(parts.query)
    return bool(_SHARING.search(address) or (tagged and _host(address) == host))


def _is_lead(piece: HtmlElement, text: str, links: Sequence[HtmlElement], host: str) -> bool:
    """Whether a paragraph is the title of another text, which it leads to."""
    linked = sum(_letters(link.text_content()) for link in links)
    if (match := _LEAD.fullmatch(text)) and 0 < _letters(match["rest"]) <= linked:
        return True
    if piece.tag in _HEADINGS or next(piece.iterancestors(*_LISTS), None) is not None:
        return False
    to_site = all(_host(link.get("href")) == host for link in links)
    return to_site and len(text.split()) >= WORDS_OF_LEAD and linked == _letters(text)


def _is_byline(piece: HtmlElement, text: str, authors: Sequence[str], date: str) -> bool:
    """Whether a line says who wrote a text, or when, which its note says by itself."""
    if piece.tag in _HEADINGS or len(text) > MOST_OF_BYLINE:
        return False
    rest = text
    for name in authors[:MOST_AUTHORS]:
        rest = rest.replace(name, "")
    year, day = date[:4], date[8:].lstrip("0")
    dated = bool(day) and year in text and re.search(rf"\b0?{day}(?:\b|st|nd|rd|th)", text) is not None
    return (rest != text or dated) and len(re.findall(r"[^\W\d_]{2,}", rest)) <= MOST_WORDS_BESIDE_NAMES


def _is_credit(piece: HtmlElement, text: str) -> bool:
    """Whether a line says whose a photograph is, alone or below one."""
    classes = " ".join(each.get("class") or "" for each in (piece, piece.getparent()))
    below = next(piece.iterancestors("figure"), None) is not None or "caption" in classes.lower()
    if below or piece.tag == "figcaption":
        return bool(_CREDIT.search(text) or _AGENCY.search(text))
    found = _CREDIT.search(text)
    return found is not None and len(text[found.start() :].split()) <= WORDS_OF_CREDIT and not text.endswith((".", ":"))


def _is_set_apart(piece: HtmlElement, text: str) -> bool:
    marked = sum(_letters(each.text_content()) for each in piece.iter("em", "i", "b", "strong"))
    return piece.tag in _HEADINGS or marked >= SHARE_OF_LINKS * _letters(text) or len(text) < RUNNING


def _drop_leads(article: HtmlElement, host: str) -> None:
    """What is headed as other texts of the site, while it leads to them."""
    for piece in list(_pieces(article)):
        heading = one_line(piece.text_content())
        if len(heading) < RUNNING and _LEADING.fullmatch(heading.strip(" .:…!?")):
            top = _alone_in(piece, article)
            leading = list(takewhile(lambda follower: _leads_on(follower, host), top.itersiblings()))
            for element in [top, *leading] if leading else []:
                element.clear(keep_tail=True)


def _alone_in(piece: HtmlElement, article: HtmlElement) -> HtmlElement:
    """The outermost element that holds a piece and nothing else, beside signs."""
    above = piece.getparent()
    while above not in (None, article) and _is_blank(above.text) and _is_blank(piece.tail):
        inside = list(islice(above, MOST_SIGNS + 1))
        if len(inside) > MOST_SIGNS or any(each is not piece and each.text_content().strip() for each in inside):
            break
        piece, above = above, above.getparent()
    return piece


def _leads_on(element: HtmlElement, host: str) -> bool:
    """Whether each paragraph of an element leads to another text of the site, and they say little of these."""
    if next(islice(element.iter(), MOST_OF_LEADS, None), None) is not None:
        return False
    pieces = list(_pieces(element))
    said = 0
    for piece in pieces:
        links = [link for link in piece.iter("a") if _host(link.get("href") or "") == host]
        if not links:
            return False
        said += len(one_line(piece.text_content())) - sum(len(one_line(link.text_content())) for link in links)
    return said <= RUNNING * len(pieces)


def _drop_closings(article: HtmlElement) -> None:
    """The last sections, if their headings say that they are not of the text."""
    for heading in list(article.iter(*_HEADINGS))[: -MOST_CLOSINGS - 1 : -1]:
        text = one_line(heading.text_content()).strip(" .:…!?")
        if text and not _CLOSING.fullmatch(text):
            break
        if text:
            for element in [*heading.itersiblings(), heading]:
                element.clear(keep_tail=True)


def _letters(text: str) -> int:
    return len(re.sub(r"\W+", "", text))


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")
