import subprocess
import sys
from importlib.resources import files

import pytest

from menaquinone import trials
from menaquinone.errors import InputError, UnknownNameError


def test_names_are_those_of_the_shipped_files():
    assert {f"{name}.toml" for name in trials.names()} == {
        one.name for one in files("menaquinone.trials").iterdir() if one.name.endswith(".toml")
    }
    assert list(trials.names()) == sorted(trials.names())
    assert len(trials.names()) >= 15


@pytest.mark.parametrize("name", trials.names())
def test_every_shipped_trial_loads_under_its_own_name(name):
    assert trials.load(name).name == name


def test_a_file_is_read_by_its_path(edited):
    assert trials.load(edited("seed = 2015", "seed = 7")).seed == 7
    assert trials.load(str(edited())).file == "mine.toml"


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError) as refusal:
        trials.load("kaytwo-labels")
    assert str(refusal.value) == (
        "unknown trial (a TOML file, or a built-in name as 'menaquinone trials' lists them): got 'kaytwo-labels', "
        "expected one of 'kaytwo-label'; the nearest is 'kaytwo-label'."
    )


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(InputError) as refusal:
        trials.load("nowhere.toml")
    assert str(refusal.value) == (
        "trial file 'nowhere.toml': got a file that cannot be read (No such file or directory), expected a TOML file."
    )


def test_listing_trials_loads_nothing_heavy():
    code = "import sys, menaquinone as mk; mk.trials.names(); print({'numpy', 'xarray', 'numba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
