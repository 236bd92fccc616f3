"""Starting a note: new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.finding.editor import start_editor
from kb.cli.parameters import AREA, TextType, as_text
from kb.cli.session import knowledge_base
from kb.decisions import is_under_any

if TYPE_CHECKING:
    from kb.models import FiledArea


@click.command(
    "new",
    epilog="""\b
Examples:
  kb new "Paged attention, read again" --area llm
  kb new "Reading list" --template blank
  kb new "GraphSAGE" --template ~/frames/paper.md --no-open
""",
)
@click.argument("title", type=TextType())
@click.option("--area", type=AREA, help="Area of the note, for its front matter.")
@click.option(
    "--template", default="note", show_default=True, metavar="NAME|FILE", help="Frame of the note: note, blank, a file."
)
@click.option("--no-open", is_flag=True, help="Only print the path, without opening the note.")
def new_command(title: str, area: FiledArea | None, template: str, no_open: bool) -> int:
    """Start a note from a template, in your editor.

    The note is a new file under notes/, named after its title, with title, date
    and area in its front matter. The template "note" has the headings Summary,
    Claims, Numbers and Open questions, "blank" has none, and FILE is a Markdown
    file of your own. No file is ever replaced.
    """
    with knowledge_base() as knowledge:
        path = knowledge.new(title, area, as_text(template))
        held = is_under_any(path.relative_to(knowledge.root).as_posix(), knowledge.sources())
        shown = path.relative_to(knowledge.root).as_posix()
    code = 0 if no_open else start_editor(path, len(path.read_text(encoding="utf-8").splitlines()))
    rooms.terminal.say(str(path))
    rooms.terminal.notice("`kb sync` takes it in once it is written" if held else f"`kb add {shown}` takes it in")
    return code
