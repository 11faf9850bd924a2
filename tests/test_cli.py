import json
import os
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest

from menaquinone import cli
from menaquinone.results import open_netcdf
from menaquinone.trials import load, names, schema
from menaquinone.trials.design import Trial
from menaquinone.trials.scorecard import from_csv

TINY = """
name = "tiny"
title = "MK-7 against placebo, four weeks"
seed = 3

[population]
name = { value = "postmenopausal", source = "assumed: for a test" }
n = { value = 2, source = "assumed: for a test" }

[design]
allocation = { value = [1, 1], source = "assumed: for a test" }
duration = { value = "28 d", source = "assumed: for a test" }
visits = { value = ["0 d", "28 d"], source = "assumed: for a test" }
sampling = { value = "14 d", source = "assumed: for a test" }

[[arm]]
name = "placebo"

[[arm]]
name = "MK-7"

[[arm.dose]]
form = { value = "MK-7", source = "assumed: for a test" }
amount = { value = "180 ug", source = "assumed: for a test" }
every = { value = "24 h", source = "assumed: for a test" }

[[reported]]
outcome = "pwv"
arm = "placebo"
visit = "0 d"
of = "level"
statistic = "mean"
row = "knapen-2015-cfpwv-baseline-placebo"
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "trial" / "tiny.toml"
    path.parent.mkdir()
    path.write_text(TINY)
    return str(path)


def said(capsys, *arguments):
    """Run a command; return its exit code, and what it wrote on stdout and stderr."""
    code = cli.main(arguments)
    return code, *capsys.readouterr()


def started(*arguments, **options):
    """Start a command in a process of its own."""
    command = [sys.executable, "-m", "menaquinone.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_a_trial_is_run_written_and_reported(tiny, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    code, text, log = said(capsys, "run", tiny, "--out", str(out))
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == ["tiny.nc", "tiny.png"]
    assert (out / "tiny.png").read_bytes().startswith(b"\x89PNG")
    data = open_netcdf(out / "tiny.nc")
    assert dict(data.sizes) | {"arm": 2, "subject": 2, "time": 3} == dict(data.sizes)
    assert data.attrs["seed"] == "3"
    assert data.attrs["trial"] == "tiny"
    assert "seed 3, rtol 1e-06" in text
    assert "Research software: not medical advice, not a dosing tool." in text.splitlines()
    assert any("mean 9.7 (SD 1.7)" in line and line.startswith("  0 d    placebo") for line in text.splitlines())
    assert text.splitlines()[-1] == f"written: {out / 'tiny.nc'} and {out / 'tiny.png'}"
    assert "tiny: 4 of 4 person-arms simulated" in log.splitlines()


def test_options_reach_the_run(tiny, tmp_path, capsys, monkeypatch):
    asked = {}

    def run(self, **options):
        asked.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Trial, "run", run)
    options = ["--n", "7", "--seed", "5", "--workers", "1", "--rtol", "1e-4", "--out", str(tmp_path)]
    assert said(capsys, "run", tiny, *options)[0] == 130
    asked.pop("progress")
    assert asked == {"n": 7, "rng": 5, "workers": 1, "rtol": 1e-4}


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        (KeyboardInterrupt(), 130, "interrupted; files appear whole or not at all."),
        (OSError(28, "No space left on device"), 2, "No space left on device."),
        (
            RuntimeError("what\nnobody expected"),
            2,
            "a fault in the library (RuntimeError: what nobody expected); MENAQUINONE_DEBUG=1 shows where.",
        ),
    ],
)
def test_nothing_is_left_and_old_files_stay_when_a_run_fails(
    tiny, tmp_path, capsys, monkeypatch, fault, code, sentence
):
    def run(self, **options):
        raise fault

    monkeypatch.setattr(Trial, "run", run)
    (tmp_path / "tiny.nc").write_text("older")
    before = sorted(tmp_path.iterdir())
    assert said(capsys, "run", tiny, "--out", str(tmp_path)) == (code, "", f"menaquinone: {sentence}\n")
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "tiny.nc").read_text() == "older"


def test_nothing_is_left_when_the_picture_fails(tiny, tmp_path, capsys, monkeypatch):
    def fail(*_):
        raise ValueError("no picture")

    monkeypatch.setattr("menaquinone.plotting.trial_figure", fail)
    assert said(capsys, "run", tiny, "--out", str(tmp_path))[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["trial"]


def test_a_fault_is_shown_whole_when_asked_for(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(Trial, "run", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("MENAQUINONE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["run", tiny, "--out", str(tmp_path)])


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_with_one_sentence_and_leaves_nothing(tiny, tmp_path):
    out = tmp_path / "out"
    running = started("run", tiny, "--n", "30000", "--out", str(out))
    lines = iter(running.stderr.readline, "")
    assert any("person-arms simulated" in line for line in lines)  # what has to be compiled is said before
    running.send_signal(signal.SIGINT)
    text, log = running.communicate(timeout=120)
    assert running.returncode == 130
    assert log.splitlines()[-1] == "menaquinone: interrupted; files appear whole or not at all."
    assert "Traceback" not in log
    assert text == ""
    assert list(out.iterdir()) == []


def test_an_interrupt_that_is_lost_still_keeps_files_from_appearing(tiny, tmp_path, capsys, monkeypatch):
    """Python ignores what destructors raise."""

    class Deaf:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    ignored = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: ignored.append(one.exc_type))

    @contextmanager
    def deafened(trial):
        yield lambda done, total: None
        Deaf()

    monkeypatch.setattr(cli, "_progress", deafened)
    out = tmp_path / "out"
    code, text, log = said(capsys, "run", tiny, "--out", str(out))
    assert ignored == [KeyboardInterrupt]
    assert code == 130
    assert (text, log.splitlines()[-1]) == ("", "menaquinone: interrupted; files appear whole or not at all.")
    assert list(out.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    assert said(capsys, "run", tiny, "--out", str(out))[0] == 0


def mistake(line, *sentence):
    """Return the words of a command, and its message, given in parts."""
    return line.split(), "".join(sentence)


MISTAKES = [
    mistake(
        "run dalmeijer-2013",
        "unknown trial (a TOML file, or a built-in name as 'menaquinone trials' lists them): got 'dalmeijer-2013', ",
        "expected one of 'dalmeijer-2012'; the nearest is 'dalmeijer-2012'.",
    ),
    mistake(
        "run mine.toml",
        "trial file 'mine.toml': got a file that cannot be read (No such file or directory), expected a TOML file.",
    ),
    mistake("run", "missing argument 'TRIAL'; 'menaquinone --help' shows what can be given."),
    mistake(
        "run knapen-2015 --sed 3",
        "unknown option: got '--sed', expected one of '--n', '--seed', '--workers', '--out', '--rtol' and '--help'; ",
        "the nearest is '--seed'.",
    ),
    mistake(
        "rum knapen-2015",
        "unknown command: got 'rum', expected one of 'describe', 'foods', 'run', 'schema', 'scorecard' and 'trials'; ",
        "the nearest is 'run'.",
    ),
    mistake("scorecard --only", "trials with --only: got 'none', expected at least one name or file."),
    mistake(
        "scorecard mine.toml",
        "trial file 'mine.toml': got a file that cannot be read (No such file or directory), expected a TOML file.",
    ),
    mistake("run knapen-2015 --n 0", "number of people: got 0, expected a whole number of at least 1."),
    mistake("run knapen-2015 --rtol 3", "rtol: got 3.0, expected a number from 1e-10 to 0.01."),
    mistake("run knapen-2015 --n 1 --workers 0", "workers: got 0, expected a whole number of at least 1."),
    mistake(
        "describe clearence[MK7]",
        "unknown model, parameter or population: got 'clearence[MK7]', expected one of 'clearance[MK-7]', ",
        "'clearance[MK-9]', 'clearance[MK-8]' and 'clearance[MK-4]'; the nearest is 'clearance[MK-7]'.",
    ),
]


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES)
def test_a_mistake_is_answered_in_one_sentence(capsys, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    assert said(capsys, *arguments) == (2, "", f"menaquinone: {sentence}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_is_none_is_refused_by_name(capsys):
    code, text, log = said(capsys, "run", "knapen-2015", "--n", "many")
    assert (code, text, log.count("\n")) == (2, "", 1)
    assert log.startswith("menaquinone: invalid value for '--n': ")


def test_a_directory_that_cannot_be_written_to_is_refused_before_the_work(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Trial, "run", lambda *_, **__: pytest.fail("the work was begun"))
    taken = tmp_path / "file"
    taken.write_text("")
    assert said(capsys, "run", tiny, "--out", str(taken)) == (
        2, "", f"menaquinone: --out: got '{taken}', expected a directory that can be written to (File exists).\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (
            "typer",
            "the command line needs 'typer': got no such package, expected `pip install 'menaquinone[cli]'`.",
        ),
        (
            "matplotlib",
            (
                "the picture of a trial needs 'matplotlib': got no such package, "
                "expected `pip install 'menaquinone[plot]'`."
            ),
        ),
        (
            "h5netcdf",
            "the file of a trial needs 'h5netcdf': got no such package, expected `pip install 'menaquinone[io]'`.",
        ),
    ],
)
def test_a_missing_extra_is_named_before_the_work(tiny, capsys, monkeypatch, module, sentence):
    monkeypatch.setattr(Trial, "run", lambda *_, **__: pytest.fail("the work was begun"))
    monkeypatch.setitem(sys.modules, module, None)
    assert said(capsys, "run", tiny) == (2, "", f"menaquinone: {sentence}\n")


def test_trials_are_listed_with_their_titles(capsys):
    code, text, _ = said(capsys, "trials")
    lines = text.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines] == list(names())
    assert len({line.index(load(line.split()[0]).title) for line in lines}) == 1


def test_help_shows_commands_and_options(capsys):
    for arguments in ([], ["--help"]):
        code, text, _ = said(capsys, *arguments)
        assert code == 0
        assert all(
            f"\n  {command} " in text for command in ("run", "trials", "scorecard", "schema", "describe", "foods")
        )
        assert "not medical advice" in " ".join(text.split())
    text = said(capsys, "run", "--help")[1]
    assert all(option in text for option in ("--n", "--seed", "--workers", "--out", "--rtol"))


def test_the_version_is_shown(capsys):
    code, text, _ = said(capsys, "--version")
    assert code == 0
    assert text.startswith("menaquinone ")


def test_a_parameter_is_described_with_value_unit_spread_source_and_how_it_was_read(capsys):
    code, text, _ = said(capsys, "describe", "clearance[MK-7]")
    lines = text.splitlines()
    assert code == 0
    assert lines[0] == "clearance[MK-7] = 1.1 L/h"
    assert "  spread: log-normal between people, omega 0.3" in lines
    assert "  source: knapen-2015-yogurt-mk7-baseline knapen-2015-yogurt-mk7-ss" in lines
    assert any(line.startswith("  knapen-2015-yogurt-mk7-ss: ") and "read as abstract" in line for line in lines)


def test_a_bare_name_describes_every_member(capsys):
    text = said(capsys, "describe", "clearance")[1]
    assert [line.split(" = ")[0] for line in text.splitlines() if line.startswith("clearance")] == [
        "clearance[K1]", "clearance[MK-4]", "clearance[MK-7]", "clearance[MK-8]", "clearance[MK-9]"
    ]  # fmt: skip


def test_parameters_of_antagonists_are_described_too(capsys):
    code, text, _ = said(capsys, "describe", "ic50_gg")
    assert code == 0
    assert [line for line in text.splitlines() if not line.startswith(" ")] == [
        "ic50_gg[warfarin] = 0.104 mg/L", "ic50_gg[acenocoumarol] = 0.104 mg/L"
    ]  # fmt: skip


def test_a_model_is_described_whole(capsys):
    everything, rat = (said(capsys, "describe", *name)[1] for name in ([], ["rat"]))
    assert "clearance[MK-7] = 1.1 L/h" in everything
    assert everything != rat


def test_a_population_is_described_draw_by_draw(capsys):
    code, text, _ = said(capsys, "describe", "postmenopausal")
    lines = text.splitlines()
    assert code == 0
    assert lines[0] == "postmenopausal: healthy postmenopausal women, western Europe"
    assert "  pwv_entry: carotid-femoral pulse wave velocity at entry" in lines
    assert any("https://doi.org/10.1160/TH14-08-0675" in line for line in lines)


def test_a_trial_file_joins_the_card(tiny, tmp_path, capsys):
    out = tmp_path / "out"
    code, text, log = said(capsys, "scorecard", "--only", tiny, "lasa", "--n", "5", "--seed", "3", "--out", str(out))
    assert code == 0
    assert "tiny: Tiny" in text or "\ntiny: " in text
    assert "2 figures of 2 trials: " in text
    assert "not medical advice" in text
    assert log.splitlines() == ["trial 1 of 2: tiny", "trial 2 of 2: lasa"]
    assert [one.trial for one in from_csv((out / "scorecard.csv").read_text())] == ["tiny", "lasa"]
    assert (out / "scorecard.png").read_bytes().startswith(b"\x89PNG")


def test_two_trials_of_one_name_are_refused(tiny, tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text(Path(tiny).read_text())
    code, _, log = said(capsys, "scorecard", "--only", tiny, str(other))
    assert code == 2
    assert log == "menaquinone: name of a trial: got 'tiny', expected one that no other trial on the card has.\n"


def test_the_schema_is_printed(capsys):
    code, text, _ = said(capsys, "schema")
    assert code == 0
    assert json.loads(text) == schema()


def test_warnings_are_sentences_and_those_of_others_are_left_alone(capsys, monkeypatch):
    def warn():
        warnings.simplefilter("default")
        warnings.warn("mind this", UserWarning, stacklevel=1)

    before, filters = warnings.showwarning, list(warnings.filters)
    monkeypatch.setattr(cli, "_trials", warn)
    cli.main(["trials"])
    assert capsys.readouterr().err == "menaquinone: warning: mind this\n"
    assert warnings.showwarning is before
    assert warnings.filters == filters


def test_the_command_stops_quietly_when_nobody_reads_on():
    running = started("describe")
    running.stdout.readline()
    running.stdout.close()
    assert "Traceback" not in running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) in (0, 1, 120)


def test_importing_the_command_line_needs_no_extra():
    hidden = "import sys; sys.modules['typer'] = sys.modules['rich'] = None"
    code = f"{hidden}; import menaquinone.cli as c; sys.exit(c.main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    wanted = "the command line needs 'typer': got no such package, expected `pip install 'menaquinone[cli]'`."
    assert (done.returncode, done.stderr) == (2, f"menaquinone: {wanted}\n")


def test_a_run_needs_no_display_and_no_other_directory(tiny, tmp_path):
    running = started("run", tiny, "--n", "1", cwd=tmp_path, env={**os.environ, "MPLBACKEND": "agg", "DISPLAY": ""})
    _, log = running.communicate(timeout=300)
    assert running.returncode == 0, log
    assert {path.name for path in Path(tmp_path).iterdir()} == {"trial", "tiny.nc", "tiny.png"}


def test_foods_are_listed_and_searched(capsys):
    code, everything, _ = said(capsys, "foods")
    assert code == 0
    assert everything.splitlines()[-1].startswith("Habitual diets: Netherlands, women of 49 to 70 years")
    code, natto, _ = said(capsys, "foods", "NATT", "--region", "JP")
    assert code == 0
    assert natto.splitlines()[1:] == [
        "natto",
        " * JP  MK-7                               939        kamao-2007-natto-mk7",
        "   JP  MK-7                               796        kamao-2007-natto-mk7-low",
        "   JP  MK-7                               775        tsukamoto-2000-natto-mk7-content",
        "   JP  MK-7                              1750        jhej-1999-natto-mk7-content; fermented in the laboratory",
        " * -   K1                                32.1        halder-2019-natto-k1",
        " * -   sum, as Dutch natto             1098.5        halder-2019-natto-k2",
    ]
    assert "eel\n  uncertain: no row of the evidence gives a content\n" in everything
    assert all(line in everything for line in natto.splitlines()[1:])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["foods", "nattto"],
            "unknown food: got 'nattto', expected one of 59 names, 'natto' the first; the nearest is 'natto'.",
        ),
        (["foods", "gouda", "--region", "JP"], "region: got 'JP', expected one that has 'gouda': 'NL'."),
        (
            ["foods", "--region", "XX"],
            "unknown region of the food table: got 'XX', expected one of 'AU', 'DK', 'FI', 'FR', 'JP', 'NL' and 'US'.",
        ),
    ],
)
def test_foods_that_are_not_there(arguments, sentence, capsys):
    assert said(capsys, *arguments) == (2, "", f"menaquinone: {sentence}\n")
