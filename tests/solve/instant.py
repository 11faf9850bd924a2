"""An engine without equations: at once, and different for everything that a run can differ in."""

from dataclasses import dataclass, field

import numpy as np

from menaquinone.solve.entry import enter
from menaquinone.solve.solution import blank


@dataclass(frozen=True)
class Instant:
    """Every output is its value at time 0, moved by time, by covariates and by the doses that were taken until then.

    ``fails`` says by subject id from which hour on somebody is missing; ``seen`` is a list that keeps the problems.
    """

    width: int = 32
    fails: dict = field(default_factory=dict)
    seen: list | None = None

    label = "instant"

    def pieces(self, problem, wanted, *, workers, progress):
        if self.seen is not None:
            self.seen.append(problem)
        n = problem.people.n
        order = np.argsort(problem.doses.which, kind="stable")
        for first in range(0, n, self.width):
            yield self.piece(problem, wanted, order[first : first + self.width])
            if progress is not None:
                progress(min(first + self.width, n), n)

    def piece(self, problem, wanted, subjects):
        made, entry = blank(problem, wanted, subjects), enter(problem, subjects)
        zero = np.zeros(len(subjects))
        for row, hour in enumerate(problem.times):
            moved = 1 + hour / 1000 + self.doses_until(problem, subjects, entry, hour)
            for name in problem.covariates:
                moved = moved * (1 + 1e-3 * entry.held(name, zero + hour, zero + hour).sum(axis=0))
            for name in wanted:
                made.outputs[name][row] = entry.offered[name] * moved
        for column, subject in enumerate(subjects):
            at = self.fails.get(int(problem.people.ids[subject]))
            if at is not None:
                made.status[column], made.failed_at[column] = 1, at
                for values in made.outputs.values():
                    values[problem.times > at, :, column] = np.nan
        return made

    @staticmethod
    def doses_until(problem, subjects, entry, hour):
        """Add up amounts at once, running infusions and steady states, each with what arrives of it."""
        total = np.zeros(len(subjects))
        which = problem.doses.which[subjects]
        for schedule in np.unique(which):
            actions, lanes = problem.actions[schedule], np.flatnonzero(which == schedule)
            mine = subjects[lanes]
            parameters = [type(p)(*(np.asarray(value)[..., lanes] for value in p)) for p in entry.parameters]
            for e in np.flatnonzero((actions.time < hour) & (actions.dose >= 0)):
                takes = np.array(
                    [taken is None or taken[actions.dose[e]] for taken in map(problem.taken_by, mine.tolist())]
                )
                since = hour - actions.time[e] if actions.kind[e] else 1 / (1 + actions.time[e])
                arriving = problem.arriving(actions.targets[actions.target[e]], parameters, mine)
                total[lanes] += 1e-3 * actions.value[e] * arriving * since * takes
            for orbit in actions.orbits:
                for dose, target in orbit.joint:
                    total[lanes] += dose.amount * problem.arriving(target, parameters, mine) / dose.ii
        return total
