"""A sweep of 10,000 points on 100 people against a Python loop of ``simulate`` calls.

The loop is measured on some of the points and scaled up, which is said beside the figure.
"""

import numpy as np
import plain
import twelve
from measure import Size, row, samples, say, timed

import menaquinone as mk
from parts import twelve as part

PEOPLE = 100
POINTS = 100
"""Along each of two axes."""
LOOPED = 20


def measure(size: Size) -> dict:
    """Return seconds of the sweep and of the loop, and their ratio."""
    points, people = (10, 20) if size.quick else (POINTS, PEOPLE)
    clearance, volume = np.linspace(0.8, 3.0, points), np.linspace(10.0, 40.0, points)
    who = twelve.people(plain.people(people, 16))
    who = mk.Population(who.name, who.ids, who.seed, values=_without(who.values, "clearance", "central_volume"))
    _one(who, clearance[0], volume[0])  # compiles
    some = [(a, b) for a in clearance for b in volume][:: max(1, points * points // LOOPED)]

    def loop() -> None:
        for a, b in some:
            _one(who, a, b)

    looped = samples(loop, size)
    found = [say(row("menaquinone", "loop of simulate", threads=2, n=len(some) * people, taken=looped, error=None))]
    sweep = _sweep(who, clearance, volume)
    first = timed(sweep)
    swept = samples(sweep, size) if first["seconds"] < 60 else {key: [value] for key, value in first.items()}
    n = points * points * people
    found.append(say(row("menaquinone", "sweep", threads=2, n=n, taken=swept, error=None)))
    ratio = found[0]["us_per_subject"] / found[1]["us_per_subject"]
    print(f"the loop would take {ratio:.1f} times as long", flush=True)
    return {"rows": found, "ratio": ratio, "points": points * points, "people": people, "points_looped": len(some)}


def _without(values, *names: str) -> dict[str, np.ndarray]:
    return {name: array for name, array in values.items() if not name.startswith(names)}


def _settings(clearance, volume) -> dict:
    return {f"clearance[{twelve.FORM}]": clearance, f"central_volume[{twelve.FORM}]": volume}


def _one(who, clearance: float, volume: float):
    model = twelve.model().replace(_settings(clearance, volume))
    return mk.simulate(
        model, who, twelve.dosing(), times=[0.0, 365.0, 730.0], outputs=list(twelve.THREE), rtol=part.RTOL, workers=2
    )


def _sweep(who, clearance: np.ndarray, volume: np.ndarray):
    def call():
        return mk.sweep(
            twelve.model(),
            who,
            twelve.dosing(),
            over=_settings(clearance.tolist(), volume.tolist()),
            times=[0.0, 365.0, 730.0],
            outputs=list(twelve.THREE),
            rtol=part.RTOL,
            workers=2,
        )

    return call
