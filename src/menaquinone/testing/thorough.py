"""The thorough profile: numbered cases, the cascade against the reference at the tolerance asked for.

A command that can be stopped and goes on where it was::

    python -m menaquinone.testing.thorough --cases 10000 --state thorough.json
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from math import inf
from pathlib import Path
from pprint import pformat
from typing import Any, TextIO

import numpy as np

from menaquinone.errors import InputError, refused
from menaquinone.results import atomic
from menaquinone.solve.reference import Reference
from menaquinone.solve.simulate import simulate
from menaquinone.testing.cases import Case, case, smaller
from menaquinone.testing.outcomes import SIGNED

TOLERANCES = (1e-4, 1e-6, 1e-8)
ALLOWED = 10.0
"""Most that an output may be off, in tolerances: ``|x - ref| <= 10 rtol (|ref| + 1e-3 largest)``; without the
thousandth for what changes sign."""
_EXACT = Reference(rtol=1e-10)
_TIGHTER = Reference(rtol=1e-12, method="DOP853")
_FLOOR = 1e-3
_LEAST = 1e-6
"""House units; an output that is never more than this is compared as if it had been: the reference does so too."""
_DENSE = 49
_KEPT = 5
_SEEN = 20
_PATIENCE = 5.0
"""s between two lines and two writes of the state."""
_INTERRUPTED = 130


@dataclass(frozen=True)
class Gap:
    """How far an output is off, at worst.

    Attributes
    ----------
    off
        In tolerances; infinite where the cascade has no value.
    rtol
        The tolerance asked for.
    where
        Output, members, subject and time, or what went wrong.
    """

    off: float
    rtol: float
    where: str


@dataclass
class Tally:
    """What is known so far.

    Attributes
    ----------
    engine
        Digest of the code that solves and of the code that draws.
    done
        Cases checked: 0 to below this number.
    undecided
        Cases that the reference could not solve.
    failed
        Cases that are off by more than is allowed.
    worst
        Number and gap of the worst, worst first.
    spread
        Cases by how far they were off: below 0.01, 0.1, 1 and 10 tolerances, and beyond.
    """

    engine: str
    done: int = 0
    undecided: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    worst: list[tuple[int, float, float, str]] = field(default_factory=list)
    spread: list[int] = field(default_factory=lambda: [0] * 5)

    def note(self, number: int, gap: Gap | None) -> None:
        """Take in a case; no gap where the reference has none to offer."""
        self.done = number + 1
        if gap is None:
            self.undecided.append(number)
            return
        self.spread[int(np.searchsorted([0.01, 0.1, 1.0, ALLOWED], gap.off))] += 1
        if gap.off > ALLOWED:
            self.failed.append(number)
        self.worst = sorted([*self.worst, (number, gap.off, gap.rtol, gap.where)], key=lambda one: -one[1])[:_KEPT]


def gap(one: Case, *, tolerances: Sequence[float] = TOLERANCES) -> Gap | None:
    """Return how far the cascade is from the reference; None where the reference finds no solution.

    Parameters
    ----------
    one
        The case.
    tolerances
        To be asked for.
    """
    found = _gap(one, tolerances, _EXACT)
    # at tight tolerances the reference itself may be off: what counts is what two methods agree on
    return _gap(one, tolerances, _TIGHTER) if found is not None and found.off > ALLOWED else found


def _gap(one: Case, tolerances: Sequence[float], engine: Reference) -> Gap | None:
    run = one.run()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a person who fails is found by the status
        exact = simulate(**run, engine=engine)
        if exact["status"].values.any():
            return None
        end = float(run["times"][-1])
        dense = np.unique(np.round(np.concatenate([run["times"], np.linspace(0, end, _DENSE)]) * 24, 6)) / 24
        largest = _largest(simulate(**run | {"times": dense}), exact, run["outputs"])
        found = [_worst(simulate(**run, rtol=rtol), exact, largest, rtol) for rtol in tolerances]
    return max(found, key=lambda one: one.off)


def _largest(dense: Any, exact: Any, names: Sequence[str]) -> dict[str, float]:
    """Return the largest value of every output in the whole run, not only at the times compared."""
    return {
        name: max(float(np.nanmax(np.abs(each[name].values), initial=0.0)) for each in (dense, exact)) for name in names
    }


def _worst(got: Any, exact: Any, largest: dict[str, float], rtol: float) -> Gap:
    worst = Gap(0.0, rtol, "")
    if got["status"].values.any():
        return Gap(inf, rtol, "tolerance not reached")
    for name, most in largest.items():
        x, ref = got[name].values, exact[name].values
        floor = max(most, _LEAST) * (1.0 if name in SIGNED else _FLOOR)  # near zero a logarithm has few right digits
        off = np.abs(x - ref) / (rtol * (np.abs(ref) + floor))
        off = np.where(np.isnan(x) & np.isnan(ref), 0.0, np.where(np.isnan(off), inf, off))
        if off.max(initial=0.0) > worst.off:
            at = np.unravel_index(int(off.argmax()), off.shape)
            sizes = zip(exact[name].dims, at, strict=True)
            place = ", ".join(f"{dim} {exact[dim].values[k]}" for dim, k in sizes)
            worst = Gap(float(off.max()), rtol, f"{name} at {place}: {x[at]:.10g}, reference {ref[at]:.10g}")
    return worst


def reduced(one: Case, fails: Callable[[Case], bool]) -> Case:
    """Return the smallest case on the way that still fails.

    Parameters
    ----------
    one
        A case that fails.
    fails
        Whether a case does.
    """
    found = True
    while found:
        found = False
        for less in smaller(one):
            try:
                found = fails(less)
            except InputError:  # a member that something else needs is gone
                continue
            if found:
                one = less
                break
    return one


def listing(one: Case, rtol: float) -> str:
    """Return lines of Python that run a case.

    Parameters
    ----------
    one
        The case.
    rtol
        The tolerance to ask for.
    """
    return (
        "from menaquinone.testing.cases import Case\n"
        "from menaquinone.testing.thorough import gap\n\n"
        f"one = {pformat(one, width=118, sort_dicts=False)}\n"
        f"print(gap(one, tolerances=[{rtol!r}]))\n"
    )


def code() -> str:
    """Return a digest of the code that solves and of the code that draws: cases of two of them do not add up."""
    here = Path(__file__).parent
    files = [*sorted((here.parent / "solve").glob("*.py")), here / "cases.py", here / "generated.py", Path(__file__)]
    digest = blake2b(repr([case(number) for number in range(_SEEN)]).encode(), digest_size=8)  # the catalogue may grow
    for one in files:
        digest.update(one.read_bytes())
    return digest.hexdigest()


def opened(path: Path, *, restart: bool = False) -> Tally:
    """Return what a file says of earlier runs; nothing where there is none.

    Parameters
    ----------
    path
        The file.
    restart
        Whether to pass over what it says.

    Raises
    ------
    InputError
        If it is no state of this command, or that of other code.
    """
    if restart or not path.exists():
        return Tally(code())
    try:
        tally = Tally(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise refused("state", str(path), "a file that this command wrote, or --restart") from None
    if tally.engine != code():
        raise InputError(
            f"state: got {tally.done} cases of other code in '{path}', expected those of this code; "
            "--restart begins anew."
        )
    tally.worst = [(number, off, rtol, where) for number, off, rtol, where in tally.worst]
    return tally


def keep(tally: Tally, path: Path) -> None:
    """Write what is known to a file, all or nothing.

    Parameters
    ----------
    tally
        What is known.
    path
        The file.
    """
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(asdict(tally), indent=1), encoding="utf-8")


def run(tally: Tally, cases: int, path: Path, out: TextIO, check: Callable[[Case], Gap | None]) -> bool:
    """Check cases up to a number, and keep what is known; return whether all were checked.

    Parameters
    ----------
    tally
        What is known, brought up to date.
    cases
        Check cases below this number.
    path
        File of the state.
    out
        Where progress is written.
    check
        What finds a case's gap.
    """
    first, began, last = tally.done, time.monotonic(), time.monotonic()
    try:
        while tally.done < cases:
            number = tally.done
            tally.note(number, check(case(number)))
            now = time.monotonic()
            if now - last >= _PATIENCE:
                last = now
                keep(tally, path)
                left = (now - began) / (tally.done - first) * (cases - tally.done)
                out.write(f"{tally.done} of {cases} cases, {_worst_of(tally)}, {_span(left)} left\n")
                out.flush()
    except KeyboardInterrupt:
        out.write(f"stopped after {tally.done} of {cases} cases; the same command goes on from there\n")
        return False
    finally:
        keep(tally, path)
    return True


def _worst_of(tally: Tally) -> str:
    if not tally.worst:
        return "none compared"
    number, off, rtol, _ = tally.worst[0]
    return f"worst off by {off:.3g} tolerances (case {number} at {rtol:g})"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def report(tally: Tally) -> str:
    """Return what was found, with the worst case as lines of Python.

    Parameters
    ----------
    tally
        What is known.
    """
    below = ["below 0.01", "0.01 to 0.1", "0.1 to 1", f"1 to {ALLOWED:g}", f"beyond {ALLOWED:g}"]
    lines = [f"{tally.done} cases at rtol {', '.join(f'{one:g}' for one in TOLERANCES)}, {_worst_of(tally)}"]
    lines += [f"{count:7d} {said} tolerances" for said, count in zip(below, tally.spread, strict=True)]
    if tally.undecided:
        lines.append(f"{len(tally.undecided):7d} not solved by the reference: {tally.undecided}")
    if tally.failed:
        lines.append(f"failed, allowed are {ALLOWED:g} tolerances: {tally.failed}")
    for number, off, rtol, where in tally.worst:
        lines.append(f"case {number}, rtol {rtol:g}, off by {off:.3g}: {where}")
    if tally.worst:
        number, _, rtol, _ = tally.worst[0]
        lines += ["", listing(case(number), rtol)]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run the command; return 0 if all cases hold, 1 if one fails, 2 for a wrong call, 130 if it was stopped.

    Parameters
    ----------
    arguments
        Of the command line.
    out
        Where to write; standard output if left out.
    """
    out = sys.stdout if out is None else out
    parser = argparse.ArgumentParser(prog="python -m menaquinone.testing.thorough", description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=300, help="check the cases below this number (300)")
    parser.add_argument("--state", type=Path, default=Path("thorough.json"), help="file that keeps what is known")
    parser.add_argument("--restart", action="store_true", help="pass over what the file says")
    parser.add_argument(
        "--reduce", type=int, metavar="CASE", help="print the smallest case that fails as this one does"
    )
    given = parser.parse_args(arguments)
    if given.reduce is not None:
        return _reduce(given.reduce, out)
    try:
        tally = opened(given.state, restart=given.restart)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    whole = run(tally, given.cases, given.state, out, gap)
    out.write(f"{report(tally)}\n")
    if not whole:
        return _INTERRUPTED
    return 1 if tally.failed else 0


def _reduce(number: int, out: TextIO) -> int:
    found = gap(case(number))
    if found is None or found.off <= ALLOWED:
        out.write(f"case {number} holds\n")
        return 0

    def fails(less: Case) -> bool:
        off = gap(less, tolerances=[found.rtol])
        return off is not None and off.off > ALLOWED

    out.write(listing(reduced(case(number), fails), found.rtol))
    return 1


if __name__ == "__main__":
    sys.exit(main())
