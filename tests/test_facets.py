"""Headings of the writer's that ask for one side of the topic."""

from __future__ import annotations

import pytest

from kb.outline.guided.facets import facets_of, telling_words

TOPIC = "Caching in web browsers"


@pytest.mark.parametrize(
    ("heading", "told", "else_told"),
    [
        ("Where it goes wrong", "A stale entry breaks the page.", "Entries are kept by address."),
        ("Drawbacks", "Private windows suffer from cold starts.", "Entries are kept by address."),
        ("What it costs", "Each tab needs 40 MB of memory.", "Entries have a validator."),
        ("How fast is it?", "A hit has a latency of 3 ms.", "Entries have a validator."),
        ("Measuring it", "The hit rate is the metric that counts.", "Entries have a validator."),
        ("Keeping it fresh", "Pages are rebuilt nightly.", "Entries have a validator."),
        ("When to use it", "It helps most on slow lines.", "Entries have a validator."),
        ("In practice", "It is used in all mobile browsers.", "Entries have a validator."),
        ("Alternatives", "A proxy is simpler than a local store.", "Entries have a validator."),
        ("Open problems", "How long entries should live remains unclear.", "Entries have a validator."),
        ("Tooling", "The library ships with a dashboard.", "Entries have a validator."),
        ("Limits of caching", "It fails when addresses change.", "Entries are kept by address."),
    ],
)
def test_sides_of_a_topic(heading: str, told: str, else_told: str) -> None:
    """A heading that any topic could have asks for a side of it, which some sentences tell of and others do not."""
    facets = facets_of(heading, TOPIC)
    assert any(facet.is_told(told, (), opens=False) for facet in facets)
    assert not any(facet.is_told(else_told, (), opens=False) for facet in facets)


@pytest.mark.parametrize(
    ("heading", "told", "else_told"),
    [
        ("缓存的局限", "频繁更新的页面无法命中。", "条目按地址保存。"),
        ("背景与动机", "由于网络很慢，浏览器保存副本。", "条目按地址保存。"),
        ("线上效果", "线上实验中延迟降低了三成。", "条目按地址保存。"),
        ("成本和开销", "每个标签页占用40MB内存。", "条目按地址保存。"),
        ("限界と課題", "更新の多いページには使えないという問題がある。", "項目は番地で保存される。"),
        ("한계점", "자주 바뀌는 페이지에는 문제가 있다.", "항목은 주소로 저장된다."),
        ("Wo sind die Grenzen?", "Der größte Nachteil sind alte Einträge.", "Einträge liegen unter ihrer Adresse."),
        ("Wann es hilft", "Es lohnt sich bei langsamen Leitungen.", "Einträge liegen unter ihrer Adresse."),
        ("Comment ça marche", "Le navigateur apprend les adresses.", "Une entrée par adresse."),
        ("Les coûts", "La mémoire coûte cher.", "Une entrée par adresse."),
        ("Ventajas y desventajas", "La mayor ventaja es la velocidad.", "Una entrada por dirección."),
        ("Kosten", "Each tab needs 40 MB of memory.", "Entries have a validator."),
    ],
)
def test_sides_in_other_languages(heading: str, told: str, else_told: str) -> None:
    """Chinese, Japanese, Korean, German, French and Spanish headings ask for the same sides, of notes in their language
    or in English.
    """
    facets = facets_of(heading, "缓存" if heading.startswith("缓存") else TOPIC)
    assert facets
    assert any(facet.is_told(told, (), opens=False) for facet in facets)
    assert not any(facet.is_told(else_told, (), opens=False) for facet in facets)


@pytest.mark.parametrize(
    ("text", "is_limit"),
    [
        ("Caching is a hard and challenging topic.", False),
        ("Choosing what to evict is an optimization problem.", False),
        ("Caching is hard when addresses change.", True),
        ("The problem is that entries go stale.", True),
        ("Problem: pages are slow because each picture is fetched again.", False),
        ("The paper presents a study of the limitations of stale entries.", False),
        ("Validators were made to solve the problem of stale entries.", False),
        ("标签页隔离解决了条目互相覆盖的问题。", False),
        ("条目过期时页面会出现问题。", True),
    ],
)
def test_that_a_thing_is_hard_is_no_limit_of_it(text: str, is_limit: bool) -> None:
    """A limit says when, why or what goes wrong; that a subject is difficult, or an optimization problem, does not, nor
    that it solves one.
    """
    (limits,) = facets_of("Pitfalls", TOPIC)
    assert limits.is_told(text, (), opens=False) == is_limit


def test_what_stands_under_the_limits_is_not_how_it_works() -> None:
    """Under a heading of the note that asks for the limits stand these, in whatever words."""
    (how,) = facets_of("How it works", TOPIC)
    assert how.is_told("Each entry is computed once.", ("Storing",), opens=False)
    assert not how.is_told("Each entry is computed once.", ("When it backfires",), opens=False)


@pytest.mark.parametrize("heading", ["Validators", "The cost of private windows", "Eviction policies", "Memory"])
def test_headings_with_a_subject_of_their_own(heading: str) -> None:
    """A heading that names more than a side of its topic is about what it names."""
    assert not facets_of(heading, TOPIC)
    assert telling_words(heading, TOPIC)


def test_a_heading_above_tells_too() -> None:
    """What stands under a heading for the same side is on it in any words; notes open with what it is about."""
    (limits,) = facets_of("Limits", TOPIC)
    assert limits.is_told("Entries are kept by address.", ("Known issues",), opens=False)
    assert not limits.is_told("Entries are kept by address.", ("Eviction",), opens=True)
    assert not limits.is_told("Entries are kept by address.", ("Problem setting",), opens=False)
    (how,) = facets_of("How it works", TOPIC)
    assert how.is_told("Entries live for a day.", (), opens=True)
