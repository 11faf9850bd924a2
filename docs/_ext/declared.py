"""Write the reference pages of blocks, members and evidence from what the package declares, before each build.

Nothing on those pages is typed by hand: tables come from declarations and catalogue, equations are the source that the
engines run. A source id that no evidence row has stops the build.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType, ModuleType
from typing import Any

from sphinx.application import Sphinx

import menaquinone.blocks
import menaquinone.catalogue
from menaquinone.catalogue import evidence
from menaquinone.declare import Block, Member, Read, Stage, StateVariable, Value, source_ids
from menaquinone.inputs.distributions import ByCategory, in_words
from menaquinone.inputs.people import RECORDS, Draw, Record

ON_PAGES_OF_THEIR_OWN = ("contents", "diets", "foods", "safety")
AXES = {
    "form": "Forms",
    "antagonist": "Antagonists",
    "tissue": "Tissues",
    "protein": "Proteins",
    "factor": "Clotting factors",
    "site": "Sites",
    "": "The person",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook, and `evidence` as something that can be described and referred to."""
    app.add_object_type("evidence", "evidence", objname="evidence row")
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write every page of this file."""
    write(app, pages())


def write(app: Sphinx, found: Iterable[tuple[str, str]]) -> None:
    """Write generated pages; a page that has not changed keeps its date, so that Sphinx does not read it again."""
    folder = Path(app.srcdir) / "_generated"
    for name, text in found:
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def pages() -> Iterator[tuple[str, str]]:
    """Yield name and text of every generated page."""
    for module in modules(menaquinone.blocks):
        yield f"blocks/{module.__name__.rpartition('.')[2]}", mechanism(module)
    stages = model_stages()
    for axis, title in AXES.items():
        yield f"members/{axis or 'person'}", members(title, [one for one in stages if (*one.block.axes, "")[0] == axis])
    yield "members/effects", effects()
    yield "members/populations", populations()
    for topic in evidence.topics():
        yield f"evidence/{topic}", evidence_rows(topic)


def modules(package: ModuleType) -> list[ModuleType]:
    """Return the modules of a package, by name."""
    return [import_module(f"{package.__name__}.{one.name}") for one in iter_modules(package.__path__)]


def model_stages() -> tuple[Stage, ...]:
    """Return the stages of the ready-made human model, antagonists included."""
    antagonists = import_module("menaquinone.catalogue.antagonists").ANTAGONISTS
    return import_module("menaquinone.models").vitamin_k(antagonists=antagonists).stages


# ---------------------------------------------------------------------------------------------------------- mechanisms


def mechanism(module: ModuleType) -> str:
    """Return the page of one file of blocks: its docstring, then every block."""
    name = module.__name__.rpartition(".")[2]
    blocks = [one for one in vars(module).values() if isinstance(one, Block)]
    title = name.replace("_", " ").capitalize()
    return "\n\n".join([f"# {title}", restructured(module.__doc__), *(described(one, module) for one in blocks)]) + "\n"


def described(block: Block, module: ModuleType) -> str:
    """Return the section of one block: tables of its declarations, then its equations as they run."""
    over = f", over {' x '.join(block.axes)}" if block.axes else ""
    parts = [f"## `{block.name}`{over}"]
    if block.states:
        parts.append(f"Claimed affine in its states: {'yes' if block.affine else 'no'}.")
    if block.onset:
        parts.append(f"States are zero until `{block.onset.when}` reaches `{block.onset.reaches}`.")
    for title, header, lines in (
        ("Parameters", ("name", "default", "unit", "meaning", "bounds", "source"), parameter_lines(block)),
        ("States", ("name", "unit", "meaning", "at time 0"), state_lines(block)),
        ("Inputs", ("name", "unit", "meaning", "from"), input_lines(block)),
        (
            "Outputs",
            ("name", "unit", "meaning"),
            ((code(k), v.unit, plain(v.meaning)) for k, v in block.offers.items()),
        ),
    ):
        if rows := list(lines):
            parts += [f"### {title}", table(header, rows)]
    if equations := [inspect.getsource(one) for one in functions(block, module)]:
        parts += ["### Equations", "```python\n" + "\n\n".join(equations) + "```"]
    return "\n\n".join(parts)


def parameter_lines(block: Block) -> Iterator[tuple[str, ...]]:
    """Yield one line for every parameter."""
    for name, one in block.parameters.items():
        yield (
            code(name),
            number(one.default),
            one.unit,
            plain(one.meaning),
            f"{one.low:g} to {one.high:g}",
            source(one.source),
        )


def state_lines(block: Block) -> Iterator[tuple[str, ...]]:
    """Yield one line for every state."""
    for name, one in block.states.items():
        yield code(name), one.unit, plain(one.meaning), start(block, one)


def start(block: Block, one: StateVariable) -> str:
    """Return how a state starts, in words."""
    if block.start is not None:
        return f"by {code(block.start.__name__)}"
    if one.start == "steady":
        return "steady state"
    return code(one.start) if isinstance(one.start, str) else f"{one.start:g}"


def input_lines(block: Block) -> Iterator[tuple[str, ...]]:
    """Yield one line for every input."""
    for name, one in block.inputs.items():
        yield code(name), one.unit, plain(one.meaning), origin(name, one)


def origin(name: str, one: Read) -> str:
    """Return where an input comes from, in words."""
    kind = "covariate of the person" if one.covariate else "earlier stage"
    renamed = f" {code(one.of)}" if one.of and one.of != name else ""
    summed = f", summed over {one.sum_over}" if one.sum_over else ""
    return f"{kind}{renamed}{summed}{', at time 0' if one.at_entry else ''}"


def functions(block: Block, module: ModuleType) -> list[FunctionType]:
    """Return the functions that a block is made of, helpers included, in the order of the file."""
    own = {one for one in vars(module).values() if isinstance(one, FunctionType) and one.__module__ == module.__name__}
    used = own & {block.rates, block.outputs, block.start}
    while helpers := {one for one in own - used if any(one.__name__ in user.__code__.co_names for user in used)}:
        used |= helpers
    return sorted(used, key=lambda one: one.__code__.co_firstlineno)


# ------------------------------------------------------------------------------------------------------------- members


def members(title: str, stages: list[Stage]) -> str:
    """Return the page of one axis: for every member, the numbers that it sets itself."""
    labels = dict.fromkeys(one.name[0] if one.name else "" for stage in stages for one in stage.members)
    parts = [f"# {title}", "Parameters that a record does not set keep the default of their block."]
    for label in labels:
        if label:
            parts.append(f"## {label}")
        mine = [(stage, one) for stage in stages for one in stage.members if (*one.name, "")[0] == label]
        parts += dict.fromkeys(one.meaning for _, one in mine if one.meaning)
        rows = [line for stage, one in mine for line in member_lines(stage, one)]
        parts.append(table(("block", "parameter", "value", "unit", "spread", "source", "note"), rows))
    return "\n\n".join(parts) + "\n"


def member_lines(stage: Stage, one: Member) -> Iterator[tuple[str, ...]]:
    """Yield one line for every number of a member; a block without members shows its defaults."""
    others = f" ({', '.join(one.name[1:])})" if one.name[1:] else ""
    for name in stage.block.parameters:
        if name in one.values or not one.name:
            yield code(stage.block.name) + others, code(name), *value_cells(stage.values[name, one.label])


def value_cells(value: Value) -> tuple[str, ...]:
    """Return value, unit, spread, source and note."""
    spread = f"omega {value.omega:g}" if value.omega else ""
    return number(value.value), value.unit, spread, source(value.source), plain(value.note)


def effects() -> str:
    """Return the page of the numbers in the catalogue that belong to no member: formulations, covariates, spreads."""
    parts = ["# Formulations and effects of covariates"]
    shown = {id(value) for stage in model_stages() for value in stage.values.values()}
    for module in modules(menaquinone.catalogue):
        if module.__name__.rpartition(".")[2] in ON_PAGES_OF_THEIR_OWN:
            continue
        rows = []
        for top, thing in vars(module).items():
            borrowed = is_dataclass(thing) and type(thing).__module__ not in (module.__name__, Value.__module__)
            if top.startswith("_") or borrowed:
                continue
            for name, value in values_in(top, thing):
                if id(value) not in shown:
                    rows.append((code(name), *value_cells(value)))
                    shown.add(id(value))
        if rows:
            parts += [f"## {module.__name__.rpartition('.')[2].capitalize()}", first_paragraph(module)]
            parts.append(table(("name", "value", "unit", "spread", "source", "note"), rows))
    return "\n\n".join(parts) + "\n"


def values_in(name: str, thing: Any) -> Iterator[tuple[str, Value]]:
    """Yield every sourced number inside a catalogue entry, except what stands in a member."""
    if isinstance(thing, Value):
        yield name, thing
    elif isinstance(thing, Mapping):
        for key, inner in thing.items():
            yield from values_in(f"{name}[{key}]", inner)
    elif isinstance(thing, tuple | list):
        for place, inner in enumerate(thing):
            yield from values_in(f"{name}[{place}]", inner)
    elif is_dataclass(thing) and not isinstance(thing, type | Member):
        for one in fields(thing):
            yield from values_in(f"{name}.{one.name}", getattr(thing, one.name))


def populations() -> str:
    """Return the page of the kinds of people: what is drawn, from what distribution, and what it does."""
    parts = ["# Populations"]
    for record in RECORDS.values():
        draws = (
            (
                code(name),
                plain(law(record, one)),
                one.unit,
                plain(one.meaning),
                source(one.source),
                plain(one.note),
            )
            for name, one in record.draws.items()
        )
        acts = ((names(one.of), names(one.factor_of + one.value_of), source(one.source)) for one in record.effects)
        parts += [f"## {record.name}", plain(" ".join((f"{record.meaning}.", *record.notes)))]
        parts.append(table(("quantity", "distribution between people", "unit", "meaning", "source", "note"), draws))
        parts += ["### What they act on", table(("quantities", "parameters", "source"), acts)] if record.effects else []
    return "\n\n".join(parts) + "\n"


def law(record: Record, one: Draw) -> str:
    """Return how a quantity is distributed, and along which column it moves, in words."""
    groups = record.draws[one.distribution.of].categories if isinstance(one.distribution, ByCategory) else ()
    said = in_words(one.distribution, one.categories, groups)
    if one.along is None:
        return said
    return f"{said}; moves by {one.along[2]:.4g} per unit of {one.along[0]} from {one.along[1]:g} on"


def names(several: Iterable[str]) -> str:
    """Return names as code."""
    return ", ".join(code(one) for one in several)


# ------------------------------------------------------------------------------------------------------------ evidence


def evidence_rows(topic: str) -> str:
    """Return the page of one topic: every row with where it was read."""
    parts = [f"# Evidence: {topic}"]
    for name, row in evidence.table(topic).items():
        value = "no value" if row.value is None else f"{number(row.value)} {row.unit}".strip()
        spread = f" ({row.spread_kind} {' to '.join(f'{part:g}' for part in row.spread)})" if row.spread else ""
        who = ", ".join(
            part for part in (f"n = {row.n:g}" if row.n is not None else "", row.population, row.form) if part
        )
        link = f"[doi:{row.doi}](https://doi.org/{row.doi})" if row.doi else f"<{row.url}>" if row.url else "no address"
        read = (
            f"Read as {row.read_as.replace('_', ' ') or 'not stated'}; audit: {row.audit.replace('_', ' ') or 'none'}."
        )
        lines = [
            f"{plain(row.quantity)}: **{plain(value)}**{plain(spread)}; {plain(who)}.",
            f"{link}. {read}",
            plain(row.note),
        ]
        parts.append(f":::{{evidence}} {name}\n" + "\n\n".join(line for line in lines if line) + "\n:::")
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------------------------------------------------------- text


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    header = tuple(header)
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def source(text: str) -> str:
    """Return a source with links to its evidence rows; an id without a row stops the build."""
    return ", ".join(f"{{evidence}}`{evidence.row(one).id}`" for one in source_ids(text)) or plain(text)


def number(value: float) -> str:
    """Return a number as a person writes it."""
    return f"{value:.4g}"


def code(text: str) -> str:
    """Return text as code."""
    return f"`{text}`"


def plain(text: str) -> str:
    """Return text in which nothing is markup."""
    return re.sub(r"([\\`*_{}\[\]<>$~#])", r"\\\1", text)


def restructured(text: str | None) -> str:
    """Return a docstring as it stands, read as reStructuredText."""
    return f"```{{eval-rst}}\n{inspect.cleandoc(text or '')}\n```"


def first_paragraph(module: ModuleType) -> str:
    """Return the first paragraph of a module's docstring."""
    return plain(inspect.cleandoc(module.__doc__ or "").partition("\n\n")[0])
