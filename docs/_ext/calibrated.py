"""Write the tables of the calibration page from the stored result, before each build; none is typed by hand."""

import csv
from pathlib import Path

from declared import number, plain, source, table
from sphinx.application import Sphinx

from menaquinone.catalogue.calibration import OPEN, Calibration, Fitted, calibration
from menaquinone.declare import source_ids

COMPARED = Path("..", "calibration", "figures.csv")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Sphinx) -> None:
    """Write the parts that the stored result makes; unchanged, they keep their date."""
    folder = Path(app.srcdir) / "_generated"
    folder.mkdir(parents=True, exist_ok=True)
    compared = (Path(app.srcdir) / COMPARED).read_text(encoding="utf-8")
    for name, text in (("calibration", parameters(calibration())), ("calibration_figures", figures(compared))):
        path = folder / f"{name}.inc"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def parameters(stored: Calibration) -> str:
    """Return what was found of every parameter, and in sentences what was not."""
    header = ("parameter", "unit", "prior (95 %)", "default", "fitted", "posterior (95 %)", "told by rows", "pulled by")
    found = [table(header, map(_row, stored.parameters.values()))]
    still = [f"`{one.name}`" for one in stored.parameters.values() if one.identified == OPEN]
    away = [f"`{one.name}`" for one in stored.parameters.values() if not one.keeps_default]
    found.append(f"Not identified, so that the posterior is the prior: {', '.join(still) or 'none'}.")
    found.append(f"Default outside the posterior interval: {', '.join(away) or 'none'}.")
    settings = stored.settings
    versions = ", ".join(f"{name} {held}" for name, held in settings["versions"].items())
    found.append(
        f"Seed {settings['seed']}, {settings['people']} people in each arm (more where shares are counted), "
        f"{settings['walkers']} walkers, {settings['steps']} steps of which {settings['burn']} left out, longest "
        f"autocorrelation {settings['autocorrelation_steps']:g} steps, {settings['independent_draws']} independent "
        f"draws; {versions}."
    )
    return "\n\n".join(found) + "\n"


def _row(one: Fitted) -> tuple[str, ...]:
    scale, half = one.on, 1.959964 * one.prior_sd
    centre = scale.there(one.prior)
    low, high = (min(max(float(scale.back(centre + side * half)), one.low), one.high) for side in (-1, 1))
    rows = " ".join(one.rows)
    return (
        f"`{one.name}`", plain(one.unit), f"{one.prior:.3g} ({low:.3g} to {high:.3g})", number(one.default),
        f"{one.fitted:.4g}", f"{one.median:.3g} ({one.interval[0]:.3g} to {one.interval[1]:.3g})", one.identified,
        source(rows) if source_ids(rows) else "-",
    )  # fmt: skip


def figures(compared: str) -> str:
    """Return what was reported and what the fit makes of it."""
    header = ("trial", "row", "reported", "standard error", "at the defaults", "fitted", "surface off by")
    records = csv.DictReader(compared.splitlines())
    names = ("reported", "error", "at_defaults", "fitted", "surface_off")
    return table(header, ([one["trial"], source(one["row"]), *(one[name] for name in names)] for one in records)) + "\n"
