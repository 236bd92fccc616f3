"""The guides of the manual as HTML for the page."""

from __future__ import annotations

import re
from functools import cache

from kb.guides import SUBJECTS, read_guide
from kb.reports import GuideList, RenderedGuide
from kb.serve.page.markdown import rendered

GUIDE_VIEW = "#/help?guide="

_MENTION = re.compile(rf"<code>kb help ({'|'.join(SUBJECTS)})</code>")


@cache
def rendered_guides() -> GuideList:
    """All guides, in the order of the manual."""
    return GuideList(guides=tuple(_rendered(subject, summary) for subject, summary in SUBJECTS.items()))


def _rendered(subject: str, summary: str) -> RenderedGuide:
    """A guide, in which `kb help SUBJECT` is a link to that guide."""
    text = read_guide(subject)
    title = text.partition("\n")[0].removeprefix("# ")
    html = _MENTION.sub(rf'<a href="{GUIDE_VIEW}\1">\g<0></a>', rendered(text, title, {}))
    return RenderedGuide(subject=subject, summary=summary, title=title, html=html)
