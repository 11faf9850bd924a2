"""Draw docs/guide/people.png: baselines of the populations against the rows that they were made from.

Run from the root of a checkout: ``python docs/_ext/people_picture.py``.
"""

from typing import Any

import matplotlib as mpl
import numpy as np

import menaquinone as mk
from menaquinone.catalogue import evidence
from menaquinone.inputs.baselines import at_entry

ROWS = {
    "healthy": "groothof-prevend-dpucmgp",
    "postmenopausal": "vanballegooijen-2018-lasa-dpucmgp",
    "older": "",
    "diabetes": "liabeuf-2014-t2d-dpucmgp",
    "ckd": "kurnatowska-2016-dpucmgp-base",
    "transplant": "keyzer-2015-ktr-dpucmgp",
    "hemodialysis": "delanaye-2014-dpucmgp-novka",
}
SHARES = np.linspace(0.001, 0.999, 999)
NONE = 0.5


def held(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return baselines and columns of many people."""
    people = mk.population(name, 20_000, rng=1)
    columns = {key: column.values for key, column in people.table.items()}
    return at_entry(columns, people.factors, people.values, people.diet), columns


def markers(axes: Any) -> None:
    """Draw dp-ucMGP by population."""
    for y, (name, row_id) in enumerate(reversed(ROWS.items())):
        level = held(name)[0]["dp_ucmgp"]
        q = np.percentile(level, [5, 25, 50, 75, 95])
        axes.plot(q[[0, 4]], [y, y], color="0.7", lw=1.5)
        axes.plot(q[[1, 3]], [y, y], color="tab:blue", lw=7, solid_capstyle="butt", alpha=0.6)
        axes.plot(q[2], y, "|", color="k", ms=11)
        if not row_id:
            continue
        row = evidence.row(row_id)
        if len(row.spread) == 2:
            axes.plot([row.spread[0], row.value, row.spread[1]], [y - 0.28] * 3, "o", color="tab:red", ms=4)
        else:
            axes.plot(row.value, y - 0.28, "D", color="tab:red", ms=5)
            axes.plot(level.mean(), y, "d", color="tab:blue", ms=5, mec="k", mew=0.5)
    axes.set_yticks(range(len(ROWS)), list(reversed(ROWS)))
    axes.set_xscale("log")
    axes.set_xlabel("dp-ucMGP at entry, pmol/L")
    axes.set_xticks([100, 200, 500, 1000, 2000, 5000], ["100", "200", "500", "1000", "2000", "5000"])
    axes.minorticks_off()
    title = "Bars: quartiles, lines: 5-95 %, diamonds: means\nred: published quartiles and median, or mean"
    axes.set_title(title, fontsize=9)


def scores(axes: Any) -> None:
    """Draw distributions of calcium scores."""

    def line(sample: Any, **look: Any) -> None:
        axes.plot(np.maximum(np.quantile(sample, SHARES), NONE), 100 * SHARES, **look)

    baselines, columns = held("healthy")
    for sex, code, color in (("men", 0, "tab:blue"), ("women", 1, "tab:green")):
        line(baselines["agatston[coronary]"][columns["sex"] == code], color=color, label=f"{sex}, 'healthy'")
        for percentile in (25, 50, 75, 90):
            name = f"erbel-2014-{sex}-p{percentile}"
            if evidence.exists(name):
                axes.plot(evidence.row(name).value, percentile, "o", color=color, mec="tab:red")
    line(held("ckd")[0]["agatston[coronary]"], color="tab:purple", label="'ckd'")
    zero, some = evidence.row("bundy-2018-cric-incident").n, evidence.row("bundy-2018-cric-fast").n
    axes.plot(NONE, 100 * zero / (zero + some), "s", color="tab:purple", mec="tab:red")
    line(held("avc")[0]["agatston[aortic valve]"], color="tab:orange", label="'avc', aortic valve")
    axes.set_xscale("log")
    axes.set_xlim(NONE, 10_000)
    axes.set_ylim(0, 100)
    axes.set_xticks([NONE, 1, 10, 100, 1000, 10_000], ["0", "1", "10", "100", "1000", "10000"])
    axes.minorticks_off()
    axes.set_xlabel("calcium score at entry, AU (none at the left edge)")
    axes.set_ylabel("share of people below, %")
    axes.set_title("Red rims: published percentiles, share without calcium", fontsize=9)
    axes.legend(fontsize=8, loc="upper left")


def main() -> None:
    """Draw and save."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), constrained_layout=True)
    markers(left)
    scores(right)
    figure.savefig("docs/guide/people.png", dpi=110)


if __name__ == "__main__":
    main()
