"""libRoadRunner on the default model: the library's own SBML of each person, doses and covariates as events.

Writing, reading and compiling a document are not counted; parameters could as well be set on one that is loaded.
"""

import time

import default
import numpy as np
from measure import Size, row, samples, say

import menaquinone as mk
from menaquinone.interop.sbml import sbml_id, to_sbml
from menaquinone.model import bracketed
from menaquinone.units import from_house

TOLERANCES = ((1e-5, 1e-8), (1e-6, 1e-8), (1e-7, 1e-9), (1e-8, 1e-10), (1e-9, 1e-11))
TIGHT = (1e-12, 1e-14)


class Person:
    """One person's document, loaded."""

    def __init__(self, who, subject: int) -> None:
        import roadrunner

        model = mk.models.vitamin_k()
        text = to_sbml(model, who, default.dosing(), until=f"{default.DAYS} d", subject=subject)
        began = time.perf_counter()
        self.runner = roadrunner.RoadRunner(text)
        self.loading = time.perf_counter() - began
        self.runner.integrator.maximum_num_steps = 1_000_000
        self.outputs = {
            name: [sbml_id(bracketed(name, ", ".join(member))) for member in model.offers[name].members]
            for name in model.outputs
        }
        self.units = {name: model.offers[name].declared.unit for name in model.outputs}
        self.columns = ["time", *(one for ids in self.outputs.values() for one in ids)]
        self.times = [0.0, *(24.0 * default.OUTPUT_DAYS)]

    def solve(self, rtol: float, atol: float, *, stiff: bool) -> np.ndarray:
        """Return what was selected, (times, 1 + outputs), from the start again."""
        settings = self.runner.integrator
        settings.relative_tolerance, settings.absolute_tolerance, settings.stiff = rtol, atol, stiff
        self.runner.resetToOrigin()
        return np.array(self.runner.simulate(times=self.times, selections=self.columns))

    def labelled(self, table: np.ndarray) -> dict[str, np.ndarray]:
        """Return outputs by name in declared units, (1, time, members)."""
        found, place = {}, 1
        for name, ids in self.outputs.items():
            found[name] = from_house(table[None, 1:, place : place + len(ids)], self.units[name])
            place += len(ids)
        return found


def measure(size: Size) -> dict:
    """Return rows over tolerances and methods, and how far the two judges are apart."""
    subjects = 1 if size.quick else 4
    who = default.people(subjects)
    exact = default.columns(default.solve(who, rtol=1e-10), subjects)
    persons = [Person(who, subject) for subject in range(subjects)]
    apart = _error([one.solve(*TIGHT, stiff=True) for one in persons], persons, exact)
    print(f"judges are {apart:.1e} apart; loading took {persons[0].loading:.1f} s", flush=True)
    found, failed = [], []
    for stiff in (True, False):
        for rtol, atol in TOLERANCES[1:2] if size.quick else TOLERANCES:
            try:
                found.append(_row(persons, exact, size, rtol, atol, stiff=stiff))
            except RuntimeError as problem:
                failed.append({"setting": _setting(rtol, atol, stiff=stiff), "why": str(problem)})
                print(f"{failed[-1]['setting']}: {problem}", flush=True)
    return {
        "rows": found,
        "failed": failed,
        "judged": subjects,
        "judge": "the library at rtol 1e-10",
        "judges_apart": apart,
        "loading_s": [one.loading for one in persons],
    }


def _error(tables, persons, exact) -> float:
    return max(
        default.error(one.labelled(table), {name: values[i : i + 1] for name, values in exact.items()})
        for i, (one, table) in enumerate(zip(persons, tables, strict=True))
    )


def _row(persons, exact, size: Size, rtol: float, atol: float, *, stiff: bool) -> dict:
    def call():
        return [one.solve(rtol, atol, stiff=stiff) for one in persons]

    error = _error(call(), persons, exact)
    taken = samples(call, size)
    setting = _setting(rtol, atol, stiff=stiff)
    return say(row("libRoadRunner CVODE", setting, threads=1, n=len(persons), taken=taken, error=error))


def _setting(rtol: float, atol: float, *, stiff: bool) -> str:
    return f"rtol {rtol:g}, atol {atol:g}, {'BDF' if stiff else 'Adams'}"
