"""A block's equations as C functions that compiled code can call: compiled once, kept on disk, NumPy where that fails.

numba's own cache neither finds a function again that was handed to another one, nor notices when a function that is
called has changed. So every block gets copies of the loops in :mod:`menaquinone.solve._pointers` whose names carry a
digest of all that the equations rest on: the cache then holds what the name says, or nothing.
"""

import ctypes
import re
import threading
import warnings
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from menaquinone.declare import Block
from menaquinone.solve._copies import bound, digest

LANES = 16
"""Subjects that are advanced together."""

_FEW = 4
"""Up to so many states all columns of A are evaluated side by side."""
_UNIT, _STEP = 2.0**100, 1e-30
_lock = threading.RLock()
_made: dict[Any, "Equations"] = {}


@dataclass
class Keep:
    """What has to live as long as the addresses of some equations.

    Attributes
    ----------
    held
        Compiled functions or callbacks.
    error
        The first exception raised by equations that run in NumPy since somebody set this to None.
    """

    held: tuple[Any, ...] = ()
    error: BaseException | None = None


@dataclass(frozen=True)
class Equations:
    """Addresses of a block's equations.

    Attributes
    ----------
    coefficients
        Address of ``void f(p, inputs, board, J, Q, x, a, b, mode)``, all int64; 0 for a block without states.
    outputs
        Address of ``void f(p, inputs, board, J, Q, x, outs)``, all int64.
    compiled
        Whether they are compiled, rather than callbacks into Python.
    keep : Keep
        Whatever must stay alive for the addresses to stay valid, and errors of callbacks.
    """

    coefficients: int
    outputs: int
    compiled: bool
    keep: Any


def equations(block: Block) -> Equations:
    """Return a block's equations as C functions; the same ones for blocks with the same equations.

    Parameters
    ----------
    block
        The mechanism.

    Warns
    -----
    UserWarning
        If numba cannot compile them, so that they run in NumPy; once for each block.
    """
    with _lock:
        name = _named(block)
        key = name or block
        if key not in _made:
            try:
                _made[key] = _compiled(block, name)
            except Exception as raised:  # noqa: BLE001 - whatever numba cannot do, NumPy does
                warnings.warn(
                    f"block '{block.name}': its equations run in NumPy instead of compiled code: {_reason(raised)}",
                    UserWarning,
                    stacklevel=2,
                )
                _made[key] = _in_numpy(block)
        return _made[key]


def _named(block: Block) -> str:
    records = (block.Parameters, block.State, block.Inputs, block.Outputs)
    return digest(LANES, _FEW, block.affine, *records, block.rates, block.outputs)


def _reason(raised: Exception) -> str:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", str(raised)).splitlines()
    told = [line.strip() for line in lines if line.strip() and not line.startswith("Failed in nopython mode")]
    return told[0] if told else type(raised).__name__


def _compiled(block: Block, name: str) -> Equations:
    from menaquinone.solve import _pointers as loops

    n = len(block.states)
    sizes = {
        "PARAMETERS": block.Parameters,
        "STATE": block.State,
        "INPUTS": block.Inputs,
        "ORIGIN": block.State(*[0.0] * n),
        "STATES": n,
        "RESULTS": len(block.offers),
        "HELD": len(block.parameters) * LANES,
        "MADE": len(block.offers) * LANES,
        "VECTOR": n * LANES,
        "MATRIX": n * n * LANES,
        "TABLE": n * (n + 1) * LANES,
    }
    outputs = _function(loops.offered, 7, sizes | {"EQUATION": bound(block.outputs)}, name)
    if not n:
        return Equations(0, outputs.address, True, Keep((outputs,)))
    loop = loops.curved if not block.affine else loops.few if n <= _FEW else loops.many
    rates = _function(loop, 9, sizes | {"EQUATION": bound(block.rates)}, name)
    return Equations(rates.address, outputs.address, True, Keep((rates, outputs)))


def _function(loop: Any, arguments: int, values: dict[str, Any], name: str) -> Any:
    """Compile a copy of a loop with names bound, or find it in the cache; without name or folder, in memory."""
    from numba import cfunc, int64, void
    from numba.core.errors import NumbaError, NumbaWarning

    copy = FunctionType(loop.__code__, loop.__globals__ | values, loop.__name__)
    copy.__qualname__ = f"{loop.__name__}_{name}"
    signature = void(*[int64] * arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaWarning)
        try:
            return cfunc(signature, cache=bool(name), error_model="numpy")(copy)
        except NumbaError:
            raise
        except Exception:
            if not name:
                raise
            return cfunc(signature, error_model="numpy")(copy)  # nowhere to write, or what was written is damaged


def _in_numpy(block: Block) -> Equations:
    raise NotImplementedError
