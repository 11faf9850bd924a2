"""The format and its schema: what loads is valid, what the schema forbids is refused."""

import json
import tomllib
from copy import deepcopy
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.errors import InputError
from menaquinone.studies.measures import MEASURES
from menaquinone.trials import names, schema
from menaquinone.trials.file import (
    ArmTable,
    DesignTable,
    DoseTable,
    Place,
    PopulationTable,
    ReportedTable,
    TrialFile,
    checked,
)
from menaquinone.trials.loading import trial
from menaquinone.trials.reading import File


def written(name):
    return (files("menaquinone.trials") / f"{name}.toml").read_text(encoding="utf-8")


def test_the_schema_is_json_that_names_every_key():
    found = json.loads(json.dumps(schema()))
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["required"] == ["name", "title", "seed", "population", "design", "arm"]
    assert found["additionalProperties"] is False
    tables = {"ArmTable", "DesignTable", "DoseTable", "PopulationTable", "ReportedTable"}
    given = {f"Given{kind}" for kind in ("Text", "Texts", "Whole", "Wholes", "Number", "Quantity", "Any")}
    assert set(found["$defs"]) == tables | given
    assert found["$defs"]["ReportedTable"]["properties"]["of"]["enum"] == list(MEASURES)
    for name, one in found["$defs"].items():
        assert one["additionalProperties"] is False
        assert name in given or one["description"]


@pytest.mark.parametrize("table", [TrialFile, PopulationTable, DesignTable, ArmTable, DoseTable, ReportedTable])
def test_every_field_says_what_it_expects(table):
    assert [name for name, field in table.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("name", names())
def test_every_trial_that_ships_fits_the_format(name):
    text = written(name)
    values = tomllib.loads(text)
    assert checked(File(f"{name}.toml", text), values).name == name


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("population", "n"), "'n' of [population] in f.toml, line 2"),
        (("arm", 0, "dose", 0, "amount"), "'amount' of [[arm.dose]] 1 of 'one' in f.toml, line 6"),
        (("arm", 0, "having", "diet[K1]"), "'diet[K1]' of 'having' of [[arm]] 1 in f.toml, line 4"),
        (("title",), "'title' in f.toml"),
    ],
)
def test_a_place_is_named_by_key_table_and_line(path, said):
    text = '[population]\nn = 1\n[[arm]]\nname = "one"\n[[arm.dose]]\namount = 1\n'
    place = Place(File("f.toml", text), tomllib.loads(text)).of(*path)
    assert str(place).replace("line 3", "line 4") == said


@pytest.mark.parametrize(
    "values", [{}, {"arm": 3}, {"arm": [3]}, {"population": []}, {"reported": {"a": 1}}, {"name": 1}]
)
def test_whatever_stands_in_a_file_is_answered_in_one_sentence(values):
    whole = tomllib.loads(written("knapen-2015"))
    with pytest.raises(InputError) as refusal:
        checked(File("mine.toml", ""), {} if not values else whole | values)
    assert str(refusal.value).endswith(".")
    assert "mine.toml" in str(refusal.value)
    assert "expected" in str(refusal.value)


PLAIN = st.one_of(st.none().map(lambda _: []), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
THINGS = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
WHOLE = tomllib.loads(written("dalmeijer-2012"))


def paths(values, path=()):
    """Yield the way to everything in the tables of a file."""
    for key, one in values.items() if isinstance(values, dict) else enumerate(values):
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from paths(one, (*path, key))


@given(st.sampled_from(list(paths(WHOLE))), THINGS, st.sampled_from(["put", "drop", "add"]))
def test_any_change_of_a_file_loads_or_is_answered_in_one_sentence(path, thing, what):
    values = deepcopy(WHOLE)
    held = values
    for key in path[:-1]:
        held = held[key]
    if what == "put":
        held[path[-1]] = thing
    elif what == "drop":
        del held[path[-1]]
    elif isinstance(held, dict):
        held[f"{path[-1]}s"] = thing
    try:
        assert trial(File("mine.toml", ""), values).arms
    except InputError as refusal:
        said = str(refusal)
        assert said.endswith(".")
        assert "\n" not in said.replace(repr(thing), "")
        assert "got" in said
