"""The ready-made models: mechanisms from ``blocks``, numbers from ``catalogue``, put together and nothing else."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from menaquinone.blocks.bone import BONE
from menaquinone.blocks.calcification import CALCIFICATION, HAZARD, INHIBITION
from menaquinone.blocks.carboxylation import CARBOXYLATION
from menaquinone.blocks.cycle import CYCLE, FREE_VKOR
from menaquinone.blocks.markers import MGP_MARKERS, OSTEOCALCIN_MARKERS, PROTHROMBIN_MARKERS
from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.blocks.stiffness import STIFFNESS
from menaquinone.blocks.tissue import DELIVERY, TISSUE
from menaquinone.catalogue.forms import FORMS, Form, form
from menaquinone.catalogue.proteins import PROTEINS, Protein, protein
from menaquinone.catalogue.sites import SITES, Site, site
from menaquinone.catalogue.tissues import TISSUES, Tissue, tissue
from menaquinone.declare import Block, Member, Stage, Value, stage
from menaquinone.errors import InputError, listed, refused
from menaquinone.model import Model

One = TypeVar("One")

_RESEARCH = "A research model: no medical advice and no dosing tool."
_HUMAN = (
    "Vitamin K reliably lowers dp-ucMGP; on trial end points it slows calcification little or not measurably, and "
    "deposits do not shrink."
)
_RAT = (
    "Parameter set 'rat': loss of mineral (rho) is 6 /a at every site and nothing else differs from the human set, so "
    "this is no model of a rat; no human scan shows such a loss."
)
RAT_LOSS = Value(6.0, "1/a", "schurgers-2007-rat-regression", note="derived: ln(2)/42 d, aorta of calcified rats")
"""Loss of mineral (rho) in :func:`rat`."""

_MARKERS: tuple[tuple[str, Block], ...] = (
    ("MGP", MGP_MARKERS),
    ("osteocalcin", OSTEOCALCIN_MARKERS),
    ("prothrombin", PROTHROMBIN_MARKERS),
)


def vitamin_k(
    *,
    forms: Iterable[str | Form] | None = None,
    tissues: Iterable[str | Tissue] | None = None,
    proteins: Iterable[str | Protein] | None = None,
    sites: Iterable[str | Site] | None = None,
) -> Model:
    """Return the cascade from a dose to markers, calcium scores, stiffness and bone.

    What is left out takes the stages along that need it: without MGP no dp-ucMGP and no calcification, without the
    thoracic aorta no stiffness.

    Parameters
    ----------
    forms
        Names or records; K1, MK-4, MK-7, MK-8 and MK-9 unless given.
    tissues
        Names or records; unless given, liver, bone and vessel.
    proteins
        Names or records; unless given, those of MGP, osteocalcin and prothrombin that the tissues make.
    sites
        Names or records; unless given, those of the coronary arteries, the aortic valve and the thoracic aorta whose
        inhibitor is in the model.

    Returns
    -------
    Model

    Raises
    ------
    UnknownNameError
        If a name is not in the catalogue.
    InputError
        If there is no form or no tissue, a record appears twice, a form has no delivery to a tissue, or a protein or
        a site that was asked for needs one that is left out.
    """
    chosen = _several("forms", FORMS if forms is None else forms, form)
    places = _several("tissues", TISSUES if tissues is None else tissues, tissue)
    made = _several("proteins", PROTEINS if proteins is None else proteins, protein)
    where = _several("sites", SITES if sites is None else sites, site)
    made = _fed(made, "tissue", [one.name for one in places], asked=proteins is not None)
    where = _fed(where, "protein", [one.name for one in made], asked=sites is not None)
    stages = [
        stage(ORAL_PK, *(one.pk for one in chosen)),
        stage(DELIVERY, *(_delivery(place, one) for place in places for one in chosen)),
        stage(TISSUE, *(one.pool for one in places)),
        stage(FREE_VKOR),
        stage(CYCLE, *(one.cycle for one in places)),
        *_protein_stages(made),
        *_site_stages(where),
    ]
    if any(one.name == "osteocalcin" for one in made):
        stages.append(stage(BONE, links={"protein": "osteocalcin"}))
    flags = tuple(f"{one.name}: {flag}." for one in chosen for flag in one.flags)
    return Model(*stages, name="vitamin K", notes=(_RESEARCH, _HUMAN, *flags))


def rat() -> Model:
    """Return :func:`vitamin_k` with a loss of mineral of 6 /a (``schurgers-2007-rat-regression``).

    The one parameter set in which deposits shrink. Nothing else differs from the human set, so this is no model of a
    rat; the notes of every result say so.
    """
    human = vitamin_k()
    changed = human.replace({f"loss[{one}]": RAT_LOSS for one in human.members("site")})
    notes = tuple(_RAT if note == _HUMAN else note for note in human.notes)
    return Model(*changed.stages, name="vitamin K, rat loss of mineral", notes=notes)


def _several(what: str, given: Iterable[str | One], look_up: Callable[[str | One], One]) -> list[One]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise refused(what, getattr(given, "name", given), "a list of names or records")
    return [look_up(one) for one in given]


def _fed(made: Sequence[One], needs: str, offered: Sequence[str], *, asked: bool) -> list[One]:
    """Return the records whose ``needs`` (``tissue`` or ``protein``) is offered; refuse others that were asked for."""
    for one in made:
        if asked and getattr(one, needs) not in offered:
            name, missing = getattr(one, "name", one), getattr(one, needs)
            raise InputError(f"model of '{name}': got {needs} {listed(offered)}, expected '{missing}' among them.")
    return [one for one in made if getattr(one, needs) in offered]


def _delivery(place: Tissue, one: Form) -> Member:
    values = {**one.delivery.get(place.name, {}), **place.delivery.get(one.name, {})}
    if not values:
        raise InputError(
            f"delivery of form '{one.name}': got none to tissue '{place.name}', expected it in the form's or the "
            f"tissue's record; the form's knows {listed(one.delivery)}."
        )
    return Member((place.name, one.name), values)


def _protein_stages(made: Sequence[Protein]) -> list[Stage]:
    if not made:
        return []
    names = [one.name for one in made]
    markers = [stage(block, links={"protein": name}) for name, block in _MARKERS if name in names]
    return [stage(CARBOXYLATION, *(one.carboxylation for one in made)), *markers]


def _site_stages(where: Sequence[Site]) -> list[Stage]:
    if not where:
        return []
    stages = [
        stage(INHIBITION, *(one.inhibition for one in where)),
        stage(HAZARD, *(one.hazard for one in where)),
        stage(CALCIFICATION, *(one.calcification for one in where)),
    ]
    thoracic = [one for one in where if one.name == "thoracic aorta"]
    if thoracic:
        stages.append(stage(STIFFNESS, links={"site": "thoracic aorta", "protein": thoracic[0].protein}))
    return stages


__all__ = ["RAT_LOSS", "rat", "vitamin_k"]
