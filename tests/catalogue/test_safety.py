"""What is known of safety is in the evidence."""

import pytest

from menaquinone.catalogue import evidence
from menaquinone.catalogue.forms import FORMS
from menaquinone.catalogue.safety import ASK_ABOVE, INTERACTION_ROWS, KINDS, STATEMENTS, statements


@pytest.mark.parametrize("one", STATEMENTS, ids=lambda one: one.meaning[:40])
def test_a_statement_rests_on_rows(one):
    assert one.kind in KINDS
    assert one.form in (*FORMS, "")
    assert one.evidence
    assert all(evidence.exists(row) for row in one.evidence)
    assert one.meaning.endswith(".")


def test_every_kind_is_there():
    assert [one.kind for one in STATEMENTS] == sorted((one.kind for one in STATEMENTS), key=KINDS.index)
    assert {one.kind for one in STATEMENTS} == set(KINDS)


def test_doses_studied_are_those_of_the_rows():
    for one in STATEMENTS:
        if one.kind == "dose studied" and one.amount is not None:
            row = evidence.row(one.evidence[0])
            assert one.amount.value == pytest.approx(row.dose_ug * (row.doses_per_day or 1), rel=1e-3)
            assert row.form == one.form


def test_what_notes_say():
    assert "no UL" in evidence.row("iom-ai-men").note
    assert "women 90" in evidence.row("iom-ai-men").note
    assert "no UL" in evidence.row("vkm-2018-evm-guidance").note
    assert "former Norwegian maximum 200 ug/d" in evidence.row("vkm-2018-evm-guidance").note
    assert ASK_ABOVE["MK-7"].value == 200.0
    assert "no DRV for menaquinones" in evidence.row("efsa-2017-ai").note
    assert "+16 %" in evidence.row("sconce-2007-k150-dose-after").note
    assert all(evidence.row(row).population == "vka-users" for row in INTERACTION_ROWS)


def test_statements_of_a_form():
    assert statements() == STATEMENTS
    assert {one.form for one in statements("MK-4")} == {"MK-4", ""}
