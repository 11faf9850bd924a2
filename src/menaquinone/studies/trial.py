"""Arms over virtual people: the same people, with the same draws, in every arm; or each arm its own."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.errors import InputError
from menaquinone.inputs.population import Population
from menaquinone.inputs.regimen import Regimen
from menaquinone.inputs.safety import NOTHING, unsaid
from menaquinone.model import Model
from menaquinone.results import Summaries

if TYPE_CHECKING:
    from xarray import Dataset


def run_arms(
    model: Model,
    people: Population | Mapping[str, Population],
    arms: Mapping[str, Regimen | None],
    *,
    times: Any,
    seed: int,
    rtol: float = 1e-6,
    engine: Any = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    summaries: Summaries | None = None,
) -> "Dataset":
    """Simulate everyone in every arm.

    Parameters
    ----------
    model
        Any model.
    people
        They go through each arm with the same random effects, adherence draws, growth noise and scanner errors. Or the
        people of each arm, as many in all of them.
    arms
        What each arm takes, by name; nothing for a placebo.
    times
        As for :func:`menaquinone.simulate`.
    seed
        Of adherence, growth noise and scanner.
    rtol, engine, workers
        As for :func:`menaquinone.simulate`.
    progress
        Called with (done, total) simulated person-arms.
    summaries
        Mean, SD and quantiles across people in place of people, as for :func:`menaquinone.simulate`.

    Returns
    -------
    xarray.Dataset
        Dims (arm, subject, time, ...), growth noise on, with ``agatston_observed`` where the model has a score.
        With ``summaries``, dims (arm, time, ...), of what the engine finds: no scanner reads people who are not kept.

    Raises
    ------
    InputError
        If there is no arm, or :func:`menaquinone.simulate` refuses an argument.
    """
    from menaquinone.solve import simulate

    if not arms:
        raise InputError("arms: got none, expected at least one.")
    results = []
    groups = {name: people if isinstance(people, Population) else people[name] for name in arms}
    for number, (name, regimen) in enumerate(arms.items()):
        report = None if progress is None else _shifted(progress, number, len(arms), groups[name].n)
        with unsaid():  # it was done, and watched over: the report says what there is to say, once for all arms
            result = simulate(
                model, groups[name], regimen, times=times, rtol=rtol, engine=engine, workers=workers, progress=report,
                rng=seed, growth_noise=True, summaries=summaries,
            )  # fmt: skip
        results.append(result.expand_dims(arm=[name]))
    safety = {"safety": _safety(results)}
    if summaries is not None:
        return _side_by_side(results).assign_attrs(safety)
    first, *others = groups.values()
    if all(one is first for one in others):
        return _together(results, [str(name) for name in first.table]).assign_attrs(safety)
    sources = {f"{arm}: {column}": source for arm, one in groups.items() for column, source in one.sources.items()}
    told = {
        "population": ", ".join(dict.fromkeys(one.name for one in groups.values())),
        "population_sources": json.dumps(sources),
        "population_by_arm": json.dumps({arm: one.name for arm, one in groups.items()}),
    }
    links = {row: link for one in results for row, link in json.loads(one.attrs["references"]).items()}
    return _together(results, []).assign_attrs(told | safety, references=json.dumps(links))


def _safety(results: Sequence["Dataset"]) -> str:
    """Return what any arm says of safety."""
    said = (line for one in results for line in one.attrs["safety"].splitlines() if line != NOTHING)
    return "\n".join(dict.fromkeys(said)) or NOTHING


def _together(results: Sequence["Dataset"], personal: Sequence[str]) -> "Dataset":
    """Put arms side by side, what is the person's once for all of them, and have the scanner read everybody."""
    from menaquinone.analysis.progression import observe_agatston

    together = _side_by_side(_one_code(results))
    together = together.assign({name: results[0][name].isel(arm=0, drop=True) for name in personal if name in together})
    if "agatston" not in together:
        return together
    # the bare variable: coordinates keep the attributes they came with
    seen = observe_agatston(together, int(together.attrs["seed"]))["agatston_observed"].variable
    return together.assign(agatston_observed=seen)


def _side_by_side(results: Sequence["Dataset"]) -> "Dataset":
    import xarray

    together: Dataset = xarray.concat(
        results, dim="arm", data_vars="all", coords="minimal", compat="override", join="outer",
        combine_attrs="override",
    )  # fmt: skip
    together["arm"].attrs["long_name"] = "arm of the trial"
    return together


def _one_code(results: Sequence["Dataset"]) -> list["Dataset"]:
    """Return results whose flags (the form and route of a dose) mean the same in all of them."""
    coded = {str(name) for one in results for name in one.data_vars if "flag_meanings" in one[name].attrs}
    changed = [one.copy() for one in results]
    for name in coded:
        holders = [one for one in changed if name in one]
        if len({one[name].attrs["flag_meanings"] for one in holders}) == 1:
            continue
        every = list(dict.fromkeys(word for one in holders for word in one[name].attrs["flag_meanings"].split()))
        for one in holders:
            numbers = np.array([every.index(word) for word in one[name].attrs["flag_meanings"].split()], float)
            old = one[name].values
            known = np.isfinite(old)
            new = np.full(old.shape, np.nan)
            new[known] = numbers[old[known].astype(int)]
            attrs = one[name].attrs | {"flag_values": list(range(len(every))), "flag_meanings": " ".join(every)}
            one[name] = (one[name].dims, new if not known.all() else new.astype(old.dtype), attrs)
    return changed


def _shifted(progress: Callable[[int, int], None], number: int, arms: int, n: int) -> Callable[[int, int], None]:
    def report(done: int, _: int) -> None:
        progress(number * n + done, arms * n)

    return report
