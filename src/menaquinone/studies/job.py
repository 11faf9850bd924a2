"""A sweep under way: points and people in portions, solved one after another, gathered or added up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from menaquinone.inputs.population import Population
from menaquinone.inputs.repeated import repeated
from menaquinone.results import (
    HELD,
    Cells,
    Groups,
    Statistics,
    Summaries,
    cells_of,
    exactly,
    groups_of,
    labelled,
    labelled_summaries,
)
from menaquinone.solve.asked import Asked, Failures, molar_masses
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import STATUS, Room, gather, unfilled
from menaquinone.solve.streams import portion_size, solving, summarised, together
from menaquinone.studies.points import Points
from menaquinone.studies.prescriptions import Prescriptions

if TYPE_CHECKING:
    import xarray

_KINDS = ("n", "failed", "mean", "sd", "quantiles")


@dataclass(frozen=True)
class Job:
    """Everything that a sweep is made of.

    Attributes
    ----------
    run
        What every run is asked for.
    points
        Of the sweep.
    prescriptions
        Regimens at the points.
    own : arrays (points, n)
        What everybody has of their own of parameters at each point, instead of the one value of the point.
    """

    run: Asked
    points: Points
    prescriptions: Prescriptions
    own: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def portion(self) -> int:
        """Subjects that exist at one time."""
        return portion_size(self.prescriptions.regimens, float(self.run.hours[-1]), len(self.cells))

    @property
    def cells(self) -> Cells:
        """Cells of a summary."""
        return cells_of(self.run.model, self.run.wanted, self.run.hours)

    def _slices(self) -> Iterator[slice]:
        """Yield as many points at a time as a portion holds, at least one."""
        step = max(1, self.portion // self.run.people.n)
        for first in range(0, len(self.points), step):
            yield slice(first, min(first + step, len(self.points)))

    def problems(self, points: slice) -> Iterator[tuple[int, Problem]]:
        """Yield the problem of some points, in parts where one point is more than a portion; and where each begins."""
        n, portion = self.run.people.n, self.portion
        for first in range(0, n, portion):
            yield first, self.problem(points, slice(first, min(first + portion, n)))

    def problem(self, points: slice, who: slice) -> Problem:
        """Align some people at some points: point after point, the people in their order."""
        run, n = self.run, who.stop - who.start
        people = run.people if n == run.people.n else run.people.select(who)
        by_kind: dict[str, dict[str, np.ndarray]] = {"column": {}, "parameter": {}, "diet": {}}
        for one, values in zip(self.points.swept, self.points.values, strict=True):
            if one.kind in by_kind:
                by_kind[one.kind][one.key] = values.held[points]
        everybody = repeated(
            people, points.stop - points.start, columns=by_kind["column"],
            values=by_kind["parameter"] | {name: held[points, who] for name, held in self.own.items()},
            diet=by_kind["diet"], wanted=run.model.parameters,
        )  # fmt: skip
        ids = run.people.ids if run.people.drawn_as is None else run.people.drawn_as
        doses = self.prescriptions.doses(points, who, ids, run.seed, float(run.hours[-1]))
        molar, scales = molar_masses(self.prescriptions.regimens[:1]), self.prescriptions.scales(points, n)
        return Problem(run.model, everybody, doses, run.hours, run.rtol, run.growth_noise, molar, scales)

    # individuals ------------------------------------------------------------------------------------------------------

    def individuals(self, about: Mapping[str, str | float]) -> "xarray.Dataset":
        """Solve everything and keep everybody."""
        run, n, failures = self.run, self.run.people.n, Failures()
        rows = np.empty((len(self.cells), run.subjects))
        whole = unfilled(self.cells, rows)
        for some in self._slices():
            for first, problem in self.problems(some):
                place = some.start * n + first
                gather(whole, solving(run, problem, place, Room(rows, place)), place, problem.people.n)
        failures.note(np.arange(run.subjects), whole.status, whole.failed_at)
        self._report(failures)
        status = (whole.status, whole.failed_at, STATUS)
        return labelled(
            run.model, self._told, None, run.hours, whole.outputs, status, run.attributes() | dict(about),
            self.points.lead,
        )  # fmt: skip

    @property
    def _told(self) -> Population:
        """The people without what is swept, which the coordinates tell."""
        gone = {one.name for one in self.points.swept if one.kind in ("column", "diet")}
        table = {name: column for name, column in self.run.people.table.items() if name not in gone}
        return replace(self.run.people, table=table)

    def _report(self, failures: Failures) -> None:
        n = self.run.people.n

        def name(one: int) -> str:
            return f"{self.run.people.ids[one % n]} at {self.points.said(one // n)}"

        failures.report(self.run.subjects, name, self.run.on_failure, stacklevel=5)

    # summaries --------------------------------------------------------------------------------------------------------

    def summaries(self, wanted: Summaries, about: Mapping[str, str | float]) -> "xarray.Dataset":
        """Solve everything and keep nobody."""
        run, failures, groups = self.run, Failures(), groups_of(self.run.people, wanted.by)
        found, cells, room = [], len(self.cells), np.empty(0)
        for some in self._slices():
            if run.people.n <= min(HELD, self.portion):
                size = (some.stop - some.start) * run.people.n * cells
                room = room if room.size >= size else np.empty(size)  # new memory costs time
                found.append(self._whole_points(some, room[:size].reshape(cells, -1), wanted, groups, failures))
            else:
                found += [self._point(one, wanted, groups, failures) for one in range(some.start, some.stop)]
        self._report(failures)
        every = {kind: np.concatenate([getattr(one, kind) for one in found], axis=1) for kind in _KINDS}
        statistics = Statistics(**every, error=max(one.error for one in found))
        return labelled_summaries(
            run.model, run.people, groups, run.hours, run.wanted, statistics, wanted, run.attributes() | dict(about),
            self.points.lead,
        )  # fmt: skip

    def _point(self, one: int, wanted: Summaries, groups: Groups, failures: Failures) -> Statistics:
        """Solve and summarise one point, everybody of which need not be there at once: (cells, 1, groups)."""
        problems, before = self.problems(slice(one, one + 1)), one * self.run.people.n
        return summarised(self.run, problems, wanted, groups, failures, before)

    def _whole_points(
        self, some: slice, rows: np.ndarray, wanted: Summaries, groups: Groups, failures: Failures
    ) -> Statistics:
        """Solve and summarise some points, everybody of which is there at once: exactly, (cells, points, groups)."""
        run, n, before = self.run, self.run.people.n, some.start * self.run.people.n
        whole = unfilled(self.cells, rows)
        for first, problem in self.problems(some):
            gather(whole, solving(run, problem, before + first, Room(rows, first)), first, problem.people.n)
        failures.note(np.arange(rows.shape[1]) + before, whole.status, whole.failed_at)
        people = rows.reshape(len(self.cells), -1, n)
        chosen = [groups.codes == code for code in range(len(groups))]
        return together(
            [exactly(people if len(groups) == 1 else people[:, :, one], wanted.quantiles) for one in chosen]
        )


__all__ = ["Job"]
