"""The front door: check what came, align it, run an engine, label what it found."""

import os
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone import units
from menaquinone.errors import InputError, SolveError, listed, refused, unknown
from menaquinone.inputs.doses import Regimens, doses_for
from menaquinone.inputs.draws import entropy
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.regimen import DoseRecord, Regimen
from menaquinone.model import Model
from menaquinone.results import labelled
from menaquinone.solve.cascade import Cascade
from menaquinone.solve.problem import TIME_DIGITS, Problem
from menaquinone.solve.solution import STATUS, Engine, Progress, Solution, gathered

if TYPE_CHECKING:
    import xarray

_TIGHTEST, _LOOSEST = 1e-10, 1e-2
_SPAN = re.compile(r"\s*([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*([^:\s]+)\s+(\S+)\s*$")
_TIMES = "'start:stop:step unit' such as '0:730:14 d', or an array of days"
_SHOWN = 5


def simulate(
    model: Model,
    people: Population | None = None,
    regimen: Regimens = None,
    *,
    times: Any,
    rtol: float = 1e-6,
    outputs: list[str] | tuple[str, ...] | None = None,
    engine: Engine | None = None,
    on_failure: str = "nan",
    rng: Any = None,
    growth_noise: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> "xarray.Dataset":
    """Simulate people taking doses.

    Time 0 is the steady state of each person's habitual diet; a regimen adds to it. A value at the time of a dose is
    the one just before the dose.

    Parameters
    ----------
    model
        What happens, such as ``models.vitamin_k()``.
    people
        Whom it happens to; one reference person if left out.
    regimen
        One for all, a mapping from subject id, a sequence with one for each subject, or None for no doses.
    times
        ``"start:stop:step unit"`` (``"0:730:14 d"``; ``stop`` is included when it is hit) or rising numbers of days.
    rtol
        Tolerance of the outputs, 1e-10 to 1e-2.
    outputs
        Names of the outputs to keep; those that the model shows if left out.
    engine
        ``Cascade()`` or ``Reference()``.
    on_failure
        ``"nan"``: a subject that cannot be solved is missing from the failing time on, with a ``status`` and a
        warning; ``"raise"``: an exception.
    rng
        Seed (int, ``numpy.random.Generator`` or ``SeedSequence``) of adherence; the population's if left out.
    growth_noise
        Let deposits grow faster in some years than in others, drawn from the population's seed.
    workers
        Threads; all cores if left out. Results do not depend on it.
    progress
        Called with subjects done and in all.

    Returns
    -------
    xarray.Dataset
        Dims (subject, time, form / tissue / protein / site); every variable with ``units``, ``long_name`` and
        ``source``.

    Raises
    ------
    InputError
        If an argument cannot be used as it is.
    SolveError
        If a subject fails and ``on_failure`` is ``"raise"``.
    """
    if not isinstance(model, Model):
        raise refused("model", model, "a model such as mk.models.vitamin_k()")
    if people is not None and not isinstance(people, Population):
        raise refused("people", people, "a population such as mk.population('postmenopausal', 100)")
    if on_failure not in ("nan", "raise"):
        raise unknown("on_failure", on_failure, ("nan", "raise"))
    tolerance = units.magnitude(rtol, "1", "rtol")
    if not _TIGHTEST <= tolerance <= _LOOSEST:
        raise refused("rtol", rtol, f"a number from {_TIGHTEST:g} to {_LOOSEST:g}")
    if workers is not None and not (units.magnitude(workers, "1", "workers") >= 1 and workers == int(workers)):
        raise refused("workers", workers, "a whole number of at least 1")
    people = population("reference", 1) if people is None else people
    engine = Cascade() if engine is None else engine
    if isinstance(engine, type) or not hasattr(engine, "pieces"):
        raise refused("engine", engine, "mk.Cascade() or mk.Reference()")
    if progress is not None and not callable(progress):
        raise refused("progress", progress, "a function of subjects done and subjects in all")
    wanted = _wanted(model, outputs)
    hours = hours_of(times)
    seed = people.seed if rng is None else entropy(rng)
    doses = doses_for(regimen, people.ids, seed, float(hours[-1]))
    problem = Problem(model, people, doses, hours, tolerance, growth_noise, _molar_masses(regimen))
    solution = gathered(problem, wanted, engine.pieces(problem, wanted, workers=workers or _cores(), progress=progress))
    _report_failures(people, solution, on_failure)
    attributes: dict[str, str | float] = {
        "engine": engine.label,
        "rtol": tolerance,
        "seed": str(seed),
        "growth_noise": str(growth_noise),
        "population_effects_unused": ", ".join(problem.unused_effects) or "none",
    }
    status = (solution.status, solution.failed_at, STATUS)
    return labelled(model, people, doses, hours, solution.outputs, status, attributes)


def _wanted(model: Model, outputs: Any) -> tuple[str, ...]:
    if outputs is None:
        return model.outputs
    if not isinstance(outputs, (list, tuple)) or not outputs:
        raise refused("outputs", outputs, f"a list of names such as {listed(model.outputs[:2])}")
    for name in outputs:
        if name not in model.offers:
            raise unknown("output", name, model.offers)
    return tuple(dict.fromkeys(outputs))


def hours_of(times: Any) -> np.ndarray:
    """Return output times in hours.

    Parameters
    ----------
    times
        ``"start:stop:step unit"``, or an array of days.

    Raises
    ------
    InputError
        If they are not finite, rising and at least 0, or there are none.
    """
    if isinstance(times, str):
        hours = _span(times)
    else:
        try:
            hours = np.atleast_1d(np.asarray(() if times is None else times, float)) * units.HOURS_PER_DAY
        except (TypeError, ValueError):
            raise refused("times", times, _TIMES) from None
    if hours.ndim != 1 or not hours.size:
        raise refused("times", times, "at least one time in one dimension" if times is not None else _TIMES)
    if not (np.isfinite(hours) & (hours >= 0)).all():
        wrong = hours[~(np.isfinite(hours) & (hours >= 0))][0] / units.HOURS_PER_DAY
        raise InputError(f"times: got {wrong:g} d, expected finite times of at least 0.")
    hours = np.round(hours, TIME_DIGITS)
    late = np.flatnonzero(np.diff(hours) <= 0)
    if late.size:
        first, second = hours[late[0]] / 24, hours[late[0] + 1] / 24
        raise InputError(f"times: got {second:g} d after {first:g} d, expected times in rising order, each once.")
    return hours


def _span(text: str) -> np.ndarray:
    match = _SPAN.match(text)
    if match is None:
        raise refused("times", text, _TIMES)
    start, stop, step = (units.hours(f"{match[part]} {match[4]}", "times") for part in (1, 2, 3))
    if step <= 0 or stop < start:
        raise refused("times", text, "a step greater than 0 and a stop not before the start")
    return np.asarray(start + step * np.arange(np.floor((stop - start) / step + 1e-9) + 1))


def _molar_masses(regimen: Regimens) -> dict[str, float]:
    if regimen is None:
        return {}
    if isinstance(regimen, Regimen):
        regimens = [regimen]
    else:
        regimens = list(
            {id(one): one for one in (regimen.values() if hasattr(regimen, "values") else regimen)}.values()
        )
    return {one.form: one.molar_mass for each in regimens for one in each.records if isinstance(one, DoseRecord)}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _report_failures(people: Population, solution: Solution, on_failure: str) -> None:
    failed = np.flatnonzero(solution.status)
    if not failed.size:
        return
    first = failed[0]
    named = ", ".join(str(people.ids[one]) for one in failed[:_SHOWN]) + (", ..." if failed.size > _SHOWN else "")
    message = (
        f"{failed.size} of {people.n} subjects could not be solved ({named}): the first, {people.ids[first]}, "
        f"because of '{STATUS[solution.status[first]]}' at {solution.failed_at[first] / 24:g} d; "
        "their values are missing from then on, and a looser rtol or bounded parameters may help."
    )
    if on_failure == "raise":
        raise SolveError(message)
    warnings.warn(message, RuntimeWarning, stacklevel=3)
