"""What is known of the safety of vitamin K, as data: intakes advised, limits, doses studied, and the one interaction.

Nothing here is advice. A statement names the rows it rests on; where a body has set no limit, that is a statement too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from menaquinone.declare import Value


@dataclass(frozen=True)
class Statement:
    """One thing that is known.

    Attributes
    ----------
    kind
        ``adequate intake``, ``limit``, ``dose studied``, ``interaction`` or ``contraindication``.
    form
        Of vitamin K; empty for all of them.
    meaning
        In a sentence.
    evidence
        Ids of rows.
    amount
        The number that it is about, where there is one.
    """

    kind: str
    form: str
    meaning: str
    evidence: tuple[str, ...]
    amount: Value | None = None


KINDS = ("adequate intake", "limit", "dose studied", "interaction", "contraindication")

INTERACTION_ROWS = ("theuwissen-2013-mk7-45-inr", "schurgers-2004-k1-inr-threshold", "sconce-2007-k150-dose-after")
"""What the warning of the interaction names."""

MK7_ALONE = Value(
    200.0, "ug/d", "vkm-2018-evm-guidance",
    note="derived: the former Norwegian maximum for supplements in the row's note; taken for MK-7 by assumption",
)  # fmt: skip
"""More MK-7 than this in a day from supplements is for a healthcare professional to judge."""
ASK_ABOVE: Mapping[str, Value] = MappingProxyType({"MK-7": MK7_ALONE})
"""Amount in a day above which a healthcare professional is to be asked, by form; food does not count."""


def _studied(form: str, amount: float, meaning: str, *rows: str, note: str) -> Statement:
    value = Value(amount, "ug/d", " ".join(rows), note=f"derived: {note}")
    return Statement("dose studied", form, meaning, rows, value)


STATEMENTS: tuple[Statement, ...] = (
    Statement(
        "adequate intake", "K1", "EFSA: 70 ug/d of K1 for adults; no reference value for menaquinones.",
        ("efsa-2017-ai",), Value(70.0, "ug/d", "efsa-2017-ai"),
    ),
    Statement(
        "adequate intake", "", "Institute of Medicine: 120 ug/d for men and 90 ug/d for women.",
        ("iom-ai-men",), Value(120.0, "ug/d", "iom-ai-men"),
    ),
    Statement(
        "limit", "", "No tolerable upper intake level has been set, by the Institute of Medicine or in Norway.",
        ("iom-ai-men", "vkm-2018-evm-guidance"),
    ),
    Statement(
        "limit", "K1", "Norway: 1000 ug/d of K1 from supplements as a guidance level, which is no upper limit.",
        ("vkm-2018-evm-guidance",), Value(1000.0, "ug/d", "vkm-2018-evm-guidance"),
    ),
    Statement(
        "limit", "MK-7", "Above 200 ug/d of MK-7 from supplements the library says: ask a healthcare professional.",
        ("vkm-2018-evm-guidance",), MK7_ALONE,
    ),
    Statement(
        "limit", "MK-7", "Rats took 10 mg/(kg.d) of MK-7 by mouth for 90 days without adverse effect.",
        ("pucaj-2011-noael",), Value(10.0, "mg/(kg.d)", "pucaj-2011-noael"),
    ),
    _studied(
        "MK-7", 720.0, "MK-7: 720 ug/d for a year in people with aortic valve calcification.",
        "avadec-2022-avc-baseline-mk7", note="dose of the row",
    ),
    _studied(
        "MK-7", 375.0, "MK-7: 375 ug/d for a year in postmenopausal women.", "ronn-2016-ucoc-375-12mo",
        note="dose of the row",
    ),
    _studied(
        "MK-7", 1080.0 * 3 / 7, "MK-7: 1080 ug thrice weekly for eight weeks in people on haemodialysis.",
        "caluwe-2014-dpucmgp-1080tiw", note="three doses of 1080 ug in seven days",
    ),
    _studied(
        "MK-4", 45_000.0,
        "MK-4: 45 mg/d for three years in women with osteoporosis; adverse events were more frequent than without.",
        "inoue-2009-of-n", note="15 mg thrice daily",
    ),
    _studied(
        "K1", 5_000.0, "K1: 5 mg/d for two years in postmenopausal women with osteopenia.", "ecko-2008-k1-serum-fold",
        note="dose of the row",
    ),
    Statement(
        "dose studied", "MK-4", "MK-4: 45 mg/d did not make blood clot more in people without an anticoagulant.",
        ("asakura-2001-mk4-safety",),
    ),
    Statement(
        "interaction", "MK-7", "MK-7: 45 ug/d lowered INR by 40 % on acenocoumarol, 10 ug/d mattered in some.",
        ("theuwissen-2013-mk7-45-inr", "theuwissen-2013-mk7-10-relevant"),
    ),
    Statement(
        "interaction", "MK-7", "MK-7: 46 ug/d in natto for a week did not change INR in ten people on warfarin.",
        ("nakajima-2021-lowmk7-natto",),
    ),
    Statement(
        "interaction", "K1", "K1: INR falls from 150 ug/d of supplements on; 150 ug/d asked for 16 % more warfarin.",
        ("schurgers-2004-k1-inr-threshold", "sconce-2007-k150-dose-after"),
    ),
    Statement(
        "interaction", "K1", "K1: INR falls by 0.2 for every 100 ug eaten, 25 ug/d matter where there is little.",
        ("khan-2004-k-per-100ug", "kurnik-2004-25ug-inr"),
    ),
    Statement(
        "contraindication", "",
        "Whoever takes a vitamin K antagonist must not change intake of any form without those who watch the INR.",
        INTERACTION_ROWS,
    ),
)  # fmt: skip
"""Everything, in the order of :data:`KINDS`."""


def statements(form: str = "") -> tuple[Statement, ...]:
    """Return what is known, of one form and of all of them together.

    Parameters
    ----------
    form
        Name of a form; everything where it is empty.
    """
    return tuple(one for one in STATEMENTS if not form or one.form in (form, ""))


__all__ = [
    "ASK_ABOVE", "INTERACTION_ROWS", "KINDS", "MK7_ALONE", "STATEMENTS", "Statement", "statements",
]  # fmt: skip
