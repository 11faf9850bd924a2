"""The front door: check what came, align it, run an engine, label what it found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.errors import refused
from menaquinone.inputs.doses import Regimens, prescribed
from menaquinone.inputs.population import Population
from menaquinone.inputs.records import Regimen, together
from menaquinone.inputs.safety import Concern, concerns, new, told, warn_of
from menaquinone.model import Model
from menaquinone.results import Summaries, groups_of, labelled, labelled_summaries
from menaquinone.solve.asked import Asked, Failures, Largest, asked, said, summaries_or_none
from menaquinone.solve.course import Course
from menaquinone.solve.memory import estimated, refuse_what_does_not_fit
from menaquinone.solve.solution import STATUS, Engine, Progress, gathered, room_for
from menaquinone.solve.states import handed_over, with_decisions, with_state
from menaquinone.solve.streams import aligned, portions, solving, summarised, telling
from menaquinone.solve.uncertain import number_of_draws, over_draws
from menaquinone.units import HOURS_PER_DAY

if TYPE_CHECKING:
    import xarray


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
    summaries: Summaries | None = None,
    initial: "xarray.Dataset | None" = None,
    final_state: bool = False,
    uncertainty: int | None = None,
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
        One for all, a mapping from subject id, a sequence with one for each subject, or None for no doses. It may end
        in a rule (``mk.rule``), which decides doses at visits.
    times
        ``"start:stop:step unit"`` (``"0:730:14 d"``; ``stop`` is included when it is hit) or rising numbers of days.
    rtol
        Tolerance of the outputs, 1e-10 to 1e-2: relative to each value, or to a thousandth of the largest that it has
        had where that is more.
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
    summaries
        ``Summaries()`` keeps mean, SD and quantiles across people instead of people, so that memory does not grow
        with their number.
    initial
        A run of the same model and people that kept its state, or its :func:`final_state`, to go on from. Times,
        doses and visits count from there; age, kidney function and doses on their way go on.
    final_state
        Keep the state at the end, for a run that goes on from it.
    uncertainty
        So many parameter sets are drawn from the posterior of the calibration, by the seed and apart from people;
        everything is simulated with each, everybody with the same draws of their own. Parameters that were set by hand
        stay. None: the defaults alone.

    Returns
    -------
    xarray.Dataset
        Dims (subject, time, form / tissue / protein / site); every variable with ``units``, ``long_name`` and
        ``source``. With ``summaries``, ``<name>_mean``, ``_sd``, ``_quantile``, ``_n`` and ``_failed`` in place of
        every output: dims (the column summarised by, time, form / tissue / protein / site, quantile). With a rule,
        ``rule_dose`` (subject, visit, decided). With ``uncertainty`` a leading dim ``draw`` and the drawn parameters as
        coordinates along it.

    Raises
    ------
    InputError
        If an argument cannot be used as it is.
    SolveError
        If a subject fails and ``on_failure`` is ``"raise"``.

    Warns
    -----
    SafetyWarning
        Once for each kind: ``InteractionWarning`` where vitamin K is given beside an antagonist, ``HighDoseWarning``
        where supplements hold more than 200 ug of MK-7 in a day. The result's attribute ``safety`` says the same.
    """
    run = asked(
        model, people, times=times, rtol=rtol, outputs=outputs, engine=engine, on_failure=on_failure, rng=rng,
        growth_noise=growth_noise, workers=workers, progress=progress,
    )  # fmt: skip
    keep = summaries_or_none(summaries)
    if final_state and keep is not None:
        raise refused("final_state", final_state, "a run that keeps its people, without `summaries`")
    handed = None if initial is None else handed_over(initial, run.model, run.people)
    run = replace(run, initial=handed, keeps=bool(final_state))
    regimens, which = prescribed(regimen, run.people.ids)
    if uncertainty is not None:
        if run.initial is not None or run.keeps:
            raise refused("uncertainty", uncertainty, "none beside `initial` or `final_state`, which hold one set")
        return _over_draws(run, regimen, regimens, keep, uncertainty)
    beforehand, largest = concerns(regimens, run.people, float(run.hours[-1])), Largest()
    warn_of(beforehand)
    run = replace(run, given=largest.note)
    refuse_what_does_not_fit(estimated(run, regimens, keep, n=run.people.n), summaries=keep is not None)
    failures = Failures()
    if keep is not None:
        groups = groups_of(run.people, keep.by)
        statistics = summarised(run, portions(run, regimens, which), keep, groups, failures)
        _report(run, failures)
        safety = _afterwards(run, regimens, beforehand, largest)
        about = _about(run) | {"regimen": said(regimen)} | _told(safety, regimens)
        return labelled_summaries(run.model, run.people, groups, run.hours, run.wanted, statistics, keep, about)
    problem = aligned(run, regimens, which)
    if isinstance(problem, Course):
        travelled = problem.solved(telling(run))
        solution, decisions, handed = travelled.solution, travelled.decisions, travelled.handed
    else:
        room = room_for(problem, run.wanted)
        solution = gathered(problem, run.wanted, solving(run, problem, room=room), room)
        decisions, handed = (), None
    failures.note(np.arange(run.people.n), solution.status, solution.failed_at)
    _report(run, failures)
    safety = _afterwards(run, regimens, beforehand, largest)
    status, about = (solution.status, solution.failed_at, STATUS), _about(run) | _told(safety, regimens)
    result = labelled(run.model, run.people, problem.doses, run.hours, solution.outputs, status, about)
    result = with_decisions(result, decisions)
    return result if handed is None else with_state(result, run.model, handed)


def _about(run: Asked) -> dict[str, str | float]:
    """Return what the dataset says of the run."""
    return run.attributes() | ({} if run.initial is None else {"began_at": run.clock / HOURS_PER_DAY})


def _over_draws(
    run: Asked, regimen: Regimens, regimens: Sequence[Regimen], keep: Summaries | None, draws: int
) -> "xarray.Dataset":
    """Simulate with each of the parameter sets drawn."""
    how_many = number_of_draws(draws)
    refuse_what_does_not_fit(
        estimated(run, regimens, keep, n=run.people.n, points=how_many), summaries=keep is not None
    )
    days, before = run.hours / HOURS_PER_DAY, 0

    def told(done: int, every: int) -> None:
        if run.progress is not None:
            run.progress(before * every + done, how_many * every)

    def once(model: Model, people: Population) -> "xarray.Dataset":
        nonlocal before
        found = simulate(
            model, people, regimen, times=days, rtol=run.rtol, outputs=list(run.wanted), engine=run.engine,
            on_failure=run.on_failure, rng=run.seed, growth_noise=run.growth_noise, workers=run.workers, progress=told,
            summaries=keep,
        )  # fmt: skip
        before += 1
        return found

    return over_draws(once, run.model, run.people, how_many, run.seed)


def _afterwards(
    run: Asked, regimens: Sequence[Regimen], beforehand: tuple[Concern, ...], largest: Largest
) -> tuple[Concern, ...]:
    """Return what there is to say of safety now that rules have decided, and warn of what was not known beforehand."""
    if not largest.amounts:
        return beforehand
    found = concerns(regimens, run.people, float(run.hours[-1]), largest.amounts)
    warn_of(new(found, beforehand), stacklevel=3)
    return found


def _told(safety: Iterable[Concern], regimens: Iterable[Regimen]) -> dict[str, str | float]:
    """Return what a dataset says of safety, and what is uncertain about foods."""
    notes = together(*(one.notes for one in regimens))
    said_of_food: dict[str, str | float] = {"regimen_notes": " ".join(notes)} if notes else {}
    return {"safety": told(safety), **said_of_food}


def _report(run: Asked, failures: Failures) -> None:
    failures.report(run.people.n, lambda one: str(run.people.ids[one]), run.on_failure, stacklevel=4)
