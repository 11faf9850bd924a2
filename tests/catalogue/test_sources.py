"""A number never travels alone: every default, of a block or of the catalogue, names a row or says what it assumes."""

import importlib
import math
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import menaquinone.blocks
import menaquinone.catalogue
from menaquinone import models
from menaquinone.catalogue import effects, evidence
from menaquinone.catalogue.antagonists import ANTAGONISTS
from menaquinone.catalogue.forms import FORMS
from menaquinone.declare import Block, Param, Value, source_ids
from menaquinone.units import factor


def modules(package: Any) -> Iterator[Any]:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        yield importlib.import_module(found.name)


def numbers(thing: Any, where: str) -> Iterator[tuple[str, Value]]:
    """Walk every ``Value`` in a record, with the way to it."""
    if isinstance(thing, Value):
        yield where, thing
    elif isinstance(thing, Mapping):
        for key, one in thing.items():
            yield from numbers(one, f"{where}[{key}]")
    elif isinstance(thing, (tuple, list)):
        for key, one in enumerate(thing):
            yield from numbers(one, f"{where}[{key}]")
    elif is_dataclass(thing) and not isinstance(thing, type) and not isinstance(thing, Block):
        for one in fields(thing):
            yield from numbers(getattr(thing, one.name), f"{where}.{one.name}")


def blocks() -> dict[str, Block]:
    return {
        block.name: block
        for one in modules(menaquinone.blocks)
        for block in vars(one).values()
        if isinstance(block, Block)
    }


CATALOGUE = [
    found
    for module in modules(menaquinone.catalogue)
    for name, thing in vars(module).items()
    if not name.startswith("__")
    for found in numbers(thing, f"{module.__name__.rpartition('.')[2]}.{name}")
]
DECLARED: list[tuple[str, Param]] = [
    (f"{block.name}.{name}", declared) for block in blocks().values() for name, declared in block.parameters.items()
]


def check_source(where: str, source: str) -> None:
    if source.startswith("assumed"):
        before, _, why = source.partition(": ")
        assert before == "assumed", where
        assert len(why.split()) >= 2, f"{where}: '{source}' gives no reason"
    else:
        assert source_ids(source), f"{where}: no source"
        for name in source_ids(source):
            assert evidence.exists(name), f"{where}: no row '{name}'"


def test_the_catalogue_is_found():
    assert len(CATALOGUE) > 150
    assert len(DECLARED) > 50


@pytest.mark.parametrize(("where", "value"), CATALOGUE, ids=[where for where, _ in CATALOGUE])
def test_a_number_of_the_catalogue(where, value):
    check_source(where, value.source)
    assert math.isfinite(value.value)
    assert factor(value.unit) > 0
    assert value.omega >= 0
    for row in source_ids(value.source):
        assert evidence.row(row).value is not None, f"{where} rests on '{row}', which is qualitative"


@pytest.mark.parametrize(("where", "declared"), DECLARED, ids=[where for where, _ in DECLARED])
def test_a_default_of_a_block(where, declared):
    check_source(where, declared.source)
    assert factor(declared.unit) > 0
    assert declared.meaning
    assert declared.low <= declared.high


def test_what_was_derived_says_how():
    """A value that equals none of its rows carries a note."""
    for where, value in CATALOGUE:
        rows = [evidence.row(name) for name in source_ids(value.source)]
        if rows and not any(math.isclose(row.value, value.value, rel_tol=1e-6) for row in rows):
            assert value.note, where


def test_members_stay_inside_the_bounds_that_generated_parameters_keep():
    for stage in models.vitamin_k(antagonists=ANTAGONISTS).stages:
        for (name, label), value in stage.values.items():
            declared = stage.block.parameters[name]
            now, low, high = (value.value * factor(value.unit), declared.low, declared.high)
            scale = factor(declared.unit)
            if math.isfinite(now):
                assert low * scale <= now <= high * scale, f"{name}[{label}]"


def test_the_units_of_members_are_those_of_the_declaration():
    """Same dimension is enough (a half-life may be in days); the same house unit is what counts."""
    pytest.importorskip("pint")
    from menaquinone.units import registry

    for stage in models.vitamin_k(antagonists=ANTAGONISTS).stages:
        for (name, label), value in stage.values.items():
            given, wanted = (registry().Unit(one) for one in (value.unit, stage.block.parameters[name].unit))
            assert given.dimensionality == wanted.dimensionality, f"{name}[{label}]"


def test_what_is_assumed_for_a_whole_form_is_flagged():
    for form in FORMS.values():
        taken_over = [value for where, value in numbers(form, form.name) if f"{form.name} as MK-7" in value.source]
        assert bool(taken_over) == any("assumed to be that of MK-7" in flag for flag in form.flags)


def test_the_numbers_of_effects_are_listed():
    listed = effects.values()
    assert listed["CHOLESTASIS"].value == 0.01
    assert listed["BONE_LOSS[7]"].value == 0.5
    assert all(isinstance(one, Value) for one in listed.values())
