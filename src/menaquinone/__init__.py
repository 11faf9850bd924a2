"""Virtual people, vitamin K and calcium: from a dose to carboxylation markers, calcium scores and stiffness.

A simulation in five lines::

    import menaquinone as mk
    model  = mk.models.vitamin_k()
    people = mk.population("postmenopausal", n=200, rng=7)
    dosing = mk.dose("MK-7", "180 ug", every="24 h", until="1 y")
    result = mk.simulate(model, people, dosing, times="0:365:28 d")

Every name below is loaded when it is first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from menaquinone import models as models
    from menaquinone import trials as trials
    from menaquinone.catalogue import evidence as evidence
    from menaquinone.errors import HighDoseWarning as HighDoseWarning
    from menaquinone.errors import InteractionWarning as InteractionWarning
    from menaquinone.errors import SafetyWarning as SafetyWarning
    from menaquinone.inputs import titration as titration
    from menaquinone.inputs.designs import grid as grid
    from menaquinone.inputs.designs import lognormal as lognormal
    from menaquinone.inputs.designs import normal as normal
    from menaquinone.inputs.designs import table as table
    from menaquinone.inputs.designs import uniform as uniform
    from menaquinone.inputs.diet import Diet as Diet
    from menaquinone.inputs.diet import diet as diet
    from menaquinone.inputs.population import Population as Population
    from menaquinone.inputs.population import population as population
    from menaquinone.inputs.regimen import Regimen as Regimen
    from menaquinone.inputs.regimen import adherence as adherence
    from menaquinone.inputs.regimen import dose as dose
    from menaquinone.inputs.rules import rule as rule
    from menaquinone.model import cite as cite
    from menaquinone.results import Summaries as Summaries
    from menaquinone.solve import Cascade as Cascade
    from menaquinone.solve import Reference as Reference
    from menaquinone.solve.memory import estimate_memory as estimate_memory
    from menaquinone.solve.simulate import simulate as simulate
    from menaquinone.solve.states import final_state as final_state
    from menaquinone.studies.sweep import sweep as sweep
    from menaquinone.trials.fitting import fit as fit

    __version__: str

_MODULES = {
    "evidence": "menaquinone.catalogue.evidence",
    "models": "menaquinone.models",
    "titration": "menaquinone.inputs.titration",
    "trials": "menaquinone.trials",
}
_HOMES = {
    "Cascade": "menaquinone.solve",
    "Diet": "menaquinone.inputs.diet",
    "HighDoseWarning": "menaquinone.errors",
    "InteractionWarning": "menaquinone.errors",
    "Population": "menaquinone.inputs.population",
    "Reference": "menaquinone.solve",
    "Regimen": "menaquinone.inputs.regimen",
    "SafetyWarning": "menaquinone.errors",
    "Summaries": "menaquinone.results",
    "adherence": "menaquinone.inputs.regimen",
    "cite": "menaquinone.model",
    "diet": "menaquinone.inputs.diet",
    "dose": "menaquinone.inputs.regimen",
    "estimate_memory": "menaquinone.solve.memory",
    "final_state": "menaquinone.solve.states",
    "fit": "menaquinone.trials.fitting",
    "grid": "menaquinone.inputs.designs",
    "lognormal": "menaquinone.inputs.designs",
    "normal": "menaquinone.inputs.designs",
    "population": "menaquinone.inputs.population",
    "rule": "menaquinone.inputs.rules",
    "simulate": "menaquinone.solve",
    "sweep": "menaquinone.studies.sweep",
    "table": "menaquinone.inputs.designs",
    "uniform": "menaquinone.inputs.designs",
}

__all__ = [
    "Cascade",
    "Diet",
    "HighDoseWarning",
    "InteractionWarning",
    "Population",
    "Reference",
    "Regimen",
    "SafetyWarning",
    "Summaries",
    "__version__",
    "adherence",
    "cite",
    "diet",
    "dose",
    "estimate_memory",
    "evidence",
    "final_state",
    "fit",
    "grid",
    "lognormal",
    "models",
    "normal",
    "population",
    "rule",
    "simulate",
    "sweep",
    "table",
    "titration",
    "trials",
    "uniform",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    found: Any
    if name == "__version__":
        from importlib.metadata import version

        found = version("menaquinone")
    elif name in _MODULES or name in _HOMES:
        from menaquinone.pause import collecting_later

        with collecting_later():
            home = import_module(_MODULES.get(name) or _HOMES[name])
        found = home if name in _MODULES else getattr(home, name)
    else:
        message = f"module 'menaquinone' has no attribute '{name}'"
        raise AttributeError(message, name=name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
