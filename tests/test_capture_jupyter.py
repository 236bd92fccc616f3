"""Jupyter notebooks as Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from kb.capture.captured import Capture
from kb.capture.jupyter import MAX_BYTES, MAX_OUTPUT_LINES, capture_jupyter
from kb.errors import InputError

PATH = Path("work/study.ipynb")
PYTHON = {"kernelspec": {"language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def markdown(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "execution_count": 1, "outputs": list(outputs)}


def result(**forms: Any) -> dict[str, Any]:
    data = {name.replace("_", "/").replace("svg", "svg+xml"): value for name, value in forms.items()}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def captured(*cells: dict[str, Any], metadata: dict[str, Any] = PYTHON) -> Capture:
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}
    (capture,) = capture_jupyter(json.dumps(notebook).encode(), PATH)
    return capture


def test_cells_and_text_results() -> None:
    """Text and code are kept in order, code with the kernel's language, results as text."""
    table = result(text_plain="   a\n0  1", text_html="<table></table>")
    capture = captured(
        markdown(["# Study\n", "\n", "Some *text*."]), code("x = 1\nx", table), code("print(2)", stream("2\n"))
    )
    assert (capture.key, capture.title, capture.source) == ("work/study.ipynb", "Study", "work/study.ipynb")
    assert capture.body == (
        "Some *text*.\n\n```python\nx = 1\nx\n```\n\n```text\n   a\n0  1\n```\n\n"
        "```python\nprint(2)\n```\n\n```text\n2\n```"
    )
    assert capture.fields == {"language": "python"}
    assert capture.remarks == ()


def test_what_is_left_out_is_counted() -> None:
    """Images, HTML, widgets, standard error and embedded pictures are left out, and each kind is counted."""
    capture = captured(
        markdown("Look ![at](attachment:a.png) and ![this](data:image/png;base64,AAAA)"),
        code(
            "plot()",
            result(image_png="AAAA", text_plain="<Figure size 640x480 with 1 Axes>"),
            result(text_html="<b>x</b>", text_plain="<IPython.core.display.HTML object>"),
            result(**{"application_vnd.jupyter.widget-view+json": {}, "text_plain": "HBox(children=(1,))"}),
            stream("warning", "stderr"),
        ),
    )
    assert capture.remarks == (
        "1 HTML output left out",
        "3 images left out",
        "1 output on standard error left out",
        "1 widget left out",
    )
    assert capture.body == "Look at and this\n\n```python\nplot()\n```"


def test_headings_begin_at_level_2() -> None:
    """Headings below the title are one lower where any is of level 1, and as they were where none is."""
    assert "## Part\n\n### Detail" in captured(markdown("# Title"), markdown("Part\n====\n\n## Detail")).body
    assert "## Part\n\n### Detail" in captured(markdown("# Title"), markdown("## Part\n\n### Detail")).body


def test_the_title() -> None:
    """The title is the first heading, wherever it is; or the file's name; or what the notebook itself says."""
    assert captured(code("1"), markdown("## Later")).title == "Later"
    assert captured(code("1")).title == "study"
    assert captured(code("1"), metadata={"title": "Named"}).title == "Named"
    quarto = {
        "cell_type": "raw",
        "metadata": {},
        "source": "---\ntitle: Stated\nauthor: Ann Lee\ndate: 2024-05-03\n---",
    }
    capture = captured(quarto, markdown("Text"))
    assert (capture.title, capture.authors, capture.date, capture.body) == (
        "Stated",
        ("Ann Lee",),
        "2024-05-03",
        "Text",
    )


def test_a_cell_cannot_swallow_the_next() -> None:
    """An open fence, comment or raw element of one cell ends with it."""
    capture = captured(
        markdown("```py\nopen"), markdown("a <!-- open"), markdown("<script>\nx"), markdown("## Last\n\nend -->")
    )
    tokens = [token.type for token in MarkdownIt().parse(capture.body)]
    assert tokens.count("fence") == 1
    assert tokens[-6:] == ["heading_open", "inline", "heading_close", "paragraph_open", "inline", "paragraph_close"]
    assert "<!--" not in capture.body


def test_long_and_rewritten_output() -> None:
    """A progress bar keeps its last state, colours go, and a long output is cut and counted."""
    capture = captured(code("run()", stream("\x1b[31m10%\x1b[0m\r100%\n" + "line\n" * 500)))
    assert "10%\r" not in capture.body
    assert "100%" in capture.body
    assert capture.body.count("line") == MAX_OUTPUT_LINES - 1
    assert capture.remarks == (f"{501 - MAX_OUTPUT_LINES} lines of output left out",)


def test_a_failed_cell_says_how() -> None:
    """Of an error its name and message are kept."""
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["long"]}
    assert captured(code("f()", error)).body.endswith("```text\nValueError: no\n```")


def test_a_magic_names_the_language() -> None:
    """A cell of another language is fenced as that."""
    assert captured(code("%%bash\nls")).body == "```bash\n%%bash\nls\n```"


def test_version_3() -> None:
    """A notebook of 2013, whose cells stand in worksheets."""
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Old"]},
        {
            "cell_type": "code",
            "language": "python",
            "input": ["1 + 1"],
            "outputs": [{"output_type": "pyout", "text": ["2"]}],
        },
    ]
    notebook = {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    (capture,) = capture_jupyter(json.dumps(notebook).encode(), PATH)
    assert (capture.title, capture.body) == ("Old", "```python\n1 + 1\n```\n\n```text\n2\n```")


HOSTILE = {
    "empty": b"",
    "no JSON": b"<html>",
    "binary": b"\xff\xfe\x00\x01",
    "a list": b"[]",
    "no cells": b'{"nbformat": 4}',
    "empty cells": b'{"cells": []}',
    "cells of text": b'{"cells": ["a", 1, null]}',
    "a cell without a type": b'{"cells": [{"source": "a"}]}',
    "outputs of numbers": b'{"cells": [{"cell_type": "code", "source": "a", "outputs": [3]}]}',
    "metadata of a list": b'{"metadata": [1], "cells": [{"cell_type": "code", "source": "a"}]}',
    "deep": b'{"cells": ' + b"[" * 200_000,
    "large": b" " * (MAX_BYTES + 1),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_notebook(content: bytes) -> None:
    """A file that is no notebook is refused in one line that names it."""
    with pytest.raises(InputError, match=r"study\.ipynb") as error:
        capture_jupyter(content, PATH)
    assert "\n" not in str(error.value)
