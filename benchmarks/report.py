"""From raw figures to the docs: tables that are included in pages, and the work-precision picture."""

import json
from pathlib import Path
from statistics import median

from measure import best

WANTED = 1e-5
"""Worst error up to which engines are compared."""
BUSY = 0.2
"""Cores that other work keeps busy before or after a part, from which its figures are doubted."""
COLOURS = ("#0b6e4f", "#c8553d", "#5b5f97", "#e0a030", "#3c91e6", "#7a4b94", "#888888", "#222222", "#d1495b", "#66a182")


def write(folder: Path, docs: Path) -> None:
    """Write every table whose figures are there."""
    every = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    found = _of_one_machine(every)
    docs.mkdir(parents=True, exist_ok=True)
    pages = {
        "targets": _targets(found),
        "twelve": _engines(found, "twelve"),
        "default": _engines(found, "default"),
        "tolerances": _tolerances(found),
        "machine": _machine(found) + _left_out(every.keys() - found.keys()),
        "limit": _limit(found),
        "peak": _peak(found),
    }
    for name, text in pages.items():
        (docs / f"{name}.inc").write_text((text or "*Not measured yet.*") + "\n")
    if any(name.startswith("twelve") for name in found):
        _picture(_rows(found, "twelve"), docs / "work-precision.png")
    print(f"tables and picture written to {docs}")


def _of_one_machine(found: dict) -> dict:
    """Leave out what was measured on another processor than the newest figures: ratios are of one machine."""
    here = _cpu(max(found.values(), key=lambda one: one.get("when", ""), default={}))
    return {name: one for name, one in found.items() if _cpu(one) in (None, here)}


def _left_out(names: set[str]) -> str:
    """Say what was measured on another machine alone."""
    if not names:
        return ""
    return f" **Measured on another machine before, and left out here: {', '.join(sorted(names))}.**"


def _cpu(part: dict) -> str | None:
    return part.get("machine", {}).get("cpu")


def _rows(found: dict, problem: str) -> list[dict]:
    parts = [part for name, part in found.items() if name == problem or name.startswith(f"{problem}_")]
    return [one for part in parts for one in part["rows"]]


def _most(rows: list[dict]) -> list[dict]:
    """Leave out our rows with few people, which show what a single call costs."""
    most = max((one["n"] for one in rows if one["engine"] == "menaquinone"), default=0)
    return [one for one in rows if one["engine"] != "menaquinone" or one["n"] == most]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(one) for one in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _time(us: float) -> str:
    if us >= 1e6:
        return f"{us / 1e6:.3g} s"
    return f"{us / 1e3:.3g} ms" if us >= 1e3 else f"{us:.3g} us"


def _fastest(found: dict, problem: str, engine: str, threads: int, error: float = WANTED) -> dict | None:
    rows = [one for one in _most(_rows(found, problem)) if one["engine"].startswith(engine)]
    return best(rows, error=error, threads=threads)


# What had to be reached ----------------------------------------------------------------------------------------------


def _targets(found: dict) -> str:
    rows = [
        *(_ratio(found, "twelve", *one) for one in (
            ("numbalsoda dop853", 400), ("diffrax", 1000), ("libRoadRunner", 3000), ("SciPy LSODA", 20000),
        )),
        _ours(found),
        _ratio(found, "default", "libRoadRunner", 300),
        *_horizons(found),
        *_adherence(found),
        *_million(found),
        *_sweep(found),
        *_threads(found),
        *_outside(found),
        *_startup(found),
    ]  # fmt: skip
    reached = [one for one in rows if one]
    return _table(["what", "at least", "measured"], reached) if reached else ""


def _ratio(found: dict, problem: str, engine: str, wanted: int) -> list[str]:
    # where an engine was not run on two threads, both are compared on one
    for threads in (2, 1):
        theirs = _fastest(found, problem, engine, threads)
        # the default model is compared at equal or better error, the twelve states at what both have to reach
        allowed = theirs["error"] if theirs and problem == "default" else WANTED
        ours = _fastest(found, problem, "menaquinone", threads, allowed)
        if ours and theirs:
            what = "twelve states" if problem == "twelve" else "default model"
            ratio = theirs["us_per_subject"] / ours["us_per_subject"]
            said = f"{ratio:,.0f} x ({_time(ours['us_per_subject'])} against {_time(theirs['us_per_subject'])})"
            return [f"{what}, against {engine}, {threads} thread{'s' * (threads > 1)}", f"{wanted:,} x", said]
    return []


def _ours(found: dict) -> list[str]:
    one = _fastest(found, "twelve", "menaquinone", 2)
    if not one:
        return []
    said = f"{_time(one['us_per_subject'])} ({one['setting']}, {one['n']:,} people, error {one['error']:.0e})"
    return ["twelve states, one subject, all included", "20 us; 10 us is the aim", said]


def _horizons(found: dict) -> list[list[str]]:
    wanted = {"twelve states": "1.5", "default model": "2.5"}
    ratios = found.get("horizon", {}).get("ratios", {})
    return [
        [f"{name}, 20 years against 2", f"at most {wanted[name]} x", f"{ratio:.2f} x"] for name, ratio in ratios.items()
    ]


def _adherence(found: dict) -> list[list[str]]:
    part = found.get("adherence")
    if not part or not part["ratio"]:
        return []
    ours = best([one for one in part["rows"] if one["engine"] == "menaquinone"], threads=2)
    said = f"{part['ratio']:.3g} x, {_time(ours['us_per_subject'])}"
    return [["twelve states, doses missed at random, against numbalsoda dop853", "60 x, about 150 us", said]]


def _million(found: dict) -> list[list[str]]:
    wanted = {"twelve states": "at most 60 s and 2 GiB"}
    lines = []
    for one in found.get("million", {}).get("rows", []):
        said = f"{one['seconds_per_million']:,.3g} s, {one['peak_memory_bytes'] / 2**30:.2f} GiB"
        if one["extrapolated"]:
            said += f" (time extrapolated from {one['n']:,})"
        lines.append(
            [f"{one['setting']}, a million people, drawn and summarised", wanted.get(one["setting"], "reported"), said]
        )
    return lines


def _sweep(found: dict) -> list[list[str]]:
    part = found.get("sweep")
    if not part:
        return []
    what = f"{part['points']:,} points x {part['people']} people, against a loop of `simulate`"
    return [[what, "20 x", f"{part['ratio']:.3g} x"]]


def _threads(found: dict) -> list[list[str]]:
    rows = []
    for problem, what, setting in (
        ("twelve", "twelve states", "rtol 0.002"),
        ("default", "default model", "rtol 1e-06"),
    ):
        held = [one for one in _most(_rows(found, problem)) if one["engine"] == "menaquinone"]
        one, two = (
            next((each for each in held if each["setting"] == setting and each["threads"] == threads), None)
            for threads in (1, 2)
        )
        if one and two:
            gain = one["us_per_subject"] / two["us_per_subject"]
            rows.append([f"{what}, a second thread", "1.8 x", f"{gain:.2f} x"])
    return rows


def _outside(found: dict) -> list[list[str]]:
    return [
        [f"{name}, time outside kernels, {one['n']:,} people", "at most 15 %", f"{100 * one['outside']:.0f} %"]
        for name, one in found.get("outside", {}).get("shares", {}).items()
    ]


def _startup(found: dict) -> list[list[str]]:
    part = found.get("startup")
    if not part:
        return []
    first = part["first"]["default model"]
    return [
        ["`import menaquinone`", "at most 0.15 s", f"{median(part['import_s']):.3f} s"],
        ["first solve in a new process, filled cache", "at most 2 s", f"{median(first['warm']):.2f} s"],
        ["compiling the default model", "at most 30 s; 15 s is the aim", f"{first['compilation']:.1f} s"],
    ]


# Engines -------------------------------------------------------------------------------------------------------------


def _engines(found: dict, problem: str) -> str:
    """Return the fastest setting of every engine that is right enough, on one thread and two."""
    rows = _most(_rows(found, problem))
    lines = []
    for engine in dict.fromkeys(one["engine"] for one in rows):
        mine = [one for one in rows if one["engine"] == engine]
        fast = best(mine, error=WANTED)
        if fast is None:
            lines.append((float("inf"), [engine, "none right enough", "", "", ""]))
            continue
        times = {threads: best(mine, error=WANTED, threads=threads) for threads in (1, 2)}
        shown = [_time(one["us_per_subject"]) if one else "" for one in times.values()]
        lines.append((fast["us_per_subject"], [engine, fast["setting"], *shown, f"{fast['error']:.0e}"]))
    head = ["engine", "fastest setting", "one thread", "two threads", "worst error"]
    return _table(head, [one for _, one in sorted(lines, key=lambda line: line[0])]) if lines else ""


def _tolerances(found: dict) -> str:
    """Return our own rows: what a tolerance costs and gives."""
    rows = [one for one in _most(_rows(found, "twelve")) if one["engine"] == "menaquinone" and one["threads"] == 2]
    lines = [
        [one["setting"].removeprefix("rtol "), _time(one["us_per_subject"]), f"{one['error']:.0e}"] for one in rows
    ]
    return _table(["rtol", "one subject, two threads", "worst error"], lines) if lines else ""


def _machine(found: dict) -> str:
    if not found:
        return ""
    part = max(found.values(), key=lambda one: one.get("when", ""))
    facts = part.get("machine")
    if not facts:
        return ""
    caches = ", ".join(f"{level} {size}" for level, size in facts["caches"].items())
    versions = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return (
        f"Processor: {facts['cpu']}, {facts['cores']} cores, {caches}; {facts['memory_bytes'] / 2**30:.0f} GiB. "
        f"Python {facts['python']}, {versions}. Last measured {part['when'][:10]}.{_doubts(found)}"
    )


def _doubts(found: dict) -> str:
    """Say which figures are not to be trusted: of quick runs, or of a machine that did other work."""
    quick = [name for name, one in found.items() if one.get("quick")]
    busy = [name for name, one in found.items() if max(one.get("cores_busy_with_others", [0])) > BUSY]
    said = f" **To be measured again, from a quick run: {', '.join(quick)}.**" if quick else ""
    return said + (f" **The machine did other work during: {', '.join(busy)}.**" if busy else "")


def _picture(rows: list[dict], path: Path) -> None:
    """Draw error against time of a subject, every engine on as many threads as it was measured on."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
    rows = [one for one in _most(rows) if one.get("error")]
    looks = [(colour, line) for line in ("o-", "s--") for colour in COLOURS]
    for (colour, line), engine in zip(looks, dict.fromkeys(one["engine"] for one in rows), strict=False):
        mine = [one for one in rows if one["engine"] == engine]
        threads = max((1, 2), key=lambda count, mine=mine: (sum(one["threads"] == count for one in mine), count))
        front = _front([one for one in mine if one["threads"] == threads])
        label = f"{engine}, {threads} thread{'s' * (threads > 1)}"
        axes.loglog(*zip(*front, strict=True), line, color=colour, label=label, markersize=4, linewidth=1.3)
    axes.axvline(WANTED, color="0.8", linewidth=1, zorder=0)
    axes.invert_xaxis()
    axes.set_xlabel("worst relative error")
    axes.set_ylabel("time of one subject (us)")
    axes.set_title("Twelve states, 730 daily doses", loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", fontsize=7, frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _front(rows: list[dict]) -> list[tuple[float, float]]:
    """Return settings that no other setting of the engine beats in both error and time."""
    points = sorted((one["error"], one["us_per_subject"]) for one in rows)
    front: list[tuple[float, float]] = []
    for point in points:
        if not front or point[1] < front[-1][1]:
            front.append(point)
    return front


# The limit -----------------------------------------------------------------------------------------------------------


def _peak(found: dict) -> str:
    part = found.get("peak")
    if not part:
        return ""
    lines = []
    for name, one in part["operations_per_s"].items():
        for held in (one, part["operations_per_s_512"].get(name)):
            if held:
                shown = f"{name}, vectors of {held['vector_bits']} bits"
                lines.append([shown, f"{held['1'] / 1e9:.1f} G/s", f"{held['2'] / 1e9:.1f} G/s"])
    for level, one in part["bytes_per_s"].items():
        for name, held in one.items():
            lines.append([f"{level}, {name}", f"{held['1'] / 1e9:.0f} GB/s", f"{held['2'] / 1e9:.0f} GB/s"])
    return _table(["operations or bytes a second", "one core", "two"], lines)


def _limit(found: dict) -> str:
    part = found.get("limit")
    if not part or "operations" not in part:
        return ""
    lines = [[f"operations: {name}", f"{number:,}"] for name, number in part["operations"].items()]
    lines += [[f"bytes: {name}", f"{number:,}"] for name, number in part["bytes"].items()]
    lines += [[f"engine: {name.replace('_', ' ')}", f"{number:.4g}"] for name, number in part["statistics"].items()]
    lines += [[f"at the machine's best: {name}", f"{us:.3g} us"] for name, us in part["us_at_peak"].items()]
    lines += [
        ["measured inside kernels, one core", f"{part['us_inside']:.3g} us"],
        ["measured with everything, one core", f"{part['us_whole']:.3g} us"],
        ["**fraction of the arithmetic peak reached inside kernels**", f"**{100 * part['fraction']:.0f} %**"],
    ]
    return _table(["of one subject", "number"], lines)
