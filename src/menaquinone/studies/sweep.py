"""Many simulations as one: every point of a design for everybody, in portions that fit in memory."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.errors import InputError, refused
from menaquinone.inputs.designs import Grid, table
from menaquinone.inputs.doses import Regimens, prescribed
from menaquinone.inputs.population import Population
from menaquinone.inputs.regimen import Regimen
from menaquinone.inputs.safety import concerns, told, warn_of
from menaquinone.model import Model
from menaquinone.results import AXES, Summaries
from menaquinone.solve.asked import Asked, asked, said, summaries_or_none
from menaquinone.solve.memory import estimated, refuse_what_does_not_fit
from menaquinone.solve.solution import Engine, Progress
from menaquinone.studies.job import Job
from menaquinone.studies.points import Points, points
from menaquinone.studies.prescriptions import Prescriptions, prescriptions
from menaquinone.studies.swept import Swept, swept

if TYPE_CHECKING:
    import xarray

_TAKEN = ("subject", "time", *AXES, "quantile", "point", "status", "failed_at")


def sweep(
    model: Model,
    people: Population | None = None,
    regimen: Regimens = None,
    *,
    over: Mapping[str, Any],
    design: Any = None,
    n: int | None = None,
    times: Any,
    rtol: float = 1e-6,
    outputs: list[str] | tuple[str, ...] | None = None,
    engine: Engine | None = None,
    on_failure: str = "nan",
    rng: Any = None,
    growth_noise: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
    summaries: Summaries | None = None,
) -> "xarray.Dataset":
    """Simulate the same people at every point of a design, as one job.

    Parameters
    ----------
    model, people, regimen
        As for :func:`simulate`. Person k has the same random effects, missed doses and luck at every point.
    over
        By name, what is swept: a list of values (numbers or quantities), or a law such as
        ``lognormal("1.1 L/h", cv=0.3)``. A name is

        - a parameter of the model, ``"clearance[MK-7]"``: replaces the typical value; random effects still multiply it;
        - a column of the population, ``"age"``: everybody has that value, with all that follows from it;
        - a habitual intake, ``"diet[MK-7]"``, ug/d;
        - a field of the regimen as in :func:`dose`: ``"dose"`` (the amount), ``"every"``, ``"until"``, ``"start"``,
          ``"duration"``, ``"lag"``, ``"bioavailability"``, ``"adherence"``, ``"fat"``, ``"formulation"``; with the form
          in brackets (``"dose[MK-7]"``), or the number of the record from 0, where there are several records.
    design
        ``grid()``, every combination (if left out); ``table()``, row by row; or a sampler of ``scipy.stats.qmc``, which
        draws ``n`` points: laws are met at its quantiles, values of a list are equally likely.
    n
        Points that a sampler draws.
    times, rtol, outputs, engine, on_failure, rng, growth_noise, workers, summaries
        As for :func:`simulate`.
    progress
        Called with subjects done and in all, everybody counted at every point.

    Returns
    -------
    xarray.Dataset
        Dims (the swept names, or ``point``; subject, time, form / tissue / protein / site), the values of every swept
        name as coordinates. With ``summaries`` dims (the swept names, or ``point``; time, ...), of people who are not
        kept. Doses are not in it.

    Raises
    ------
    UnknownNameError
        If nothing has a swept name.
    InputError
        If an argument cannot be used as it is.
    SolveError
        If somebody fails at some point and ``on_failure`` is ``"raise"``.

    Warns
    -----
    SafetyWarning
        As :func:`simulate`, once for all points.
    """
    run = asked(
        model, people, times=times, rtol=rtol, outputs=outputs, engine=engine, on_failure=on_failure, rng=rng,
        growth_noise=growth_noise, workers=workers, progress=progress,
    )  # fmt: skip
    keep = summaries_or_none(summaries)
    chosen = Grid() if design is None else design
    laid = points(_names(run, regimen, over, keep), over, chosen, n)
    job, about = _job(run, regimen, laid, chosen, keep)
    return job.individuals(about) if keep is None else job.summaries(keep, about)


def at_points(
    model: Model, people: Population, regimen: Regimens, parameters: Mapping[str, np.ndarray],
    own: Mapping[str, np.ndarray], **options: Any,
) -> "xarray.Dataset":  # fmt: skip
    """Simulate the same people with several sets of parameters, of some of which people have values of their own.

    Parameters
    ----------
    model, people, regimen
        As for :func:`sweep`.
    parameters : arrays (k,)
        Typical values by bracketed name, in declared units.
    own : arrays (k, n)
        Of some of these, what everybody has instead.
    options
        As for :func:`sweep`: times, rtol, outputs, rng, growth_noise, workers.

    Returns
    -------
    xarray.Dataset
        Dims (point, subject, time, ...).
    """
    run, rows = asked(model, people, **options), table()
    laid = points(_names(run, regimen, parameters, None), parameters, rows, None)
    job, about = _job(run, regimen, laid, rows, None, own)
    return job.individuals(about)


def _job(
    run: Asked, regimen: Regimens, laid: Points, chosen: Any, keep: Summaries | None,
    own: Mapping[str, np.ndarray] | None = None,
) -> tuple[Job, dict[str, str | float]]:  # fmt: skip
    """Return the job, what its result says of it, and say what there is to say before it begins."""
    job = Job(replace(run, points=len(laid)), laid, _prescribed(run, regimen, laid), own or {})
    estimate = estimated(run, job.prescriptions.regimens, keep, n=run.people.n, points=len(laid))
    refuse_what_does_not_fit(estimate, summaries=keep is not None)
    safety = concerns(job.prescriptions.largest, run.people, float(run.hours[-1]))
    warn_of(safety, stacklevel=3)
    return job, {
        "regimen": said(regimen),
        "swept": json.dumps({one.name: one.kind for one in laid.swept}),
        "design": type(chosen).__name__.lower(),
        "safety": told(safety),
    }


def _names(run: Asked, regimen: Any, over: Any, keep: Summaries | None) -> list[Swept]:
    """Find out what every swept name stands for; none may stand for what another does, or be a name of the result."""
    if not isinstance(over, Mapping) or not over:
        raise refused("over", over, "names with their values, such as {'dose': ['90 ug', '180 ug']}")
    found: list[Swept] = []
    for name in over:
        one = swept(name, run.model, run.people, regimen)
        if name in (*_TAKEN, *run.wanted):
            raise refused("swept name", name, "one that is not a name of the result")
        for other in found:
            both = {*one.records} & {*other.records}
            if (one.kind, one.key) == (other.kind, other.key) and (both or not one.records):
                raise InputError(f"over: got '{other.name}' and '{name}', expected one name for one thing.")
        found.append(one)
    if keep is not None and keep.by in over:
        raise refused("column to summarise by", keep.by, "one that is not swept")
    return found


def _prescribed(run: Asked, regimen: Regimens, laid: Points) -> Prescriptions:
    if isinstance(regimen, Regimen) and any(one.kind == "regimen" for one in laid.swept):
        return prescriptions(regimen, laid)
    return Prescriptions(*prescribed(regimen, run.people.ids), swept=False)


__all__ = ["at_points", "sweep"]
