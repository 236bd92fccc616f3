"""How much goes into a post of some length, and how long reading takes."""

from __future__ import annotations

import pytest

from kb.outline.post.length import expected_words, points_for, reading_minutes, sections_for
from kb.reports import Outline, Point, Section

POINT = Point(text="A claim.", path="a.md", start_line=1, end_line=1, sha256="0" * 64)
SECTION = Section(heading="One", points=(POINT, POINT), notes=("a.md",))
OUTLINE = Outline(topic="t", title="T", area="llm", sections=(SECTION, SECTION))


@pytest.mark.parametrize(("words", "sections"), [(100, 2), (1500, 6), (3000, 12), (100_000, 12)])
def test_sections(words: int, sections: int) -> None:
    """A longer post has more sections, from 2 to 12."""
    assert sections_for(words) == sections


def test_points() -> None:
    """The words of a section are those of its points' paragraphs; a section has at least one."""
    assert points_for(1500, 6) == 5
    assert points_for(1500, 3) == 10
    assert points_for(100, 12) == 1


def test_length() -> None:
    """A post has the length that was asked for, or else a paragraph for each point."""
    assert expected_words(OUTLINE) == 200
    assert expected_words(OUTLINE.model_copy(update={"words": 1500})) == 1500


def test_reading_time() -> None:
    """Reading takes at least a minute."""
    assert [reading_minutes(words) for words in (20, 238, 1500)] == [1, 1, 6]
