"""The vitamin K cycle of one tissue, algebraic: redistribution between its three species takes under an hour.

Carboxylation oxidises hydroquinone to epoxide; VKOR reduces epoxide to quinone and quinone to hydroquinone, and a
bypass that no antagonist reaches reduces quinone too. An antagonist acts mainly on epoxide reduction (rishavy-2018),
so epoxide rises to a bound and hydroquinone falls. The species sum to the tissue pool: nothing is lost here, and
nothing feeds back on the pool.
"""

from typing import NamedTuple

from menaquinone.declare import Array, Block, output, param, reads


class FreeOutputs(NamedTuple):
    vkor_activity: Array = output("1", "share of VKOR that is active", shown=False)


def free(p, x, u):
    return FreeOutputs(vkor_activity=1.0)


FREE_VKOR = Block("free_vkor", Outputs=FreeOutputs, outputs=free)
"""No antagonist: VKOR fully active."""


class Parameters(NamedTuple):
    quinone_share: Array = param(0.88, "1", "healthy share of quinone (w_K)", source="assumed: epoxide then rises at most 17-fold", low=0.5, high=0.95)
    hydroquinone_share: Array = param(0.06, "1", "healthy share of hydroquinone (w_H)", source="assumed: half of what is not quinone", low=0.01, high=0.3)
    epoxide_share: Array = param(0.06, "1", "healthy share of epoxide (w_KO)", source="assumed: half of what is not quinone", low=0.01, high=0.3)
    bypass: Array = param(0.4, "1", "share of quinone reduction that no antagonist reaches (b)", source="rishavy-2018-k-substrate-inhibition", low=0, high=1)
    escape: Array = param(6e-5, "1", "epoxide loss relative to its reduction (e): one part in w_KO times 1000 cycles per molecule", source="assumed: 1000 cycles per molecule; at least 500", low=1e-5, high=2e-4)


class Inputs(NamedTuple):
    tissue_vitamin_k: Array = reads("1", "vitamin K in the tissue")
    vkor_activity: Array = reads("1", "share of VKOR that is active")


class Outputs(NamedTuple):
    hydroquinone: Array = output("1", "hydroquinone open to GGCX, relative to its healthy value")


def outputs(p, x, u):
    active     = u.vkor_activity
    quinone    = p.quinone_share / (p.bypass + (1 - p.bypass) * active)
    epoxide    = p.epoxide_share * (1 + p.escape) / (active + p.escape)
    return Outputs(hydroquinone=u.tissue_vitamin_k / (quinone + p.hydroquinone_share + epoxide))


CYCLE = Block("cycle", Parameters, Inputs=Inputs, Outputs=Outputs, outputs=outputs, over="tissue")
