"""Forms of vitamin K: pharmacokinetics, delivery to each tissue, formulations and meals. One record is one form.

A new form is one :class:`Form`; hand it to ``models.vitamin_k(forms=[...])`` beside the names of those that are here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from menaquinone.declare import Entry, Member, Value, member
from menaquinone.errors import InputError, refused, unknown

_ROUTES = ("oral", "iv", "im")
_LLOQ = Value(0.1, "ug/L", "assumed: usual for LC-MS/MS, no row")


@dataclass(frozen=True)
class Formulation:
    """How a preparation differs from what the form's record describes.

    Attributes
    ----------
    absorption_time
        Mean absorption time (h); the record's own where ``None``.
    bioavailability
        Factor on the record's bioavailability; 1 where ``None``.
    """

    absorption_time: Value | None = None
    bioavailability: Value | None = None


@dataclass(frozen=True)
class FatEffect:
    """Bioavailability against the fat of the meal: log-linear between points, flat outside.

    Attributes
    ----------
    fat
        Fat of the meal (g), rising.
    bioavailability
        Bioavailability at each of them.
    unspecified
        Bioavailability with a meal that nobody described; the form's own value.
    """

    fat: tuple[Value, ...]
    bioavailability: tuple[Value, ...]
    unspecified: Value

    def at(self, fat: ArrayLike) -> NDArray[np.float64]:
        """Return the bioavailability with a meal.

        Parameters
        ----------
        fat
            Fat (g), of any shape; NaN where the meal is unspecified.

        Returns
        -------
        ndarray
            Of the same shape.
        """
        fat = np.asarray(fat, dtype=float)
        logs = np.log([one.value for one in self.bioavailability])
        known = np.exp(np.interp(fat, [one.value for one in self.fat], logs))
        return np.where(np.isnan(fat), self.unspecified.value, known)

    def factor(self, fat: ArrayLike) -> NDArray[np.float64]:
        """Return the factor on the form's bioavailability: :meth:`at` relative to the unspecified meal."""
        return self.at(fat) / self.unspecified.value


@dataclass(frozen=True)
class Form:
    """One form of vitamin K.

    Attributes
    ----------
    name
        As in brackets: ``MK-7``.
    molar_mass
        g/mol.
    pk
        Member of the pharmacokinetic block; its ``enters`` say which routes there are.
    delivery
        By tissue, the parameters of delivery that differ from the block's defaults.
    formulations
        By name; the form's own values hold for its first one and where none is named.
    fat
        Effect of the meal's fat on bioavailability, where one is known.
    lloq
        Lower limit of quantification in plasma (ug/L).
    flags
        Sentences that belong beside results for this form.
    """

    name: str
    molar_mass: Value
    pk: Member
    delivery: Mapping[str, Mapping[str, Value]]
    formulations: Mapping[str, Formulation] = field(default_factory=dict)
    fat: FatEffect | None = None
    lloq: Value = _LLOQ
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the mappings and check that the record is of one form."""
        if self.pk.name != (self.name,):
            raise refused(f"pk record of form '{self.name}'", self.pk.label, f"a member named '{self.name}'")
        frozen = {tissue: MappingProxyType(dict(values)) for tissue, values in self.delivery.items()}
        object.__setattr__(self, "delivery", MappingProxyType(frozen))
        object.__setattr__(self, "formulations", MappingProxyType(dict(self.formulations)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through plain dictionaries: a mapping proxy cannot be pickled."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        plain["delivery"] = {tissue: dict(values) for tissue, values in self.delivery.items()}
        plain["formulations"] = dict(self.formulations)
        return (Form, tuple(plain.values()))

    def entry(self, route: str) -> Entry:
        """Return where a dose by a route enters.

        Parameters
        ----------
        route
            ``oral``, ``iv`` or ``im``.

        Raises
        ------
        InputError
            If this form cannot be given by that route.
        """
        if route in self.pk.enters:
            return self.pk.enters[route]
        if route in _ROUTES and "oral" in self.pk.enters:
            raise InputError(
                f"route of {self.name}: got '{route}', expected 'oral', because clearance and volumes of {self.name} "
                "are known only relative to its oral bioavailability."
            )
        raise unknown(f"route of {self.name}", route, self.pk.enters)

    def formulation(self, name: str) -> Formulation:
        """Return a formulation; the form's own values for an empty name.

        Raises
        ------
        UnknownNameError
            If the form has none of that name.
        """
        if not name:
            return Formulation()
        if name not in self.formulations:
            raise unknown(f"formulation of {self.name}", name, self.formulations)
        return self.formulations[name]


_FIRST_DEPOT = {1: "transit_5", 2: "transit_4", 3: "transit_3", 4: "transit_2", 5: "transit_1"}


def enters(depots: int, *routes: str) -> dict[str, Entry]:
    """Return where doses enter a form with a chain of so many depots.

    Parameters
    ----------
    depots
        1 to 5: an oral dose enters the chain that many depots before its end.
    *routes
        Routes beside ``oral``: ``iv``, ``im``.

    Raises
    ------
    InputError
        If the number of depots is not one of 1 to 5.
    """
    if depots not in _FIRST_DEPOT:
        raise refused("depots", depots, "a whole number from 1 to 5")
    every = {
        "oral": Entry(_FIRST_DEPOT[depots], "bioavailability"),
        "iv": Entry("central"),
        "im": Entry("muscle", "muscle_bioavailability"),
    }
    for route in routes:
        if route not in every:
            raise unknown("route", route, every)
    return {route: every[route] for route in ("oral", *routes)}


def _molar_mass(carbon: int, hydrogen: int) -> Value:
    value = round(carbon * 12.011 + hydrogen * 1.008 + 2 * 15.999, 3)
    formula = f"C{carbon}H{hydrogen}O2"
    return Value(value, "g/mol", f"assumed: computed from the molecular formula {formula} and standard atomic masses")


def _nano(name: str) -> Formulation:
    return Formulation(
        Value(3.0, "h", f"assumed: a nano formulation of {name} as fast as an oil capsule of MK-7, no row"),
        Value(1.0, "1", f"assumed: a nano formulation of {name} as complete as the usual one, no row"),
    )


def _cheese(time: Value | None) -> Formulation:
    """Return cheese and milk: freed less completely than the oil, yogurt or capsule behind the form's own value."""
    return Formulation(
        time,
        Value(
            0.432, "1", "jensen-2021-cheese-bioaccess",
            note="derived: share freed in digestion in vitro, mid-range of 0.064-0.80, taken as the factor",
        ),
    )  # fmt: skip


# K1 -------------------------------------------------------------------------------------------------------------------

_K1_ROWS = (
    "erkkila-2004-k1-c6 erkkila-2004-k1-c9 erkkila-2004-k1-c24 erkkila-2004-k1-thalf novotny-2010-k1-cmax "
    "novotny-2010-k1-tmax thane-2006-k1-all"
)
_K1_FIT = "derived: one set through labelled vegetables and population plasma levels"
_K1_FOOD, _K1_TABLET = 0.69, 0.8

K1 = Form(
    "K1",
    _molar_mass(31, 46),
    pk=member(
        "K1",
        meaning="phylloquinone",
        enters=enters(5, "iv", "im"),
        depots=Value(5.0, "1", _K1_ROWS, note=_K1_FIT),
        absorption_time=Value(7.0, "h", _K1_ROWS, note=_K1_FIT),
        bioavailability=Value(
            _K1_FOOD, "1", "thane-2006-k1-all", omega=0.6,
            note="derived: food, fits plasma levels (published 5-13 % contradicts iv clearance tenfold); omega assumed",
        ),
        muscle_time=Value(9.2, "h", "drugbank-k1-im-tmax", note="derived: time of the peak taken as mean time"),
        muscle_bioavailability=Value(
            0.7, "1", "konakion-uk-k1-im-f drugbank-k1-im-f", note="derived: middle of 0.5 and 0.89"
        ),
        clearance=Value(4.8, "L/h", f"{_K1_ROWS} drugbank-k1-im-auc", omega=0.3, note=f"{_K1_FIT}; omega assumed"),
        central_volume=Value(15.0, "L", _K1_ROWS, note=_K1_FIT),
        exchange=Value(1.6, "L/h", _K1_ROWS, note=_K1_FIT),
        peripheral_volume=Value(38.0, "L", _K1_ROWS, note=_K1_FIT),
    ),
    delivery={
        "liver": {
            "reference_level": Value(
                14.0, "nmol/L", "sconce-2007-k150-dose-after kurnik-2004-25ug-dose",
                note="derived: 4-14 from antagonism of warfarin; kurnik-2004 is a conference abstract",
            ),
            "reference_plasma": Value(0.94, "nmol/L", "thane-2006-k1-all"),
        },
        "bone": {
            "reference_level": Value(
                42.0, "nmol/L", "schurgers-2004-k1-threshold-ucoc schurgers-2004-k1-threshold-ucfii",
                note="derived: three times the liver's, the ratio of the threshold doses; weak",
            ),
            "reference_plasma": Value(0.94, "nmol/L", "thane-2006-k1-all"),
        },
        "vessel": {
            "reference_level": Value(10.0, "nmol/L", "assumed: no row; log-normal around 10, range 4-30"),
            "reference_plasma": Value(0.94, "nmol/L", "thane-2006-k1-all"),
        },
    },
    formulations={
        "food": Formulation(),
        "tablet": Formulation(
            Value(5.0, "h", "assumed: between the peaks of pure vitamin (4 h) and of vegetables (6-8 h), no fit"),
            Value(_K1_TABLET / _K1_FOOD, "1", "assumed: bioavailability 0.8 from a tablet, no row gives it"),
        ),
        "nano": _nano("K1"),
    },
)  # fmt: skip


# MK-4 -----------------------------------------------------------------------------------------------------------------

_IV = "kaytwo-label-mk4-iv-c6min kaytwo-label-mk4-iv-c2h kaytwo-label-mk4-iv-thalf-alpha kaytwo-label-mk4-iv-thalf-beta"
_IV_FIT = "derived: biexponential through the iv rows, half-lives 0.71 and 17.5 h"
_MEALS = "uematsu-1996-mk4-auc024-meal-a uematsu-1996-mk4-auc024-meal-b uematsu-1996-mk4-auc024-meal-c"
_MEAL_FIT = "derived: AUC(0-24 h) of 15 mg against the iv clearance"
_UNSPECIFIED_MEAL = Value(0.12, "1", _MEALS, note="derived: between the meals of 20 and 35 g fat")
_MK4_ROW = "MK-4: vessel and liver take the saturable delivery fitted for bone"


def _mk4_to(tissue: str, saturation: str) -> dict[str, Value]:
    return {
        "reference_level": Value(10.2, "nmol/L", f"assumed: Csat/smax = 50/4.9 as fitted for bone, used in {tissue}"),
        "saturation_level": Value(50.0, "nmol/L", saturation, note="derived: with smax 4.9, by hand"),
        "arrives_as_mk4": Value(1.0, "1", "assumed: by definition 1 for MK-4"),
        "converted": Value(0.0, "1", "assumed: by definition 0, it is MK-4 already"),
    }


MK4 = Form(
    "MK-4",
    _molar_mass(31, 40),
    pk=member(
        "MK-4",
        meaning="menaquinone-4, menatetrenone",
        enters=enters(4, "iv", "im"),
        depots=Value(4.0, "1", "assumed: shape of the rise after an oil capsule"),
        absorption_time=Value(2.9, "h", "assumed: oil capsule with a meal; no row gives the time of the peak"),
        bioavailability=_UNSPECIFIED_MEAL,
        muscle_time=Value(9.2, "h", "assumed: as K1, no row for MK-4"),
        muscle_bioavailability=Value(0.7, "1", "assumed: as K1, no row for MK-4"),
        clearance=Value(
            2.47, "L/h", f"kaytwo-label-mk4-iv-auc048 {_IV} zhou-2016-mk4-kel-iiv", omega=0.4,
            note=f"{_IV_FIT}; omega from zhou-2016",
        ),
        central_volume=Value(3.3, "L", _IV, note=_IV_FIT),
        exchange=Value(0.70, "L/h", _IV, note=_IV_FIT),
        peripheral_volume=Value(13.6, "L", _IV, note=_IV_FIT),
    ),
    delivery={
        "liver": _mk4_to("liver", "assumed: as bone, no row"),
        "bone": _mk4_to("bone", "jiang-2014-ucoc-mk4-45mg jiang-2014-oc-mk4-45mg nakamura-2014-mk4-min-ucoc"),
        "vessel": _mk4_to("vessel", "assumed: as bone, no row"),
    },
    formulations={
        "oil capsule": Formulation(),
        "food": Formulation(),
        "cheese": _cheese(None),
        "nano": _nano("MK-4"),
    },
    fat=FatEffect(
        fat=tuple(Value(one, "g", _MEALS, note="the meals; 34.9 g printed for 35") for one in (8.8, 20.0, 35.0)),
        bioavailability=tuple(Value(one, "1", _MEALS, note=_MEAL_FIT) for one in (0.068, 0.089, 0.188)),
        unspecified=_UNSPECIFIED_MEAL,
    ),
    flags=("delivery of MK-4 to vessel and liver is assumed to be that to bone",),
)  # fmt: skip


# MK-7 and longer chains -----------------------------------------------------------------------------------------------

_MK7_LEVELS = "knapen-2015-yogurt-mk7-baseline knapen-2015-yogurt-mk7-ss"
_TERMINAL = "assumed: a terminal half-life of 68 h, known from a secondary source only"
_SLOWER = Value(
    4.0, "h", "knapen-2014-mk7-tmax-tablet sato-2012-mk7-tmax schurgers-2000-mk7-natto-tmax",
    note="derived: peak at 6 h",
)  # fmt: skip

MK7 = Form(
    "MK-7",
    _molar_mass(46, 64),
    pk=member(
        "MK-7",
        meaning="menaquinone-7",
        enters=enters(3),
        depots=Value(3.0, "1", "assumed: shape of the rise"),
        absorption_time=Value(3.0, "h", "knapen-2014-mk7-tmax-capsule", note="derived: oil capsule, peak at 2-4 h"),
        bioavailability=Value(1.0, "1", "assumed: by definition, clearance and volumes are apparent", omega=0.5),
        clearance=Value(
            1.1, "L/h", _MK7_LEVELS, omega=0.3,
            note="derived: apparent (CL/F), 0.7-1.5 is its uncertainty; omega assumed",
        ),
        central_volume=Value(15.0, "L", _TERMINAL),
        exchange=Value(0.84, "L/h", _TERMINAL),
        peripheral_volume=Value(44.0, "L", _TERMINAL),
    ),
    delivery={
        "liver": {
            "reference_level": Value(
                1.9, "nmol/L", "theuwissen-2013-inr-45 theuwissen-2013-ucfii-45 nakajima-2021-lowmk7-natto",
                note="derived: lower end; the interval is 1.9 to infinity",
            ),
            "reference_plasma": Value(0.43, "nmol/L", "knapen-2015-yogurt-mk7-baseline", note="0.28 ug/L"),
        },
        "bone": {
            "reference_level": Value(
                7.1, "nmol/L",
                "dalmeijer-2012-ocratio-180 dalmeijer-2012-ocratio-360 ronn-2016-ucoc-375-3mo ronn-2016-ucoc-375-12mo",
                note="derived: halving dose of osteocalcin at the mean level",
            ),
            "reference_plasma": Value(0.43, "nmol/L", "knapen-2015-yogurt-mk7-baseline", note="0.28 ug/L"),
        },
        "vessel": {
            "reference_level": Value(
                18.1, "nmol/L", "dalmeijer-2012-dpucmgp-180 dalmeijer-2012-dpucmgp-360",
                note="derived: halving dose of dp-ucMGP, 413 ug/d, at the mean level",
            ),
            "reference_plasma": Value(0.43, "nmol/L", "knapen-2015-yogurt-mk7-baseline", note="0.28 ug/L"),
        },
    },
    formulations={
        "oil capsule": Formulation(),
        "tablet": Formulation(_SLOWER),
        "food": Formulation(_SLOWER),
        "cheese": _cheese(_SLOWER),
        "nano": _nano("MK-7"),
    },
)  # fmt: skip


def _as_mk7(name: str, meaning: str, carbon: int, hydrogen: int) -> Form:
    why = f"assumed: {name} as MK-7 on moles"
    pk = {parameter: Value(one.value, one.unit, why, one.omega) for parameter, one in MK7.pk.values.items()}
    levels = {
        tissue: {
            "reference_level": Value(values["reference_level"].value, "nmol/L", why),
            "reference_plasma": Value(0.0, "nmol/L", "assumed: below detection in the reference person"),
        }
        for tissue, values in MK7.delivery.items()
    }
    time = Value(_SLOWER.value, "h", why)
    slower = Formulation(time)
    return Form(
        name,
        _molar_mass(carbon, hydrogen),
        pk=Member((name,), pk, enters=MK7.pk.enters, meaning=meaning),
        delivery=levels,
        formulations={
            "oil capsule": Formulation(),
            "tablet": slower,
            "food": slower,
            "cheese": _cheese(time),
            "nano": _nano(name),
        },
        flags=(f"every number of {name} but its molar mass is assumed to be that of MK-7 on moles",),
    )


MK8 = _as_mk7("MK-8", "menaquinone-8", 51, 72)
MK9 = _as_mk7("MK-9", "menaquinone-9", 56, 80)

FORMS: Mapping[str, Form] = MappingProxyType({one.name: one for one in (K1, MK4, MK7, MK8, MK9)})
"""The built-in forms by name."""


def form(name: str | Form) -> Form:
    """Return a form by its name; a record is handed back as it is.

    Parameters
    ----------
    name
        ``"MK-7"``, or a record of one's own.

    Raises
    ------
    UnknownNameError
        If no built-in form has that name.
    """
    if isinstance(name, Form):
        return name
    if name not in FORMS:
        raise unknown("form", name, FORMS)
    return FORMS[name]


__all__ = ["FORMS", "K1", "MK4", "MK7", "MK8", "MK9", "FatEffect", "Form", "Formulation", "enters", "form"]
