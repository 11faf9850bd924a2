"""Citations hold what rows hold, one entry for a study, and nothing from memory."""

import pickle
import re

import pytest

from menaquinone.catalogue import evidence
from menaquinone.catalogue.citations import citations
from menaquinone.errors import UnknownNameError

TWO = {
    "a": "dalmeijer-2012-dpucmgp-180 dalmeijer-2012-ocratio-180",
    "b": "dalmeijer-2012-dpucmgp-180",
    "c": "assumed: x",
}


def test_rows_of_one_study_are_one_entry():
    found = citations(TWO)
    assert len(found) == 1
    assert str(found) == (
        "dalmeijer-2012 (2012): https://doi.org/10.1016/j.atherosclerosis.2012.09.019, "
        "https://www.ncbi.nlm.nih.gov/pubmed/23062766?dopt=Abstract\n"
        "  read as abstract\n"
        "  rows dalmeijer-2012-dpucmgp-180, dalmeijer-2012-ocratio-180\n"
        "  for a, b\n"
        "1 numbers rest on no row: each says 'assumed' and why where it is described."
    )
    assert found.assumed == ("c",)


def test_bibtex_holds_what_the_row_holds():
    assert citations(TWO).bibtex() == (
        "@misc{dalmeijer-2012,\n"
        "  year = {2012},\n"
        "  doi = {10.1016/j.atherosclerosis.2012.09.019},\n"
        "  url = {https://www.ncbi.nlm.nih.gov/pubmed/23062766?dopt=Abstract},\n"
        "  note = {read as abstract; evidence rows dalmeijer-2012-dpucmgp-180, dalmeijer-2012-ocratio-180}\n"
        "}"
    )


def test_a_doi_of_a_quoting_page_is_not_the_papers():
    text = citations({"x": "hamberg-2010-s-cl-allele1"}).bibtex()
    assert "doi = " not in text
    assert "secondary page at" in text


def test_many_users_are_counted():
    text = str(citations({f"n{one}": "thane-2006-k1-all" for one in range(9)}))
    assert text.endswith("for n0, n1, n2, n3 and 5 more")


def test_every_row_can_be_cited_and_every_entry_is_well_formed():
    found = citations(("", name) for name in evidence.rows())
    assert {row.id for one in found.entries for row in one.rows} == set(evidence.rows())
    for one in found.entries:
        text = one.bibtex()
        assert re.fullmatch(r"@misc\{[a-z0-9.-]+,\n(  (year|doi|url|note) = \{[^{}]*\},?\n)+\}", text), text
        assert one.links
        assert not {"author", "title"} & set(re.findall(r"^  (\w+) =", text, re.MULTILINE))
        assert one.year in ("", *re.findall(r"\d{4}", one.study))
    assert pickle.loads(pickle.dumps(found)) == found


def test_an_unknown_row_is_refused():
    with pytest.raises(UnknownNameError, match="unknown evidence row: got 'nobody-1999'"):
        citations({"x": "nobody-1999"})
