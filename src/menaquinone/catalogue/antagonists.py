"""Antagonists of vitamin K: pharmacokinetics of both enantiomers, potency, and what halves production at VKOR.

A new antagonist is one :class:`Antagonist`; hand it to ``models.vitamin_k(antagonists=[...])``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt
from types import MappingProxyType

from menaquinone.catalogue.clotting import InrRecord
from menaquinone.catalogue.forms import Formulation
from menaquinone.catalogue.proteins import PROTHROMBIN
from menaquinone.declare import Entry, Member, Value, member
from menaquinone.errors import InputError, refused, unknown

_ROUTES = ("oral", "iv", "im")


@dataclass(frozen=True)
class Antagonist:
    """One antagonist, given as a racemate.

    Attributes
    ----------
    name
        As in brackets: ``warfarin``.
    molar_mass
        g/mol.
    pk
        Member of the block of its pharmacokinetics; a dose enters the gut whole and splits on absorption.
    potency
        Parameters of sensitivity that belong to the drug: potency of its enantiomers.
    flags
        Sentences that belong beside results for this drug.
    """

    name: str
    molar_mass: Value
    pk: Member
    potency: Mapping[str, Value]
    flags: tuple[str, ...] = ()

    fat = None
    """No meal is known to matter."""

    def __post_init__(self) -> None:
        """Freeze the mapping and check that the record is of one antagonist."""
        if self.pk.name != (self.name,):
            raise refused(f"pk record of antagonist '{self.name}'", self.pk.label, f"a member named '{self.name}'")
        object.__setattr__(self, "potency", MappingProxyType(dict(self.potency)))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through a plain dictionary: a mapping proxy cannot be pickled."""
        return (Antagonist, (self.name, self.molar_mass, self.pk, dict(self.potency), self.flags))

    def __hash__(self) -> int:
        """Hash by name: a mapping has no hash, and daily doses are given by record."""
        return hash(self.name)

    def entry(self, route: str) -> Entry:
        """Return where a dose by a route enters.

        Parameters
        ----------
        route
            ``oral``; nothing else is known.

        Raises
        ------
        InputError
            If this antagonist cannot be given by that route.
        """
        if route in self.pk.enters:
            return self.pk.enters[route]
        if route in _ROUTES:
            raise InputError(
                f"route of {self.name}: got '{route}', expected 'oral', the only one that the model knows."
            )
        raise unknown(f"route of {self.name}", route, self.pk.enters)

    def formulation(self, name: str) -> Formulation:
        """Return the one formulation there is, under an empty name.

        Raises
        ------
        UnknownNameError
            If another one is asked for.
        """
        if name:
            raise unknown(f"formulation of {self.name}", name, ())
        return Formulation()

    def sensitivity(self, link: InrRecord) -> Member:
        """Return the member of the block of sensitivity, with the levels that go with a link to INR."""
        gg, ga, aa = link.ic50
        person = Value(1.0, "1", "ohara-2014-ic50-aa", omega=0.385, note="spread as printed there: IIV 38.5 %")
        return Member(
            (self.name,), {"ic50_gg": gg, "ic50_ga": ga, "ic50_aa": aa, "person_ic50": person, **self.potency}
        )


def ic50_ratio(
    u0: float,
    quinone: float,
    hydroquinone: float,
    epoxide: float,
    bypass: float,
    escape: float,
    *,
    production: float = 0.25,
) -> float:
    """Return the IC50 at VKOR relative to the apparent one, the plasma level that halves production by a simple Emax.

    An apparent IC50 says that a level W leaves ``1/(1 + W/IC50)`` of production. Where that is ``production``, the
    cycle leaves as much if the hydroquinone ``h`` gives ``1 - u = production (1 - u0)``; the active share of VKOR then
    solves ``quinone/(bypass + (1 - bypass) a) + hydroquinone + epoxide (1 + escape)/(a + escape) = 1/h``, a quadratic.

    Parameters
    ----------
    u0
        Healthy uncarboxylated share of the factor.
    quinone, hydroquinone, epoxide, bypass, escape
        Parameters of the cycle.
    production
        Where cycle and apparent IC50 agree. At 0.25, where treated people are, INR is about 2.
    """
    secreted = production * (1 - u0)
    left = (1 - secreted) / secreted * (1 - u0) / u0 - hydroquinone  # 1/h less the share of hydroquinone
    free = 1 - bypass
    square = left * free
    linear = left * (bypass + free * escape) - quinone - epoxide * (1 + escape) * free
    constant = left * bypass * escape - quinone * escape - epoxide * (1 + escape) * bypass
    active = (-linear + sqrt(linear**2 - 4 * square * constant)) / (2 * square)
    return (1 / production - 1) * active / (1 - active)


CYCLE_DEFAULTS = (0.88, 0.06, 0.06, 0.4, 6e-5)
"""Shares, bypass and escape of the cycle's own defaults, for which :data:`IC50_RATIO` is solved."""

IC50_RATIO = Value(
    ic50_ratio(PROTHROMBIN.carboxylation.values["u0"].value, *CYCLE_DEFAULTS), "1",
    "assumed: solved so that the default cycle leaves a quarter of production at three times the apparent IC50",
)  # fmt: skip
"""The IC50 at VKOR relative to the apparent one; solve it again with :func:`ic50_ratio` for another cycle."""


# Warfarin -------------------------------------------------------------------------------------------------------------


def _molar_mass(formula: str, carbon: int, hydrogen: int, nitrogen: int, oxygen: int) -> Value:
    value = round(carbon * 12.011 + hydrogen * 1.008 + nitrogen * 14.007 + oxygen * 15.999, 3)
    return Value(value, "g/mol", f"assumed: computed from the molecular formula {formula} and standard atomic masses")


_WARFARIN_MASS = _molar_mass("C19H16O4", 19, 16, 0, 4)

WARFARIN = Antagonist(
    "warfarin",
    _WARFARIN_MASS,
    pk=member(
        "warfarin",
        meaning="warfarin, racemic",
        enters={"oral": Entry("gut", "bioavailability")},
        molar_mass=_WARFARIN_MASS,
        bioavailability=Value(1.0, "1", "assumed: by definition, clearance and volumes are apparent"),
        absorption_rate=Value(2.0, "1/h", "hamberg-2007-s-ka"),
        s_share=Value(0.5, "1", "assumed: a racemate"),
        s_allele_1=Value(0.174, "L/h", "hamberg-2010-s-cl-allele1"),
        s_allele_2=Value(0.0879, "L/h", "hamberg-2010-s-cl-allele2"),
        s_allele_3=Value(0.0422, "L/h", "hamberg-2010-s-cl-allele3"),
        person_clearance=Value(
            1.0, "1", "hamberg-2007-iiv-cl", omega=0.31, note="by definition; spread as printed there, 31 %"
        ),
        s_volume=Value(14.3, "L", "hamberg-2010-v"),
        r_clearance=Value(0.139, "L/h", "hamberg-2007-r-cl"),
        r_volume=Value(12.8, "L", "hamberg-2007-r-v"),
    ),
    potency={
        "s_potency": Value(1.0, "1", "assumed: S-warfarin is the measure"),
        "r_potency": Value(0.0, "1", "assumed: no effect on INR, as the note of hamberg-2007-r-cl says"),
    },
)  # fmt: skip


# Acenocoumarol --------------------------------------------------------------------------------------------------------

_ACENOCOUMAROL_MASS = _molar_mass("C19H15NO6", 19, 15, 1, 6)
_F = 0.60
_R_VOLUME, _S_VOLUME = 0.17 * 70, 0.28 * 70
_R_CLEARANCE = log(2) / 9.5 * _R_VOLUME
_S_FAST = "assumed: ten times the clearance of R with any two alleles; no row gives it"
_AS_WARFARIN = 5.0 / 0.348 / (2.5 * _F / _R_CLEARANCE)
"""S-warfarin of 5 mg/d over R-acenocoumarol of 2.5 mg/d, by their mean levels (half of each racemate)."""

_ASSUMED = (
    "its potency is assumed (2.5 mg/d act as 5 mg/d of warfarin); VKORC1 and CYP4F2 act as on warfarin, CYP2C9 and age "
    "do nothing"
)

ACENOCOUMAROL = Antagonist(
    "acenocoumarol",
    _ACENOCOUMAROL_MASS,
    pk=member(
        "acenocoumarol",
        meaning="acenocoumarol, racemic",
        enters={"oral": Entry("gut", "bioavailability")},
        molar_mass=_ACENOCOUMAROL_MASS,
        bioavailability=Value(_F, "1", "acenocoumarol-f", note="60 %"),
        absorption_rate=Value(1.5, "1/h", "acenocoumarol-tmax", note="derived: peak at 2 h, inside 1-3 h"),
        s_share=Value(0.5, "1", "assumed: a racemate"),
        s_allele_1=Value(5 * _R_CLEARANCE, "L/h", _S_FAST),
        s_allele_2=Value(5 * _R_CLEARANCE, "L/h", _S_FAST),
        s_allele_3=Value(5 * _R_CLEARANCE, "L/h", _S_FAST),
        person_clearance=Value(1.0, "1", "assumed: S does not act, its spread is left out"),
        s_ageing=Value(0.0, "1/a", "assumed: no row for acenocoumarol"),
        r_ageing=Value(0.0, "1/a", "assumed: no row for acenocoumarol"),
        s_volume=Value(_S_VOLUME, "L", "acenocoumarol-s-v", note="derived: middle of 0.22-0.34 L/kg at 70 kg"),
        r_clearance=Value(
            _R_CLEARANCE, "L/h", "acenocoumarol-thalf-low acenocoumarol-thalf-high acenocoumarol-r-v",
            note="derived: half-life 9.5 h, that of the racemate taken for R",
        ),
        r_volume=Value(_R_VOLUME, "L", "acenocoumarol-r-v", note="derived: middle of 0.16-0.18 L/kg at 70 kg"),
    ),
    potency={
        "s_potency": Value(0.0, "1", "assumed: cleared too fast to act; acenocoumarol-s-v notes that R is stronger"),
        "r_potency": Value(_AS_WARFARIN, "1", "assumed: 2.5 mg/d act as 5 mg/d of warfarin, usual doses; no row"),
    },
    flags=(_ASSUMED,),
)  # fmt: skip

ANTAGONISTS: Mapping[str, Antagonist] = MappingProxyType({one.name: one for one in (WARFARIN, ACENOCOUMAROL)})
"""The built-in antagonists by name."""


def antagonist(name: str | Antagonist) -> Antagonist:
    """Return an antagonist by its name; a record is handed back as it is.

    Parameters
    ----------
    name
        ``"warfarin"``, or a record of one's own.

    Raises
    ------
    UnknownNameError
        If no built-in antagonist has that name.
    """
    if isinstance(name, Antagonist):
        return name
    if name not in ANTAGONISTS:
        raise unknown("antagonist", name, ANTAGONISTS)
    return ANTAGONISTS[name]


__all__ = ["ACENOCOUMAROL", "ANTAGONISTS", "IC50_RATIO", "WARFARIN", "Antagonist", "antagonist", "ic50_ratio"]
