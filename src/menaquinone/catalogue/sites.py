"""Sites of calcification: what holds it back, when it begins and how fast it grows."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from menaquinone.declare import Member, Value, member
from menaquinone.errors import refused, unknown


@dataclass(frozen=True)
class Site:
    """One site.

    Attributes
    ----------
    name
        As in brackets: ``aortic valve``.
    inhibition
        Member of the inhibition block; its link names the protein that holds calcium back.
    hazard, calcification
        Members of the blocks of onset and of growth.
    """

    name: str
    inhibition: Member
    hazard: Member
    calcification: Member

    def __post_init__(self) -> None:
        """Check that the records are of one site and name a protein."""
        for part in ("inhibition", "hazard", "calcification"):
            if getattr(self, part).name != (self.name,):
                got = getattr(self, part).label
                raise refused(f"{part} record of site '{self.name}'", got, f"a member named '{self.name}'")
        if "protein" not in self.inhibition.links:
            links = dict(self.inhibition.links)
            raise refused(f"links of site '{self.name}'", links, "a protein, such as {'protein': 'MGP'}")

    @property
    def protein(self) -> str:
        """Name of the protein that holds calcium back."""
        return self.inhibition.links["protein"]


_CORONARY_ROWS = "mesa-warranty-cac0-any-10y carr-2017-cardia-prevalence mesa-hnr-2007-prevalence-mesa"
_PERSON = Value(1.0, "1", "assumed: log-normal between people, mean of the logarithm 0", omega=0.6)
_AGE_SLOPE = Value(
    0.14, "1/a", "carr-2017-cardia-prevalence mesa-hnr-2007-prevalence-mesa",
    note="derived: prevalence at 40 and 60 years with Gamma(1) frailty; coronary, taken for every site",
)  # fmt: skip
_POTENCY = Value(0.65, "1", "assumed: half-normal(1) prior that holds 0, near its median; scans do not identify it")

GROWTH_NOISE = Value(1.26, "1", "assumed: equals 0.4 AU^(1/3)/sqrt(a) at median growth")
"""SD of the yearly log-normal factor of mean 1 on growth."""


def _site(name: str, incidence: Value, growth: Value) -> Site:
    return Site(
        name,
        member(name, links={"protein": "MGP"}, potency=_POTENCY),
        member(name, incidence=incidence, age_slope=_AGE_SLOPE),
        member(name, growth=growth, person_growth=_PERSON),
    )


CORONARY = _site(
    "coronary",
    Value(0.186, "1/a", _CORONARY_ROWS, note="derived: both sexes, Gamma(1) frailty"),
    Value(0.95, "1/a", _CORONARY_ROWS + " mesa-warranty-cac0-gt100-10y", note="derived: with the hazard, by hand"),
)
AORTIC_VALVE = _site(
    "aortic valve",
    Value(0.0146, "1/a", "owens-2010-avc-incidence", note="derived: 0.017 /a among those still at zero at 62"),
    Value(1.30, "1/a", "assumed: chosen on the placebo arm of one trial; agrees with nguyen-2015-avc-rate"),
)
THORACIC_AORTA = _site(
    "thoracic aorta",
    Value(0.055, "1/a", "mesa-tac-incidence", note="derived: 0.048 /a among those still at zero at 62"),
    Value(1.3, "1/a", "assumed: as the valve; to be set on mesa-tac-change"),
)

SITES: Mapping[str, Site] = MappingProxyType({one.name: one for one in (CORONARY, AORTIC_VALVE, THORACIC_AORTA)})
"""The built-in sites by name."""


def site(name: str | Site) -> Site:
    """Return a site by its name; a record is handed back as it is.

    Parameters
    ----------
    name
        ``"coronary"``, or a record of one's own.

    Raises
    ------
    UnknownNameError
        If no built-in site has that name.
    """
    if isinstance(name, Site):
        return name
    if name not in SITES:
        raise unknown("site", name, SITES)
    return SITES[name]


__all__ = ["AORTIC_VALVE", "CORONARY", "GROWTH_NOISE", "SITES", "THORACIC_AORTA", "Site", "site"]
