"""Draw docs/guide/known.png: what is not known apart from how people differ, in one simulated trial arm.

Run from the root of a checkout: ``python docs/_ext/knowledge_picture.py``.
"""

import menaquinone as mk
from menaquinone.plotting import Panel, knowledge_figure

PANELS = (
    Panel("dp_ucmgp", "dp-ucMGP"),
    Panel("pwv", "Pulse wave velocity, change", "change"),
    Panel("agatston[coronary]", "Coronary calcium score", "score"),
)


def main() -> None:
    """Simulate, draw and save."""
    result = mk.simulate(
        mk.models.vitamin_k(forms=["K1", "MK-7"]), mk.population("cac", n=100, rng=7),
        mk.dose("MK-7", "180 ug", every="24 h", until="3 y"), times=[*range(0, 85, 7), *range(143, 1096, 56)],
        outputs=["dp_ucmgp", "pwv", "agatston"], uncertainty=40, rtol=1e-4,
    )  # fmt: skip
    title = "MK-7 180 ug/d for three years, 100 people with a high score, 40 sets of parameters"
    knowledge_figure(result, PANELS, title=title).savefig("docs/guide/known.png", dpi=90)


if __name__ == "__main__":
    main()
