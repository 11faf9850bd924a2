"""The library on the default model: tolerances, threads and numbers of people."""

import default
from measure import Size, failures, row, samples, say, timed

TOLERANCES = (1e-4, 2e-5, 1e-5, 1e-6, 1e-7)
MOST = 10_000


def measure(size: Size) -> dict:
    """Return rows over tolerances, threads and numbers of people; judged by a run at rtol 1e-10."""
    judged = 1 if size.quick else 8
    default.solve(default.people(16), times=[14.0])  # compiles
    exact = default.columns(default.solve(default.people(judged), rtol=1e-10), judged)
    each = timed(lambda: default.solve(default.people(16)))["seconds"] / 16
    n = size.people(each, MOST)
    found = [_row(n, exact, judged, size, rtol=rtol, workers=2) for rtol in TOLERANCES]
    found += [_row(n, exact, judged, size, rtol=rtol, workers=1) for rtol in (2e-5, 1e-5, 1e-6)]
    found += [_row(few, exact, judged, size, rtol=1e-6, workers=2) for few in (1, 10, 100, 1000) if few < n]
    return {"rows": found, "judged": judged, "judge": "the library at rtol 1e-10"}


def _row(n: int, exact, judged: int, size: Size, *, rtol: float, workers: int) -> dict:
    who, few = default.people(n), min(n, judged)
    result = default.solve(who, rtol=rtol, workers=workers)
    found, failed = default.columns(result, few), failures(result)
    del result
    error = default.error(found, {name: values[:few] for name, values in exact.items()})
    taken = samples(lambda: default.solve(who, rtol=rtol, workers=workers), size)
    return say(row("menaquinone", f"rtol {rtol:g}", threads=workers, n=n, taken=taken, error=error, failed=failed))
