"""What is compiled and when: equations that differ share nothing, those that do not are compiled once for all."""

import json
import os
import shutil
import subprocess
import sys
import threading
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
from tests.solve.calling import Offers, a_block, agree, drawn, run

import menaquinone as mk
from menaquinone.solve.equations import equations


def times(factor, helper=None):
    def outputs(p, x, u):
        return Offers(factor * u.given, x.level if helper is None else helper(x.level))

    return a_block(outputs)


def test_closures_with_other_cells_are_other_equations():
    first, second = equations(times(2.0)), equations(times(3.0))
    assert first.outputs != second.outputs
    assert equations(times(2.0)) is first
    for found, factor in ((first, 2.0), (second, 3.0)):
        data = drawn(times(factor))
        np.testing.assert_array_equal(run(found, data, 0)[2][0], factor * data.u[:, 0])
    assert equations(times(-0.0)).outputs != equations(times(0.0)).outputs


def test_functions_in_cells_and_defaults_are_told_apart():
    def shifted(by):
        return lambda level, more=by: level + more

    found = [equations(times(2.0, shifted(by))) for by in (1.0, 2.0)]
    assert found[0].outputs != found[1].outputs
    for one, by in zip(found, (1.0, 2.0), strict=True):
        data = drawn(times(2.0, shifted(by)))
        assert one.compiled
        np.testing.assert_array_equal(run(one, data, 0)[2][1], data.x[:, 0] + by)


def with_module(constants):
    return a_block(lambda p, x, u: Offers(constants.SIZE * u.given, constants.deeper.half(x.level)))


def test_what_modules_hold_is_part_of_the_equations():
    module, deeper = ModuleType("constants"), ModuleType("deeper")
    module.deeper, module.SIZE = deeper, 2.0
    deeper.half = lambda value: 0.5 * value
    block = with_module(module)
    first, data = equations(block), drawn(block)
    assert first.compiled
    np.testing.assert_array_equal(run(first, data, 0)[2][1], 0.5 * data.x[:, 0])
    module.SIZE = 3.0  # the same block, edited: as in a notebook
    second = equations(block)
    np.testing.assert_array_equal(run(second, data, 0)[2][0], 3.0 * data.u[:, 0])
    deeper.half = lambda value: 0.25 * value
    np.testing.assert_array_equal(run(equations(block), data, 0)[2][1], 0.25 * data.x[:, 0])
    assert len({first.outputs, second.outputs, equations(block).outputs}) == 3


def test_arrays_and_records_that_equations_name_are_told_apart():
    class Table(NamedTuple):
        low: float
        high: float

    def with_table(table, array):
        return a_block(lambda p, x, u: Offers(table.high * u.given, array[1] * x.level))

    kinds = [(Table(1.0, 2.0), np.array([1.0, 2.0])), (Table(1.0, 3.0), np.array([1.0, 2.0]))]
    kinds.append((Table(1.0, 2.0), np.array([1.0, 4.0])))
    found = [equations(with_table(*one)) for one in kinds]
    assert all(one.compiled for one in found)
    assert len({one.outputs for one in found}) == 3
    data = drawn(with_table(*kinds[1]))
    np.testing.assert_array_equal(run(found[1], data, 0)[2][0], 3.0 * data.u[:, 0])


def test_values_that_no_text_tells_apart_are_compiled_in_memory_alone():
    class Kind(Enum):
        ONE = 1
        TWO = 2

    def of(kind):
        return a_block(lambda p, x, u: Offers(u.given if kind is Kind.ONE else x.level, p.one))

    found = [equations(of(kind)) for kind in Kind]
    for one, kind, name in zip(found, Kind, ("u", "x"), strict=True):
        assert one.compiled
        assert [held._cache.cache_path for held in one.keep.held] == [None, None]
        data = drawn(of(kind))
        np.testing.assert_array_equal(run(one, data, 0)[2][0], getattr(data, name)[:, 0])


def test_functions_that_the_user_compiled_may_be_called():
    from numba import njit

    def scaled(by):
        scale = njit(lambda value: by * value)
        return a_block(lambda p, x, u: Offers(scale(u.given), x.level))

    found = [equations(scaled(by)) for by in (2.0, 3.0)]
    for one, by in zip(found, (2.0, 3.0), strict=True):
        data = drawn(scaled(by))
        assert one.compiled
        np.testing.assert_array_equal(run(one, data, 0)[2][0], by * data.u[:, 0])


def test_where_nothing_can_be_written_equations_are_compiled_in_memory(monkeypatch):
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    found = equations(times(23.0))
    assert found.compiled
    assert [held._cache.cache_path for held in found.keep.held] == [None, None]
    agree(times(23.0), found)


def test_threads_that_ask_at_once_get_the_same():
    block, found = times(17.0), []
    threads = [threading.Thread(target=lambda: found.append(equations(block))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1


OWN = """
from typing import NamedTuple

import helpers
from helpers import filled
from menaquinone.declare import Array, Block, output, param, reads, state

FACTOR = 1.0


class Parameters(NamedTuple):
    lost: Array = param(0.1, "1/h", "loss", source="assumed: for the test")


class State(NamedTuple):
    level: Array = state("nmol/L", "level")


class Inputs(NamedTuple):
    given: Array = reads("nmol/L", "given")


class Outputs(NamedTuple):
    out: Array = output("nmol/L", "level")


def rates(p, x, u):
    return State(level=filled(u) - p.lost * x.level)


def outputs(p, x, u):
    return Outputs(FACTOR * x.level + helpers.shift(u.given))


def made(by):
    class Outputs(NamedTuple):
        out: Array = output("nmol/L", "level")

    def outputs(p, x, u):
        return Outputs(by * x.level)

    return Block("made", Parameters, State, rates, Inputs, Outputs, outputs)


own = Block("own", Parameters, State, rates, Inputs, Outputs, outputs)
curved = Block("curved", Parameters, State, rates, Inputs, Outputs, outputs, affine=False)
two, three = made(2.0), made(3.0)
scope = dict(globals())
exec("def typed(p, x, u): return Outputs(5.0 * x.level + helpers.shift(0.0))", scope)
typed = Block("typed", Parameters, State, rates, Inputs, Outputs, scope["typed"])
"""

HELPERS = """
def filled(u):
    return 1.0 * u.given


def shift(value):
    return 10.0 * deep(value)


def deep(value):
    return value + 1.0
"""

RUN = """
import ctypes
import json
import sys
import numpy as np
import own
from menaquinone.solve.equations import LANES, equations

I = ctypes.c_int64
results, hits = {}, {}
for name in sys.argv[1:]:
    block = getattr(own, name)
    found = equations(block)
    p, board, x = np.full(LANES, 0.5), np.full(2 * LANES, 3.0), np.full(LANES, 7.0)
    a, b = np.zeros(LANES), np.zeros(LANES)
    rows = np.array([[0, 0, 0], [LANES, 0, 0]])
    start = [p.ctypes.data, rows.ctypes.data, board.ctypes.data, 1, 1, x.ctypes.data]
    ctypes.CFUNCTYPE(None, *[I] * 7)(found.outputs)(*start, rows[1:].ctypes.data)
    mode = 1 if block.affine else 2
    ctypes.CFUNCTYPE(None, *[I] * 9)(found.coefficients)(*start, a.ctypes.data, b.ctypes.data, mode)
    assert found.compiled
    results[name] = [float(one) for one in (a[0], b[0], board[LANES])]
    hits[name] = [one.cache_hits for one in found.keep.held]
paths = {one._cache.cache_path for one in found.keep.held}
print(json.dumps({"results": results, "hits": hits, "paths": sorted(map(str, paths))}))
"""

ALL = ("own", "curved", "two", "three", "typed")
RIGHT = {
    "own": [-0.5, 3.0, 47.0],
    "curved": [-0.5, 3.0, 47.0],
    "two": [-0.5, 3.0, 14.0],
    "three": [-0.5, 3.0, 21.0],
    "typed": [-0.5, 3.0, 45.0],
}


@pytest.fixture
def folder(tmp_path):
    for name, text in (("own", OWN), ("helpers", HELPERS), ("run", RUN)):
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def fresh(folder, *names, package=None, **environment):
    """Ask for equations in a process of its own."""
    package = Path(mk.__file__).parent if package is None else package
    wanted = os.environ | {"PYTHONPATH": os.pathsep.join([str(package.parent), str(folder)])}
    wanted |= {"NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"} | environment
    done = subprocess.run(
        [sys.executable, str(folder / "run.py"), *names], capture_output=True, text=True, check=False, env=wanted
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def edit(folder, name, old, new):
    text = (folder / f"{name}.py").read_text()
    assert old in text
    (folder / f"{name}.py").write_text(text.replace(old, new))


def test_the_second_process_compiles_nothing(folder):
    first, second = fresh(folder, *ALL), fresh(folder, *ALL)
    assert first["results"] == second["results"] == RIGHT
    assert {hit for one in first["hits"].values() for hit in one} <= {0, 1}
    assert first["hits"]["own"] == [0, 0]
    assert all(one == [1, 1] for one in second["hits"].values())


def test_an_edit_recompiles_what_rests_on_it_and_nothing_else(folder):
    fresh(folder, "own", "two")
    edit(folder, "own", "by * x.level", "by * x.level + 0.5")
    after = fresh(folder, "own", "two")
    assert after["results"] == {"own": RIGHT["own"], "two": [-0.5, 3.0, 14.5]}
    assert after["hits"] == {"own": [1, 1], "two": [0, 0]}
    edit(folder, "helpers", "value + 1.0", "value + 2.0")  # two calls away, in another file
    after = fresh(folder, "own", "two")
    assert after["results"]["own"] == [-0.5, 3.0, 57.0]
    assert after["hits"] == {"own": [0, 0], "two": [1, 1]}
    edit(folder, "own", "FACTOR = 1.0", "FACTOR = 2.0")
    edit(folder, "helpers", "1.0 * u.given", "4.0 * u.given")
    assert fresh(folder, "own")["results"]["own"] == [-0.5, 12.0, 64.0]
    edit(folder, "own", "FACTOR = 2.0", "FACTOR = 1.0")
    edit(folder, "helpers", "4.0 * u.given", "1.0 * u.given")
    edit(folder, "helpers", "value + 2.0", "value + 1.0")
    back = fresh(folder, "own")
    assert back["results"]["own"] == RIGHT["own"]
    assert back["hits"]["own"] == [1, 1]  # as it was, and still there


@pytest.fixture
def copied(tmp_path):
    """Copy the package, with a file where the folder of compiled code would be: nobody can write there."""
    package = tmp_path / "elsewhere" / "menaquinone"
    shutil.copytree(Path(mk.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "solve" / "__pycache__").write_text("")
    return package


def test_a_package_that_cannot_be_written_to_leaves_compiled_code_with_the_user(folder, copied):
    home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "own_cache"), "LOCALAPPDATA": str(folder / "own_cache")}
    first, second = (fresh(folder, "own", package=copied, NUMBA_CACHE_DIR="", **home) for _ in range(2))
    assert first["results"] == second["results"] == {"own": RIGHT["own"]}
    assert first["hits"]["own"] == [0, 0]
    assert second["hits"]["own"] == [1, 1]
    assert all(folder in Path(path).parents and copied not in Path(path).parents for path in second["paths"])


def test_damaged_files_are_left_alone(folder):
    fresh(folder, "own")
    damaged = [*(folder / "cache").rglob("*few_*.nbi"), *(folder / "cache").rglob("*offered_*.nbc")]
    assert len(damaged) == 2
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-20])
    found = fresh(folder, "own")
    assert found["results"] == {"own": RIGHT["own"]}
    assert found["hits"]["own"] == [0, 0]


def test_the_loops_themselves_are_part_of_what_is_compiled(folder, tmp_path):
    package = tmp_path / "edited" / "menaquinone"
    shutil.copytree(Path(mk.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    assert fresh(folder, "own", package=package)["hits"]["own"] == [0, 0]
    loops = package / "solve" / "_pointers.py"
    loops.write_text(loops.read_text() + "\n# edited\n")
    assert fresh(folder, "own", package=package)["hits"]["own"] == [0, 0]
