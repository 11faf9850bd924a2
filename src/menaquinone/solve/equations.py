"""A block's equations as C functions that compiled code can call: compiled once, kept on disk, NumPy where that fails.

numba's own cache neither finds a function again that was handed to another one, nor notices when a function that is
called has changed. So every block gets copies of the loops in :mod:`menaquinone.solve._pointers` whose names carry a
digest of all that the equations rest on: the cache then holds what the name says, or nothing.
"""

import ctypes
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from menaquinone.declare import Block
from menaquinone.pause import collecting_later
from menaquinone.solve._copies import bound, digest

LANES = 16
"""Subjects that are advanced together."""

_FEW = 4
"""Up to so many states all columns of A are evaluated side by side."""
_UNIT, _STEP, _BYTES = 2.0**100, 1e-30, 8
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
                with collecting_later():
                    _made[key] = _compiled(block, name)
            except Exception as raised:  # noqa: BLE001 - whatever numba cannot do, NumPy does
                _made[key] = _in_numpy(block)
                warnings.warn(
                    f"block '{block.name}': its equations run in NumPy instead of compiled code: {_reason(raised)}.",
                    UserWarning,
                    stacklevel=2,
                )
        return _made[key]


def _named(block: Block) -> str:
    records = (block.Parameters, block.State, block.Inputs, block.Outputs)
    return digest(LANES, _FEW, block.affine, *records, block.rates, block.outputs)


def _reason(raised: Exception) -> str:
    """Return the first line that says something: the innermost error, without colours and the names of passes."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(raised)).rpartition("raised a specific error:")[2]
    lines = (re.sub(r"^\w*Error: ", "", line.strip()) for line in text.splitlines())
    told = [line for line in lines if line and not line.startswith("Failed in nopython mode")]
    return told[0] if told else type(raised).__name__


def _compiled(block: Block, name: str) -> Equations:
    from menaquinone.solve import _pointers as loops

    n = len(block.states)
    sizes = {
        "PARAMETERS": block.Parameters,
        "STATE": block.State,
        "INPUTS": block.Inputs,
        "OUTPUTS": block.Outputs,
        "ORIGIN": block.State(*[0.0] * n),
        "STATES": n,
        "VECTOR": n * LANES,
        "MATRIX": n * n * LANES,
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
    keep = Keep()
    one = _Numpy(block, keep)
    outputs, rates = (
        ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * count)(function)
        for count, function in ((7, one.outputs), (9, one.coefficients))
    )
    keep.held = (rates, outputs)
    address = [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in keep.held]
    return Equations(address[0] if block.states else 0, address[1], False, keep)


class _Numpy:
    """A block's equations on whole arrays (J, Q, lanes), behind the arguments of the compiled ones.

    Nothing but results may leave a callback: an exception is kept for whoever runs the engine.
    """

    def __init__(self, block: Block, keep: Keep) -> None:
        self.block = block
        self.keep = keep

    def coefficients(self, p: int, inputs: int, board: int, J: int, Q: int, x: int, a: int, b: int, mode: int) -> None:
        """Write A, unless mode is 0, and b."""
        n = len(self.block.states)
        offset = _array(b, (J, Q, n, LANES), writable=True)
        slopes = _array(a, (J, Q, n, n, LANES), writable=True) if mode else offset[..., :0, :]
        with self._recorded(offset, slopes):
            rates = self._evaluator(self.block.rates, self.block.State, p, inputs, board, J, Q)
            if mode == 2:
                state = _array(x, (J, Q, n, LANES))
                left = rates([state[:, :, i] for i in range(n)])
                for k in range(n):
                    stepped = [state[:, :, i] + 1j * _STEP * (i == k) for i in range(n)]
                    slopes[:, :, :, k] = rates(stepped).imag / _STEP
                    left = left - slopes[:, :, :, k] * state[:, :, k : k + 1]
                offset[...] = left
            else:
                values = [np.broadcast_to(size, (J, Q, LANES)) for size in (0.0, _UNIT)]
                offset[...] = rates([values[0]] * n)
                for k in range(n if mode else 0):
                    slopes[:, :, :, k] = (rates([values[i == k] for i in range(n)]) - offset) / _UNIT

    def outputs(self, p: int, inputs: int, board: int, J: int, Q: int, x: int, outs: int) -> None:
        """Write every output where its row of ``outs`` says."""
        n = len(self.block.states)
        places = _rows(outs, len(self.block.offers), board, J, Q, writable=True)
        with self._recorded(*places):
            offers = self._evaluator(self.block.outputs, self.block.Outputs, p, inputs, board, J, Q)
            found = offers([_array(x, (J, Q, n, LANES))[:, :, i] for i in range(n)])
            for i, place in enumerate(places):
                place[...] = found[:, :, i]

    def _evaluator(self, equation: Any, record: Any, p: int, inputs: int, board: int, J: int, Q: int) -> Any:
        """Return a function from states to results (J, Q, fields, lanes)."""
        held = [_array(p + i * LANES * _BYTES, (J, Q, LANES), (0, 0, 1)) for i in range(len(self.block.parameters))]
        parameters = self.block.Parameters(*held)
        reads = self.block.Inputs(*_rows(inputs, len(self.block.inputs), board, J, Q))
        fields: tuple[str, ...] = record._fields

        def evaluate(state: list[Any]) -> Any:
            results = equation(parameters, self.block.State(*state), reads)
            whole = [np.broadcast_to(one, (J, Q, LANES)) for one, _ in zip(results, fields, strict=True)]
            return np.stack(whole, axis=2) if whole else np.empty((J, Q, 0, LANES))

        return evaluate

    @contextmanager
    def _recorded(self, *results: np.ndarray) -> Iterator[None]:
        try:
            with np.errstate(all="ignore"):
                yield
        except BaseException as raised:  # noqa: BLE001 - an interrupt too
            self.keep.error = self.keep.error or raised
            for one in results:
                one[...] = np.nan


class _Memory:
    """An address in the words of NumPy's array interface."""

    def __init__(self, **described: Any) -> None:
        self.__array_interface__ = described


def _array(
    address: int, shape: tuple[int, ...], strides: Any = None, kind: Any = float, *, writable: bool = False
) -> np.ndarray:
    """Return the numbers at an address; strides are counted in numbers."""
    steps = None if strides is None else tuple(int(one) * _BYTES for one in strides)
    data = (address, not writable)
    return np.asarray(_Memory(data=data, shape=shape, strides=steps, typestr=np.dtype(kind).str, version=3))


def _rows(table: int, count: int, board: int, J: int, Q: int, *, writable: bool = False) -> list[np.ndarray]:
    """Return fields (J, Q, lanes) of a board from their (offset, sj, sq)."""
    places = _array(table, (count, 3), kind=np.int64) if count else ()
    return [
        _array(board + int(offset) * _BYTES, (J, Q, LANES), (sj, sq, 1), writable=writable) for offset, sj, sq in places
    ]
