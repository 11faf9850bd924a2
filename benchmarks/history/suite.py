"""Times, ratios, errors and memory of the main jobs, small enough to be run on every commit of a history."""

# ruff: noqa: ARG002 (asv hands every parameter to every function)

import numpy as np
import plain
import twelve
from measure import cores

import menaquinone as mk

TIMES = np.arange(53) * 14.0


def _people(n: int, judged: int = 4):
    return twelve.people(plain.people(n, judged))


class Twelve:
    """The twelve-state problem: two years, a dose a day."""

    timeout = 600
    params = ([1, 100, 2000], [1, 2])
    param_names = ("people", "threads")

    def setup(self, n: int, threads: int) -> None:
        if threads > cores():
            raise NotImplementedError
        self.model, self.people, self.dosing = twelve.model(), _people(n), twelve.dosing()
        self.solve(threads)  # compiles

    def solve(self, threads: int):
        return mk.simulate(
            self.model, self.people, self.dosing, times=TIMES, outputs=list(twelve.STATES), workers=threads
        )

    def time_two_years(self, n: int, threads: int) -> None:
        self.solve(threads)


class TwelveVariants:
    """The same with doses missed, and for twenty years."""

    timeout = 600

    def setup(self) -> None:
        self.model, self.people = twelve.model(), _people(500)
        self.time_doses_missed()

    def time_doses_missed(self) -> None:
        dosing = twelve.dosing() * mk.adherence(0.8)
        mk.simulate(self.model, self.people, dosing, times=TIMES, outputs=list(twelve.THREE), rng=1)

    def time_twenty_years(self) -> None:
        mk.simulate(self.model, self.people, twelve.dosing(), times=10 * TIMES, outputs=list(twelve.THREE))

    def peakmem_summaries(self) -> None:
        people = mk.population(twelve.record(), 20_000, rng=1)
        mk.simulate(
            self.model, people, twelve.dosing(), times=TIMES, outputs=list(twelve.THREE), summaries=mk.Summaries()
        )


class Accuracy:
    """The worst error of the twelve states against DOP853 at rtol 1e-11."""

    timeout = 600
    params = (1e-3, 1e-6)
    param_names = ("rtol",)
    unit = "relative error"

    def setup_cache(self) -> np.ndarray:
        return plain.trusted(plain.people(4, 4))

    def track_error(self, exact: np.ndarray, rtol: float) -> float:
        result = mk.simulate(
            twelve.model(), _people(4), twelve.dosing(), times=plain.OUTPUT_DAYS, outputs=list(twelve.STATES), rtol=rtol
        )
        return plain.error(twelve.states(result), exact)


class Default:
    """The default model: two years of MK-7 a day, all outputs."""

    timeout = 900
    params = (1, 200)
    param_names = ("people",)

    def setup(self, n: int) -> None:
        self.model, self.people = mk.models.vitamin_k(), mk.population("postmenopausal", n, rng=7)
        self.dosing = mk.dose("MK-7", "360 ug", every="24 h")
        self.time_two_years(n)

    def time_two_years(self, n: int) -> None:
        mk.simulate(self.model, self.people, self.dosing, times=TIMES)

    def peakmem_two_years(self, n: int) -> None:
        mk.simulate(self.model, self.people, self.dosing, times=TIMES)


class Sweep:
    """A hundred points on ten people as one job."""

    timeout = 600

    def setup(self) -> None:
        self.model, self.people = twelve.model(), _people(10)
        self.time_sweep()

    def time_sweep(self) -> None:
        values = np.linspace(0.3, 0.9, 100).tolist()
        mk.sweep(
            self.model,
            self.people,
            twelve.dosing(),
            over={f"transfer[{twelve.FORM}]": values},
            times=[365.0, 730.0],
            outputs=list(twelve.THREE),
        )


def timeraw_import() -> str:
    """Import the package in a new process."""
    return "import menaquinone"


def timeraw_first_solve() -> str:
    """Import and solve one person in a new process, compiled code in the cache."""
    return """
    import menaquinone as mk
    mk.simulate(mk.models.vitamin_k(), regimen=mk.dose("MK-7", "360 ug", every="24 h"), times=[28.0])
    """
