"""Write the tables of the scorecard page from the stored result, before each build; none is typed by hand."""

from collections.abc import Sequence
from pathlib import Path

from declared import plain, source, table
from sphinx.application import Sphinx

from menaquinone.trials import load, names
from menaquinone.trials.scorecard import Score, cells, contradictions, from_csv, summary

STORED = Path("scorecard", "scorecard.csv")
HEADER = ("figure", "arm", "visit", "reported", "predicted (95 % of trials of that size)", "n", "", "used", "row")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Sphinx) -> None:
    """Write the part of the page that the result makes; unchanged, it keeps its date."""
    found = from_csv((Path(app.srcdir) / STORED).read_text(encoding="utf-8"))
    path = Path(app.srcdir) / "_generated" / "scorecard.inc"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = tables(found)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def tables(found: Sequence[Score]) -> str:
    """Return the count, the contradictions, and a table for each trial."""
    trials = {name: load(name) for name in names()}
    parts = [f"**{plain(summary(found))}**", *map(plain, contradictions(found, trials)), "## Trial by trial"]
    for name in dict.fromkeys(one.trial for one in found):
        told = trials.get(name)
        parts.append(f"### {plain(name)}")
        if told is not None:
            parts.append(plain(f"{told.title}. {told.note}".strip()))
        rows = ([*map(plain, cells(one)), source(one.row)] for one in found if one.trial == name)
        parts.append(table(HEADER, rows))
    return "\n\n".join(parts) + "\n"
