"""What one process leaves behind for the next: compiled kernels, and nothing of a block that has been edited since."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import menaquinone

BLOCK = """
from typing import NamedTuple

from menaquinone.declare import Array, Block, output, param, reads, state


class Parameters(NamedTuple):
    lost: Array = param(0.1, "1/h", "loss", source="assumed: for the test")


class State(NamedTuple):
    level: Array = state("nmol/L", "level")


class Inputs(NamedTuple):
    plasma_concentration: Array = reads("nmol/L", "plasma concentration, all forms", sum_over="form")


class Outputs(NamedTuple):
    level: Array = output("nmol/L", "level")


def filled(u):
    return 1.0 * u.plasma_concentration


def rates(p, x, u):
    return State(level=filled(u) - p.lost * x.level{curved})


def outputs(p, x, u):
    return Outputs(level=x.level)


OWN = Block("own", Parameters, State, rates, Inputs, Outputs, outputs, affine={affine})
"""

RUN = """
import json
import menaquinone as mk
from menaquinone.declare import stage
from menaquinone.model import Model
from menaquinone.solve import _algebra, _basis, _board, _control, _curved, _events, _grid, _march, _panels, _periods
from menaquinone.solve import _steady, _tile, _windows
from own import OWN

base = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
model = Model(*base.stages, stage(OWN))
result = mk.simulate(model, None, mk.dose("MK-7", "1 mg"), times=[0, 0.5, 2], outputs=["level", "plasma_concentration"])
parts = (
    _algebra, _basis, _board, _control, _curved, _events, _grid, _march, _panels, _periods, _steady, _tile, _windows
)
compiled = {id(one): one for part in parts for one in vars(part).values() if hasattr(one, "stats")}.values()
print(json.dumps({
    "levels": result["level"].values.ravel().tolist(),
    "plasma": result["plasma_concentration"].values.ravel().tolist(),
    "misses": sum(sum(one.stats.cache_misses.values()) for one in compiled),
    "hits": sum(sum(one.stats.cache_hits.values()) for one in compiled),
    "package": mk.__file__,
    "cache": _tile.run.stats.cache_path,
}))
"""


def run(folder, **environment):
    """Run the simulation in a process of its own and return what it printed."""
    (folder / "run.py").write_text(RUN)
    package = Path(environment.pop("package", Path(menaquinone.__file__).parent))
    wanted = os.environ | {"PYTHONPATH": os.pathsep.join([str(package.parent), str(folder)])} | environment
    done = subprocess.run(
        [sys.executable, str(folder / "run.py")], capture_output=True, text=True, check=False, env=wanted, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"notices": done.stderr.count("compiles its engine")}


def write(folder, text, *, affine):
    path = folder / "own.py"
    before = path.stat().st_mtime if path.exists() else None
    path.write_text(text.replace("{affine}", str(affine)).replace("{curved}", "" if affine else " - 0.01 * x.level**2"))
    if before is not None:  # Python itself takes two edits within one second for none
        os.utime(path, (before + 5, before + 5))


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "not affine"])
def test_an_edited_block_changes_the_result_in_the_next_process(tmp_path, affine):
    write(tmp_path, BLOCK, affine=affine)
    first, again = run(tmp_path), run(tmp_path)
    assert again == first | {"hits": again["hits"], "misses": 0, "notices": 0}
    write(tmp_path, BLOCK.replace("p.lost * x.level", "2.0 * p.lost * x.level"), affine=affine)
    edited = run(tmp_path)
    # panels are shared by all stages: what the block asks of them may show upstream, in the last digit
    assert edited["plasma"] == pytest.approx(first["plasma"], rel=1e-12)
    if affine:
        assert edited["levels"][0] == pytest.approx(first["levels"][0] / 2, rel=1e-12)
    assert all(new < 0.99 * old for new, old in zip(edited["levels"], first["levels"], strict=True))


def test_an_edited_helper_that_the_equation_calls_changes_it_too(tmp_path):
    write(tmp_path, BLOCK, affine=True)
    first = run(tmp_path)
    write(tmp_path, BLOCK.replace("1.0 * u.plasma", "3.0 * u.plasma"), affine=True)
    assert run(tmp_path)["levels"] == pytest.approx([3 * level for level in first["levels"]], rel=1e-9)


@pytest.fixture
def copied(tmp_path):
    """Copy the package, without anything that was compiled."""
    package = tmp_path / "elsewhere" / "menaquinone"
    shutil.copytree(Path(menaquinone.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def test_the_second_process_compiles_nothing(tmp_path, copied):
    write(tmp_path, BLOCK, affine=True)
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "package": copied}
    first, second = run(tmp_path, **cache), run(tmp_path, **cache)
    assert Path(first["package"]).parent == copied
    assert first["misses"] > 0
    assert second["misses"] == 0
    assert second["hits"] > 0
    assert second["levels"] == first["levels"]
    assert (first["notices"], second["notices"]) == (1, 0)
    # neither does a process with another block and other data
    write(tmp_path, BLOCK.replace('"own"', '"other"').replace("p.lost", "0.5 * p.lost"), affine=True)
    assert run(tmp_path, **cache)["misses"] == 0


@pytest.mark.slow
def test_what_cannot_be_compiled_in_a_process_beside_is_compiled_here(tmp_path, copied):
    write(tmp_path, BLOCK, affine=True)
    compilation = copied / "solve" / "compilation.py"
    compilation.write_text(compilation.read_text().replace('_BESIDE = """', '_BESIDE = """raise SystemExit(3)\n'))
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "package": copied}
    first, second = run(tmp_path, **cache), run(tmp_path, **cache)
    assert first["misses"] >= 2
    assert second == first | {"hits": second["hits"], "misses": 0, "notices": 0}


@pytest.mark.slow
def test_a_package_folder_that_cannot_be_written_to_falls_back_to_the_users_cache(tmp_path, copied):
    # a file where the folder of compiled code would be: nobody can write there, whatever their rights
    (copied / "solve" / "__pycache__").write_text("")
    for folder in [copied, *(one for one in copied.rglob("*") if one.is_dir())]:
        folder.chmod(0o555)
    write(tmp_path, BLOCK, affine=True)
    home = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home" / "cache"), "package": copied}
    home |= {"LOCALAPPDATA": home["XDG_CACHE_HOME"], "NUMBA_CACHE_DIR": "", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        first, second = run(tmp_path, **home), run(tmp_path, **home)
    finally:
        for folder in [copied, *(one for one in copied.rglob("*") if one.is_dir())]:
            folder.chmod(0o755)
    assert copied not in Path(second["cache"]).parents
    assert first["misses"] > 0
    assert second["misses"] == 0
    assert second["levels"] == first["levels"]
