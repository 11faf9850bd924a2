"""Imports point down: the layers of `pyproject.toml`, and which part of the package may use which library."""

import ast
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
PACKAGE = Path(str(files("menaquinone")))
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

HOMES = {
    "SALib": {"studies"},
    "dask": {"studies"},
    "emcee": {"studies"},
    "h5netcdf": set(),
    "hypothesis": {"testing"},
    "libsbml": {"interop"},
    "llvmlite": {"solve"},
    "matplotlib": {"plotting"},
    "numba": {"solve"},
    "pandas": {"results"},
    "pint": {"units", "testing"},
    "pydantic": {"trials"},
    "pydantic_core": {"trials"},
    "pytest": {"testing"},
    "rich": {"cli", "report"},
    "scipy": {"inputs", "solve", "studies"},
    "typer": {"cli"},
    "xarray": {"results", "analysis", "solve", "studies", "interop", "trials", "plotting", "testing", "report", "cli"},
    "zarr": {"studies"},
}
CORE = {"menaquinone", "numpy"} | sys.stdlib_module_names


@cache
def imports(module: str) -> tuple[tuple[str, bool], ...]:
    """Return what a module imports, as dotted names, each with whether that happens while it is loaded."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    inside = {
        id(node)
        for part in ast.walk(tree)
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) or _type_checking(part)
        for node in ast.walk(part)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(one.name, id(node) not in inside) for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = node.module != "menaquinone"  # else the names are what is imported
            names = [node.module or "."] if whole else [f"menaquinone.{one.name}" for one in node.names]
            found += [(name, id(node) not in inside) for name in names]
    return tuple(found)


def _type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def part(module: str) -> str:
    """Return the layer that a module belongs to."""
    return module.split("/", maxsplit=1)[0].removesuffix(".py")


def test_the_layers_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0, capsys.readouterr().out


def test_the_layers_leave_no_module_out(monkeypatch):
    monkeypatch.chdir(ROOT)
    contracts = {one["id"]: one for one in read_configuration()["contracts_options"]}
    assert str(contracts["layers"]["exhaustive"]).lower() == "true"


@pytest.mark.parametrize("module", MODULES)
def test_a_library_is_used_only_where_it_belongs(module):
    used = {name.split(".")[0] for name, _ in imports(module)} - CORE
    assert {name for name in used if part(module) not in HOMES.get(name, set())} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if module != "__init__.py"])
def test_nothing_inside_imports_the_package_itself(module):
    parts = {"menaquinone." + part(one) for one in MODULES} - {"menaquinone.__init__"}
    top = {name for name, _ in imports(module) if name == "menaquinone" or name.count(".") == 1}
    assert {name for name in top if name.startswith("menaquinone")} <= parts


def test_inputs_use_only_special_functions_of_scipy_and_only_inside_functions():
    used = {one for module in MODULES if part(module) == "inputs" for one in imports(module) if "scipy" in one[0]}
    assert used <= {("scipy.special", False)}
