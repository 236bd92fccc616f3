"""Headings in sentence case, with names and abbreviations as they are written in prose. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from kb.areas.concepts import Concepts
from kb.search.query import STOPWORDS

SHORT = 4  # letters of a word in capitals, up to which it is taken for an abbreviation where no text has it
MARKS_BEFORE = 40  # characters between sentences that are looked at: more would take long in long lines
COMMON_SHARE = 0.25  # of the sentences that write a word with a capital; names are written without one less often

_PART = re.compile(r"[^\W_]+(?:['’][^\W_]+)*\+*")
_WORD = re.compile(rf"{_PART.pattern}(?:-{_PART.pattern})*")
_PROSE = re.compile(r"^(?!\s*#).*$", re.MULTILINE)
# A capital after one of these begins a sentence, and says nothing but where another word with a capital follows.
_STARTS = re.compile(r"(?:^|[.!?:;|•>*)\]–—\"“‘]|\s-|\d[.)])\W*$")
_NAME_GOES_ON = re.compile(r" [A-Z]")
_OPENS = re.compile(r"(?:^|[.!?:–—]\s|\s-\s)\W*$")
_CAPITAL_INSIDE = re.compile(r"\w[A-Z]")
# Code, and what a link calls a note: no prose.
_NO_PROSE = re.compile(
    r"^(?:```|~~~).*?(?:^(?:```|~~~)|\Z)|`[^`\n]+`|\[\[[^\]|\n]{0,200}[\]|]", re.MULTILINE | re.DOTALL
)
_ARTICLE = re.compile(r"A(?= (?!(?:to|and|or|vs|is)\b)\w)")


class Spellings:
    """How words are written inside the sentences of some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        lines = (line for text in texts for line in _PROSE.findall(_NO_PROSE.sub(" ", text)))
        self._lines = [(line.lower(), line) for line in lines if line]
        self._forms: dict[str, Counter[str]] = {}

    def _forms_of(self, word: str) -> Counter[str]:
        """How often a word, given in small letters, has each of its spellings."""
        if word not in self._forms:
            lines = (line for small, line in self._lines if word in small)
            self._forms[word] = Counter(form for line in lines for form in _forms_in(line) if form.lower() == word)
        return self._forms[word]

    def with_capitals(self, name: str) -> str:
        """The commonest spelling of a name with capitals inside, if it is not rare; otherwise an empty string."""
        forms = self._forms_of(name.lower())
        best = max(filter(_CAPITAL_INSIDE.search, forms), key=forms.__getitem__, default="")
        return best if forms[best] >= COMMON_SHARE * max(forms.values(), default=0) else ""

    def usual(self, word: str) -> str:
        """The commonest spelling of a word, that of a common word where it is not always a name; an empty string where
        no sentence has it.
        """
        forms = self._forms_of(word.lower())
        if not forms:
            return ""
        form, count = forms.most_common(1)[0]
        small = form.lower()
        return small if _is_capitalised(form) and forms[small] >= COMMON_SHARE * count else form


def _forms_in(line: str) -> Iterator[str]:
    """The words of a line and their parts between hyphens, without those whose capital may be that of a sentence."""
    for match in _WORD.finditer(line):
        if not (_is_capitalised(match[0]) and _opens(line, match)):
            yield from {match[0], *_PART.findall(match[0])}


def _opens(line: str, word: re.Match[str]) -> bool:
    """Whether a word begins a sentence, and no name of several words."""
    before = max(word.start() - MARKS_BEFORE, 0)
    return bool(_STARTS.search(line, before, word.start())) and not _NAME_GOES_ON.match(line, word.end())


@cache
def usual_spellings(concepts: Concepts) -> Spellings:
    """How what is known of the areas writes its words."""
    return Spellings(text for text, _ in concepts.texts)


def sentence_case(heading: str, notes: Spellings, usual: Spellings) -> str:
    """A heading with a capital at its start. One whose words all begin with capitals, or have no other letters, keeps
    only those that its words have inside sentences: of some notes, or else of what is `usual`. Any other is its
    author's, who knows which words are names; only those with capitals inside are written as they are known. A
    subject before a colon is a heading of its own.
    """
    is_title = _is_title(heading)
    first, *rest = [heading] if heading.isupper() else heading.split(": ")
    pairs = [(part, _in_case(part, notes, usual, is_title)) for part in rest]
    below = [part if part[1:] == written[1:] else written for part, written in pairs]
    return ": ".join([_in_case(first, notes, usual, is_title), *below])


def _in_case(heading: str, notes: Spellings, usual: Spellings, is_title: bool) -> str:
    """A heading, or a part of one whose words all begin with capitals if that `is_title`, in sentence case."""
    if heading.islower() and (name := notes.with_capitals(heading)):
        return name
    shouted = heading.isupper() and (" " in heading or len(heading) > SHORT)
    if not (shouted or is_title or _is_title(heading)):
        return _begun(_WORD.sub(lambda match: _abbreviation(match[0], notes, usual), heading))

    def in_sentence(word: str) -> str:
        if not shouted and not word.islower() and not _is_capitalised(word):
            return word
        form = notes.usual(word) or usual.usual(word)
        if _is_capitalised(form) and usual.usual(word).islower():
            return form.lower()
        if form:
            return form
        return word.lower() if _is_capitalised(word) or len(word) > SHORT else word

    def cased(match: re.Match[str]) -> str:
        word, is_article = match[0], _ARTICLE.match(heading, match.start())
        if word.lower() in STOPWORDS and (shouted or word[-1].islower() or is_article):
            form = word.lower() if word.lower() != "i" else "I"
        elif "-" not in word or (notes.usual(word) and not all(map(_is_capitalised, word.split("-")))):
            form = in_sentence(word)
        else:
            form = "-".join(map(in_sentence, word.split("-")))
        opens = _OPENS.search(heading[: match.start()]) and word[0].isupper() and form.split("-")[0].islower()
        return _opened(form) if opens else form

    return _begun(_WORD.sub(cased, heading))


def _abbreviation(word: str, notes: Spellings, usual: Spellings) -> str:
    """A word as it is written inside sentences if it has capitals inside there, as `Llms` and `pytorch`, from the name
    of a file.
    """
    if not (word.islower() or _is_capitalised(word)) or word.lower() in STOPWORDS:
        return word
    singular = word[:-1] if word.endswith("s") else word
    known = notes.usual(word) or usual.usual(word) or usual.usual(singular) + word[len(singular) :]
    return known if _CAPITAL_INSIDE.search(known) and known.lower() == word.lower() else word


def _begun(heading: str) -> str:
    """A heading with a capital at its start, unless its first word has capitals elsewhere: "vLLM"."""
    return heading if any(map(str.isupper, heading.split(" ")[0])) else _opened(heading)


def _opened(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]


def _is_capitalised(word: str) -> bool:
    """Whether only the first letter of a word, or of its part before a hyphen, is a capital."""
    return len(word) > 1 and word[0].isupper() and word[1:].islower()


def _is_title(heading: str) -> bool:
    """Whether all words of a heading but the small ones have capitals, of which the first says nothing."""
    words = _PART.findall(heading)
    small = [word for word in words[1:] if word[0].islower() and word not in STOPWORDS]
    return sum(map(_is_capitalised, words)) > 1 and not small
