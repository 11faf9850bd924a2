import pytest

from menaquinone.errors import InputError, UnknownNameError
from menaquinone.trials.reading import Sourced, check_row, check_source, line_of, one_of, open_toml

TEXT = """\
name = "x"

[design]
visits = { value = ["0 d"], source = "assumed: why" }

[[arm]]
name = "a"

[[arm]]
name = "b"

[[arm.dose]]
form = { value = "MK-7", source = "assumed: why" }

[[arm.dose]]
"amount" = 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 1),
        (("design",), 3),
        (("design", "visits"), 4),
        (("design", "visits", "source"), 4),
        (("design", "duration"), 3),
        (("arm", 0), 6),
        (("arm", 0, "name"), 7),
        (("arm", 1, "name"), 10),
        (("arm", 1, "dose", 0, "form", "value"), 13),
        (("arm", 1, "dose", 1, "amount"), 16),
        (("nowhere",), 0),
    ],
)
def test_a_key_is_found_on_its_line(path, line):
    assert line_of(TEXT, path) == line


def test_a_field_knows_whether_it_is_assumed():
    assert Sourced("few", "assumed: no row").assumed
    assert not Sourced(1, "knapen-2015-cfpwv-change-mk7").assumed


def test_an_unknown_row_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError) as refusal:
        check_row("knapen-2015-cfpwv-change-mk-7", "here")
    assert str(refusal.value) == (
        "unknown evidence row, here: got 'knapen-2015-cfpwv-change-mk-7', expected one of "
        "'knapen-2015-cfpwv-change-mk7', 'knapen-2015-cfpwv-baseline-mk7' and 'knapen-2015-cfpwv-change-placebo'; "
        "the nearest is 'knapen-2015-cfpwv-change-mk7'."
    )


def test_a_row_like_no_other_is_refused():
    with pytest.raises(InputError) as refusal:
        check_source("zzzz", "here")
    assert str(refusal.value) == (
        "here: got 'zzzz', expected the id of an evidence row (mk.evidence.table() lists them)."
    )


def test_of_many_names_only_the_nearest_are_listed():
    with pytest.raises(UnknownNameError) as refusal:
        one_of(*"abcdefghij", "velocity")("velocitee", "'x'")
    assert str(refusal.value) == (
        "unknown value of 'x': got 'velocitee', expected one of 'velocity'; the nearest is 'velocity'."
    )


def test_text_that_is_not_toml_is_refused_with_its_line(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("name = \n")
    with pytest.raises(InputError) as refusal:
        open_toml(path)
    assert str(refusal.value) == (
        "mine.toml: got text that is not TOML (invalid value (at line 1, column 8)), expected key = value lines."
    )


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError) as refusal:
        open_toml(path)
    assert str(refusal.value) == (
        f"trial file '{path}': got a file that cannot be read (not UTF-8 text), expected a TOML file."
    )
