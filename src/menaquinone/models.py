"""The ready-made models: mechanisms from ``blocks``, numbers from ``catalogue``, put together and nothing else."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from menaquinone.blocks.antagonist_pk import ANTAGONIST_PK
from menaquinone.blocks.bone import BONE
from menaquinone.blocks.calcification import CALCIFICATION, HAZARD, INHIBITION
from menaquinone.blocks.carboxylation import CARBOXYLATION
from menaquinone.blocks.clotting import FACTORS, OHARA_2014, PROTHROMBIN_COMPLEX
from menaquinone.blocks.cycle import CYCLE, FREE_VKOR
from menaquinone.blocks.cycle_states import TISSUE_CYCLE
from menaquinone.blocks.markers import MGP_MARKERS, OSTEOCALCIN_MARKERS, PROTHROMBIN_MARKERS
from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.blocks.stiffness import STIFFNESS
from menaquinone.blocks.tissue import DELIVERY, TISSUE
from menaquinone.blocks.vkor import COMPETED_VKOR, COMPETITION, INHIBITED_VKOR, SENSITIVITY
from menaquinone.catalogue import clotting
from menaquinone.catalogue.antagonists import IC50_RATIO, Antagonist, antagonist
from menaquinone.catalogue.clotting import FACTOR_PROTEINS, InrRecord
from menaquinone.catalogue.forms import FORMS, Form, form
from menaquinone.catalogue.proteins import USUAL, Protein, protein
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
_INR = "INR here is a research output and not a dosing tool: never change a dose of an anticoagulant by it."
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


@dataclass(frozen=True)
class InrLink:
    """A link from clotting factors to INR: its equation, and the weights and antagonist levels that go with it.

    Attributes
    ----------
    block
        Reads the joint activity of factors, offers ``inr``.
    record
        Weights of the factors, and what halves production.
    """

    block: Block
    record: InrRecord


FACTORS_II_VII_X = InrLink(PROTHROMBIN_COMPLEX, clotting.PROTHROMBIN_COMPLEX)
"""INR by the activity of the prothrombin complex: the default."""
PROTHROMBIN_ALONE = InrLink(OHARA_2014, clotting.OHARA_2014)
"""INR by prothrombin alone, as in Ohara 2014."""

CycleStages = Callable[[Sequence[Tissue], Sequence[Stage]], list[Stage]]
"""From tissues and the stages of VKOR to these and those of pool and cycle, in order."""
VkorStages = Callable[[Sequence[Tissue], Sequence[Form]], list[Stage]]
"""From tissues and forms to the stages that say how much of VKOR is active under an antagonist."""


def algebraic(places: Sequence[Tissue], vkor: Sequence[Stage]) -> list[Stage]:
    """Return the stages of pool and cycle in which redistribution takes no time: the default of ``cycle``."""
    pools, cycles = (one.pool for one in places), (one.cycle for one in places)
    return [stage(TISSUE, *pools), *vkor, stage(CYCLE, *cycles)]


def three_states(places: Sequence[Tissue], vkor: Sequence[Stage]) -> list[Stage]:
    """Return the stages of the cycle with quinone, hydroquinone and epoxide as states, for ``cycle``. Slower."""
    both = (Member(one.pool.name, {**one.pool.values, **one.cycle.values}, meaning=one.pool.meaning) for one in places)
    return [*vkor, stage(TISSUE_CYCLE, *both)]


def mass_action(places: Sequence[Tissue], forms: Sequence[Form]) -> list[Stage]:  # noqa: ARG001 - as its siblings
    """Return the stage of VKOR in which vitamin K does not compete with an antagonist: the default of ``vkor``."""
    return [stage(INHIBITED_VKOR, *_enzymes(places))]


def competition(places: Sequence[Tissue], forms: Sequence[Form]) -> list[Stage]:
    """Return the stages of VKOR at which vitamin K in plasma competes with an antagonist, for ``vkor``.

    Mass action stays, so that the effect of vitamin K is counted twice; with ``reference_level[liver, ...]`` doubled,
    small doses have the effect that they have without competition.
    """
    rivals = (Member((one.name,), _competing(one)) for one in forms)
    return [stage(COMPETITION, *rivals), stage(COMPETED_VKOR, *_enzymes(places))]


def _competing(one: Form) -> dict[str, Value]:
    level = one.delivery.get("liver", {}).get("reference_level")
    why = "assumed: twice the level that delivers one supply to the liver; no row gives it"
    return {} if level is None else {"competing_level": Value(2 * level.value, level.unit, why)}


def _enzymes(places: Sequence[Tissue]) -> list[Member]:
    return [Member((one.name,), {"ic50_ratio": IC50_RATIO}) for one in places]


def vitamin_k(
    *,
    forms: Iterable[str | Form] | None = None,
    tissues: Iterable[str | Tissue] | None = None,
    proteins: Iterable[str | Protein] | None = None,
    sites: Iterable[str | Site] | None = None,
    antagonists: Iterable[str | Antagonist] = (),
    inr: InrLink = FACTORS_II_VII_X,
    vkor: VkorStages = mass_action,
    cycle: CycleStages = algebraic,
) -> Model:
    """Return the cascade from a dose to markers, calcium scores, stiffness and bone; with antagonists, to INR.

    What is left out takes the stages along that need it: without MGP no dp-ucMGP and no calcification, without the
    thoracic aorta no stiffness.

    Parameters
    ----------
    forms
        Names or records; K1, MK-4, MK-7, MK-8 and MK-9 unless given.
    tissues
        Names or records; unless given, liver, bone and vessel.
    proteins
        Names or records; unless given, those of MGP, osteocalcin and prothrombin that the tissues make, and with
        antagonists every clotting factor.
    sites
        Names or records; unless given, those of the coronary arteries, the aortic valve and the thoracic aorta whose
        inhibitor is in the model.
    antagonists
        Names or records; none unless given. They bring factor activities and INR along.
    inr
        The link from factors to INR, with the antagonist levels that go with it: :data:`FACTORS_II_VII_X` or
        :data:`PROTHROMBIN_ALONE`.
    vkor
        How antagonist and vitamin K meet at VKOR: :func:`mass_action` or :func:`competition`.
    cycle
        How the cycle moves: :func:`algebraic` or :func:`three_states`.

    Returns
    -------
    Model

    Raises
    ------
    UnknownNameError
        If a name is not in the catalogue.
    InputError
        If there is no form or no tissue, a record appears twice, a form has no delivery to a tissue, a protein or
        a site that was asked for needs one that is left out, antagonists come without the liver or a factor, or a
        link or a VKOR without antagonists.
    """
    chosen = _several("forms", FORMS if forms is None else forms, form)
    places = _several("tissues", TISSUES if tissues is None else tissues, tissue)
    drugs = _several("antagonists", antagonists, antagonist)
    if not drugs and (inr is not FACTORS_II_VII_X or vkor is not mass_action):
        raise InputError("inr and vkor: got no antagonist beside them, expected one as in antagonists=['warfarin'].")
    if not isinstance(inr, InrLink):
        raise refused("inr", inr, "a link such as mk.models.FACTORS_II_VII_X")
    for name, given, usual_one in (("vkor", vkor, "mass_action"), ("cycle", cycle, "algebraic")):
        if not callable(given):
            raise refused(name, given, f"a function such as mk.models.{usual_one}")
    usual = (*USUAL, *(FACTOR_PROTEINS.values() if drugs else ()))
    made = _several("proteins", dict.fromkeys(usual) if proteins is None else proteins, protein)
    where = _several("sites", SITES if sites is None else sites, site)
    if drugs:
        _check_clotting(drugs, places, made, asked=proteins is not None)
    made = _fed(made, "tissue", [one.name for one in places], asked=proteins is not None)
    where = _fed(where, "protein", [one.name for one in made], asked=sites is not None)
    stages = [
        stage(ORAL_PK, *(one.pk for one in chosen)),
        *_drug_stages(drugs, inr),
        stage(DELIVERY, *(_delivery(place, one) for place in places for one in chosen)),
        *cycle(places, vkor(places, chosen) if drugs else [stage(FREE_VKOR)]),
        *_protein_stages(made),
        *([stage(FACTORS, *inr.record.factors()), stage(inr.block)] if drugs else []),
        *_site_stages(where),
    ]
    if any(one.name == "osteocalcin" for one in made):
        stages.append(stage(BONE, links={"protein": "osteocalcin"}))
    known: tuple[Form | Antagonist, ...] = (*chosen, *drugs)
    flags = tuple(f"{one.name}: {flag}." for one in known for flag in one.flags)
    notes = (_RESEARCH, *((_INR,) if drugs else ()), _HUMAN, *flags)
    return Model(*stages, name="vitamin K", notes=notes)


def _check_clotting(
    drugs: Sequence[Antagonist], places: Sequence[Tissue], made: Sequence[Protein], *, asked: bool
) -> None:
    """Refuse antagonists without the liver, or without a factor that INR needs."""
    names = [one.name for one in places]
    if "liver" not in names:
        raise InputError(
            f"antagonists: got {listed(one.name for one in drugs)} with tissue {listed(names)}, expected 'liver' among "
            "the tissues, where clotting factors are made."
        )
    missing = [name for name in FACTOR_PROTEINS.values() if name not in {one.name for one in made}]
    if asked and missing:
        raise InputError(
            f"antagonists: got {listed(one.name for one in drugs)} without {listed(missing)}, expected every clotting "
            "factor among the proteins, or `proteins` left out."
        )


def _drug_stages(drugs: Sequence[Antagonist], inr: InrLink) -> list[Stage]:
    if not drugs:
        return []
    sensitivity = (one.sensitivity(inr.record) for one in drugs)
    return [stage(ANTAGONIST_PK, *(one.pk for one in drugs)), stage(SENSITIVITY, *sensitivity)]


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


__all__ = [
    "FACTORS_II_VII_X",
    "PROTHROMBIN_ALONE",
    "RAT_LOSS",
    "InrLink",
    "algebraic",
    "competition",
    "mass_action",
    "rat",
    "three_states",
    "vitamin_k",
]
