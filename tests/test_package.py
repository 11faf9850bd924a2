"""The package as a whole: what importing costs, what is public, what ships, and that the README is what is checked."""

import os
import re
import subprocess
import sys
from importlib.metadata import metadata, version
from importlib.resources import files
from pathlib import Path

import pytest

import menaquinone as mk

ROOT = Path(__file__).parents[1]
HEAVY = {"dask", "h5netcdf", "hypothesis", "matplotlib", "numba", "numpy", "pandas", "pint"}
HEAVY |= {"pydantic", "rich", "scipy", "typer", "xarray"}


def fresh(code: str) -> str:
    """Run code in a new interpreter and return what it printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_loads_nothing_heavy():
    assert HEAVY.isdisjoint(fresh("import sys, menaquinone; print(*sys.modules)").split())


def test_importing_loads_no_other_module_of_the_package():
    assert fresh("import sys, menaquinone; print(*(m for m in sys.modules if m.startswith('menaquinone.')))") == ""


def test_what_tests_compile_is_kept_apart_from_the_package():
    from numba import config

    assert config.CACHE_DIR == os.environ["NUMBA_CACHE_DIR"] != ""


@pytest.mark.parametrize("name", mk.__all__)
def test_every_public_name_resolves(name):
    assert getattr(mk, name) is not None


def test_public_names_are_listed_and_sorted():
    assert dir(mk) == sorted(mk.__all__)
    assert sorted(mk.__all__) == mk.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as refused:
        mk.simulat  # noqa: B018
    assert str(refused.value) == "module 'menaquinone' has no attribute 'simulat'"


def test_version_is_that_of_the_installed_package():
    assert mk.__version__ == version("menaquinone")


@pytest.mark.parametrize("name", ["py.typed", "catalogue/evidence/pk.csv", "trials/knapen-2015.toml"])
def test_data_ship_with_the_package(name):
    assert files("menaquinone").joinpath(*name.split("/")).is_file()


def test_every_extra_of_the_readme_exists():
    asked = set(re.findall(r"[\w-]+", " ".join(re.findall(r'"\.\[([\w,-]+)\]"', (ROOT / "README.md").read_text()))))
    assert asked <= set(metadata("menaquinone").get_all("Provides-Extra"))


def test_the_readme_opens_with_two_commands_that_the_checks_run_as_written():
    commands = re.findall(r"```sh\n(.*?)\n```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert len(commands) == 2
    assert [one for one in commands if one not in (ROOT / ".ci" / "run").read_text()] == []


def test_the_citation_is_of_this_version():
    assert f"version: {mk.__version__}\n" in (ROOT / "CITATION.cff").read_text()
