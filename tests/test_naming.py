"""A note is found by its path, its file name without extension, its title, or a part of these."""

from __future__ import annotations

import pytest
from test_links import record

from kb.errors import InputError
from kb.notes.naming import find_note

NOTES = [
    record("notes/gcn.md", title="Graph convolution"),
    record("notes/gat.md", title="Graph attention"),
    record("posts/gat.md", title="Attention on graphs"),
    record("notes/multi-head-latents.md", title="DeepSeek-V2 (MLA)", aliases=("latent caches",)),
]


@pytest.mark.parametrize("name", ["notes/gcn.md", "notes/gcn", "gcn", "GCN", "graph convolution", "gc", "convolut"])
def test_a_note_is_found_by_name(name: str) -> None:
    """File names, titles and parts of them are compared regardless of case."""
    assert find_note(NOTES, name, name).path == "notes/gcn.md"


@pytest.mark.parametrize("name", ["mla", "head-latent", "Latent caches", "deepseek"])
def test_a_note_is_found_by_a_part_or_an_alias(name: str) -> None:
    """The only note with a part of its file name or title, or with an alias, is the one that is meant."""
    assert find_note(NOTES, name, name).path == "notes/multi-head-latents.md"


def test_what_is_removed_is_named_in_full() -> None:
    """Where a part is not enough, it matches nothing."""
    with pytest.raises(InputError, match="there is no note 'mla'"):
        find_note(NOTES, "mla", "mla", by_part=False)


def test_a_path_from_the_working_directory() -> None:
    """A path that the caller resolved is found, whatever the user typed."""
    assert find_note(NOTES, "../notes/gcn.md", "notes/gcn.md").path == "notes/gcn.md"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gat", "'gat' matches several notes: notes/gat.md, posts/gat.md; give the path of one"),
        (
            "attention",
            "'attention' matches several notes: notes/gat.md, posts/gat.md; give the path of one",
        ),
        ("gnc", "there is no note 'gnc'; did you mean gcn?"),
        ("zebra", "there is no note 'zebra'; `kb list` shows all notes"),
    ],
)
def test_a_name_that_does_not_identify_a_note(name: str, message: str) -> None:
    """The error suggests what to type instead."""
    with pytest.raises(InputError) as raised:
        find_note(NOTES, name, name)
    assert str(raised.value) == message


def test_an_empty_notebook() -> None:
    """Without any notes, the error says to add some."""
    with pytest.raises(InputError, match="run `kb add`"):
        find_note([], "gcn", "gcn")
