"""The runs of a page in reading order: column after column between the lines that span them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kb.capture.paper.characters import Run

FEWEST = 4  # runs of a column
MOST_SPANNING = 0.35  # of all runs
FILLED = 0.5  # of a column's width: a cell of a table is narrower
STEP = 3.0  # points between places where a gutter is looked for
MARGIN = 0.2  # of the width: a gutter is further inside
MOST_NESTED = 4
SAME_LINE = 0.45  # in heights
JOINED = 3.0  # in heights: two runs of one line in one column


def lines_of(runs: Sequence[Run]) -> list[Run]:
    """The lines of a page in reading order; what stands on one line of a column is one run."""
    lines: list[Run] = []
    for run in _in_order(list(runs), MOST_NESTED):
        last = lines[-1] if lines else None
        if last and _continues(last, run):
            lines[-1] = _joined(last, run)
        else:
            lines.append(run)
    return lines


def rows_of(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs by line from top to bottom, each from left to right."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: -run.baseline):
        if rows and abs(rows[-1][0].baseline - run.baseline) <= SAME_LINE * min(rows[-1][0].size, run.size):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [sorted(row, key=lambda run: run.left) for row in rows]


def _in_order(runs: list[Run], nested: int) -> list[Run]:
    gutter = _gutter(runs) if nested else None
    if gutter is None:
        return [run for row in rows_of(runs) for run in row]
    ordered: list[Run] = []
    left: list[Run] = []
    right: list[Run] = []
    for row in rows_of(runs):
        if any(_spans(run, gutter) for run in row):
            ordered += _in_order(left, nested - 1) + _in_order(right, nested - 1) + row
            left, right = [], []
        else:
            left += [run for run in row if run.right <= gutter + 1]
            right += [run for run in row if run.right > gutter + 1]
    return ordered + _in_order(left, nested - 1) + _in_order(right, nested - 1)


def _spans(run: Run, x: float) -> bool:
    return run.left < x - 1 and run.right > x + 1


def _gutter(runs: Sequence[Run]) -> float | None:
    """Where a page or column is parted into two; None where it is one."""
    if len(runs) < 2 * FEWEST:
        return None
    start, end = min(run.left for run in runs), max(run.right for run in runs)
    width = end - start
    steps = int(min(width * (1 - 2 * MARGIN) / STEP, 500))
    places = [start + MARGIN * width + STEP * number for number in range(steps)]
    crossings = [sum(_spans(run, x) for run in runs) for x in places]
    if not places or min(crossings) > MOST_SPANNING * len(runs):
        return None
    free = [x for x, crossing in zip(places, crossings, strict=True) if crossing == min(crossings)]
    gutter = min(free, key=lambda x: abs(x - (start + end) / 2))
    left = [run.right - run.left for run in runs if run.right <= gutter + 1]
    right = [run.right - run.left for run in runs if run.left >= gutter - 1]
    if min(len(left), len(right)) < FEWEST:
        return None
    return gutter if _fill(left, gutter - start) and _fill(right, end - gutter) else None


def _fill(widths: list[float], column: float) -> bool:
    """Whether most of what stands in a column is as wide as lines of text; formulas and figures are not."""
    return sum(width for width in widths if width >= FILLED * column) > 0.5 * sum(widths)


def _continues(last: Run, run: Run) -> bool:
    height = max(last.size, run.size)
    near = -0.5 * height <= run.left - last.right <= JOINED * height
    return near and abs(last.baseline - run.baseline) <= SAME_LINE * min(last.size, run.size)


def _joined(last: Run, run: Run) -> Run:
    longer = max(last, run, key=lambda run: len(run.text))
    return longer._replace(
        text=f"{last.text} {run.text}", left=last.left, right=max(last.right, run.right), bold=last.bold and run.bold
    )
