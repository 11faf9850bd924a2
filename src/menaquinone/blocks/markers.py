"""What assays read: plasma markers made from uncarboxylated and carboxylated protein, in the field's units."""

from typing import NamedTuple

from menaquinone.declare import Array, Block, output, param, reads


class MgpParameters(NamedTuple):
    dp_ucmgp_reference: Array = param(376.0, "pmol/L", "dp-ucMGP of the reference person", source="vanballegooijen-2018-lasa-dpucmgp", low=200, high=800)
    uncarboxylated_reference: Array = param(0.2696, "1", "uncarboxylated MGP of the reference person, eGFR 85 (0.25 exp(0.0151 x 5))", source="kremer-2021-egfr-slope", low=0.1, high=0.5)
    dp_cmgp_level: Array = param(1.0, "1", "dp-cMGP, relative; does not respond to vitamin K", source="dalmeijer-2012-dpcmgp-p", low=0.5, high=2)
    t_ucmgp_level: Array = param(4868.0, "nmol/L", "t-ucMGP; does not respond to vitamin K", source="liabeuf-2014-t2d-tucmgp", low=1000, high=10000)


class MgpInputs(NamedTuple):
    uncarboxylated: Array = reads("1", "uncarboxylated MGP")


class MgpOutputs(NamedTuple):
    dp_ucmgp: Array = output("pmol/L", "dephosphorylated uncarboxylated matrix Gla protein in plasma")
    dp_cmgp: Array = output("1", "dephosphorylated carboxylated matrix Gla protein, relative (does not respond)", shown=False)
    t_ucmgp: Array = output("nmol/L", "total uncarboxylated matrix Gla protein (does not respond)", shown=False)


def mgp(p, x, u):
    return MgpOutputs(
        dp_ucmgp=p.dp_ucmgp_reference * u.uncarboxylated / p.uncarboxylated_reference,
        dp_cmgp=p.dp_cmgp_level,
        t_ucmgp=p.t_ucmgp_level,
    )


MGP_MARKERS = Block("mgp_markers", MgpParameters, Inputs=MgpInputs, Outputs=MgpOutputs, outputs=mgp)


class OsteocalcinParameters(NamedTuple):
    ucoc_reference: Array = param(5.1, "ug/L", "ucOC of the reference person", source="koitaya-2014-ucoc-baseline", low=1.5, high=10)
    ucoc_share_reference: Array = param(0.48, "1", "uncarboxylated share of the reference person (u0)", source="assumed: as the protein's u0", low=0.2, high=0.6)


class OsteocalcinInputs(NamedTuple):
    uncarboxylated: Array = reads("1", "uncarboxylated osteocalcin")
    carboxylated: Array = reads("1", "carboxylated osteocalcin")


class OsteocalcinOutputs(NamedTuple):
    ucoc: Array = output("ug/L", "undercarboxylated osteocalcin in plasma")
    coc: Array = output("ug/L", "carboxylated osteocalcin in plasma")
    ucoc_share: Array = output("1", "undercarboxylated share of osteocalcin (%ucOC / 100)")
    ucoc_ratio: Array = output("1", "undercarboxylated to carboxylated osteocalcin")


def osteocalcin(p, x, u):
    level = p.ucoc_reference / p.ucoc_share_reference
    return OsteocalcinOutputs(
        ucoc=level * u.uncarboxylated,
        coc=level * u.carboxylated,
        ucoc_share=u.uncarboxylated / (u.uncarboxylated + u.carboxylated),
        ucoc_ratio=u.uncarboxylated / u.carboxylated,
    )


OSTEOCALCIN_MARKERS = Block("osteocalcin_markers", OsteocalcinParameters, Inputs=OsteocalcinInputs, Outputs=OsteocalcinOutputs, outputs=osteocalcin)


class ProthrombinParameters(NamedTuple):
    pivka_reference: Array = param(0.09, "1", "uncarboxylated share of prothrombin in the reference person (u0)", source="assumed: as the protein's u0", low=0.02, high=0.2)


class ProthrombinInputs(NamedTuple):
    uncarboxylated: Array = reads("1", "uncarboxylated prothrombin")


class ProthrombinOutputs(NamedTuple):
    pivka_ii: Array = output("1", "PIVKA-II, fold of the reference person")


def prothrombin(p, x, u):
    return ProthrombinOutputs(pivka_ii=u.uncarboxylated / p.pivka_reference)


PROTHROMBIN_MARKERS = Block("prothrombin_markers", ProthrombinParameters, Inputs=ProthrombinInputs, Outputs=ProthrombinOutputs, outputs=prothrombin)
