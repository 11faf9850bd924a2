"""Write the reference pages of foods, habitual diets and safety from the catalogue, before each build."""

from collections.abc import Iterator

from declared import code, number, plain, source, table, write
from sphinx.application import Sphinx

from menaquinone.catalogue.contents import Content, Food
from menaquinone.catalogue.diets import COUNTED, HABITS, Habit
from menaquinone.catalogue.foods import FOODS, LEFT_OUT, REGIONS
from menaquinone.catalogue.safety import KINDS, STATEMENTS, Statement


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook."""
    app.connect("builder-inited", lambda one: write(one, pages()))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def pages() -> Iterator[tuple[str, str]]:
    """Yield name and text of every page."""
    yield "members/foods", foods()
    yield "members/safety", safety()


def foods() -> str:
    """Return the page of foods and habitual diets."""
    parts = [
        "# Foods and diets",
        "What 100 g hold, by region. A star is what a diet of that region counts; the other rows stand beside it.",
        table(("region", "name"), ((code(short), name) for short, name in REGIONS.items())),
        "## Foods",
        table(
            ("food", "region", "", "form", "ug/(100 g)", "spread", "source", "note"),
            (line for one in FOODS.values() for line in food_lines(one)),
        ),
        "## Rows that no food takes",
        table(("row", "why"), ((source(row), plain(why)) for row, why in LEFT_OUT.items())),
        "## Habitual diets",
        *(habit(one) for one in HABITS.values()),
        "## What the basal supply holds already",
        table(
            ("form", "ug/d, as absorbed", "source"),
            ((form, number(value.value), source(value.source)) for form, value in COUNTED.items()),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def food_lines(one: Food) -> Iterator[tuple[str, ...]]:
    """Yield one line for every content of a food."""
    name = plain(one.name) + (f" (uncertain: {plain(one.uncertain)})" if one.uncertain else "")
    if not one.contents:
        yield (name, *("",) * 7)
    for content in one.contents:
        yield (
            name,
            content.region,
            "\\*" if content in one.chosen([content.region] if content.region else []) else "",
            content.form or f"sum: {plain(content.split.name if content.split else '')}",
            number(content.amount.value),
            f"omega {content.amount.omega:.2f}" if content.amount.omega else "",
            source(content.amount.source),
            plain(said(content)),
        )


def said(content: Content) -> str:
    """Return notes and flags of a content."""
    return "; ".join(filter(None, (content.amount.note, *content.flags)))


def habit(one: Habit) -> str:
    """Return the section of one habitual diet."""
    rows = [
        (plain(name), number(value.value), value.unit, source(value.source), "") for name, value in one.foods.items()
    ]
    rows += [
        (f"{form} of other foods", number(value.value), value.unit, source(value.source), plain(value.note))
        for form, value in one.rest.items()
    ]
    between = ", ".join(f"{form} {value.value:g}" for form, value in one.spread.items())
    reported = ", ".join(map(source, one.reported)) or "none"
    whose = f"{plain(one.meaning.capitalize())}. Compare with: {reported}. SD of the logarithm of intake: {between}."
    return "\n\n".join(
        (
            f"### {one.name}",
            whose,
            plain(" ".join(one.flags)),
            table(("what", "amount", "unit", "source", "note"), rows),
        )
    )


def safety() -> str:
    """Return the page of what is known of safety."""
    parts = ["# Safety", "What is known, with the rows it rests on. This is no advice."]
    for kind in KINDS:
        some = [one for one in STATEMENTS if one.kind == kind]
        parts += [f"## {kind.capitalize()}", table(("form", "statement", "amount", "evidence"), map(statement, some))]
    return "\n\n".join(parts) + "\n"


def statement(one: Statement) -> tuple[str, ...]:
    """Return one line of a statement."""
    amount = "" if one.amount is None else f"{number(one.amount.value)} {one.amount.unit}"
    return one.form or "all", plain(one.meaning), amount, ", ".join(map(source, one.evidence))
