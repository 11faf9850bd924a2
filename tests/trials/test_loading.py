import pytest

from menaquinone.errors import InputError
from menaquinone.trials import load
from menaquinone.trials.loading import outcomes


def case(old, new, *message):
    """Return what to replace in the shipped file, by what, and the message, given in parts."""
    return old, new, "".join(message)


WRONG = [
    case(
        "n    = {",
        "nn   = {",
        "unknown key of [population] in mine.toml, line 11: got 'nn', expected one of 'name', 'n', 'age', ",
        "'region', 'ancestry', 'where', 'having' and 'taking'; the nearest is 'n'.",
    ),
    case(
        "seed = 2015",
        "sead = 2015",
        "unknown key in mine.toml, line 7: got 'sead', expected one of 'name', 'title', 'seed', ",
        "'contradicts', 'note', 'population', 'design', 'arm' and 'reported'; the nearest is 'seed'.",
    ),
    case(
        "seed = 2015\n",
        "",
        "'seed' in mine.toml: got nothing, expected a whole number of at least 0.",
    ),
    case(
        "seed = 2015",
        "seed = true",
        "'seed' in mine.toml, line 7: got True, expected a whole number of at least 0.",
    ),
    case(
        "value = 244",
        'value = "many"',
        "'n' of [population] in mine.toml, line 11: got 'many', expected a whole number of at least 1.",
    ),
    case(
        '"postmenopausal"',
        '"postmenopause"',
        "unknown population, 'name' of [population] in mine.toml, line 10: got 'postmenopause', expected one ",
        "of 'reference', 'healthy', 'postmenopausal', 'older', 'diabetes', 'ckd', 'hemodialysis', 'transplant', 'avc', "
        "'cac' and 'vka'; the nearest is 'postmenopausal'.",
    ),
    case(
        '["55 y", "65 y"]',
        '["65 y", "55 y"]',
        "'age' of [population] in mine.toml, line 12: got ['65 y', '55 y'], expected a lower and a higher ",
        "age.",
    ),
    case(
        '{ value = "MK-7"',
        '{ value = "MK7"',
        "unknown form, 'form' of [[arm.dose]] 1 of 'MK-7' in mine.toml, line 29: got 'MK7', expected one of ",
        "'K1', 'MK-4', 'MK-7', 'MK-8' and 'MK-9'; the nearest is 'MK-7'.",
    ),
    case(
        '"180 ug"',
        '"180 h"',
        "mine.toml, line 30: amount: got '180 h', expected a mass or a molar amount such as '360 ug'.",
    ),
    case(
        '"180 ug"',
        '"-180 ug"',
        "mine.toml, line 30: amount: got '-180 ug', expected an amount of at least 0.",
    ),
    case(
        '"180 ug"',
        "180",
        "'amount' of [[arm.dose]] 1 of 'MK-7' in mine.toml, line 30: got 180, expected an amount such as '180 ug'.",
    ),
    case(
        '"24 h"',
        '"24 mg"',
        "mine.toml, line 31: every: got '24 mg', expected a time such as '24 h'.",
    ),
    case(
        '"24 h"',
        '"0 h"',
        "mine.toml, line 28: every: got '0 h', expected a time greater than 0.",
    ),
    case(
        '"oil capsule"',
        '"oil capsul"',
        "mine.toml, line 28: unknown formulation of MK-7: got 'oil capsul', expected one of 'oil capsule', ",
        "'tablet', 'food', 'cheese' and 'nano'; the nearest is 'oil capsule'.",
    ),
    case(
        "value = 1.0",
        "value = 80",
        "'adherence' of [[arm]] 2 in mine.toml, line 26: got 80, expected a number from 0 to 1.",
    ),
    case(
        'name = "MK-7"',
        'name = "placebo"',
        "'name' of [[arm]] 2 in mine.toml, line 25: got 'placebo', expected a name that no other arm has.",
    ),
    case(
        "[1, 1]",
        "[1, 1, 1]",
        "'allocation' of [design] in mine.toml, line 16: got [1, 1, 1], expected one whole number for each of",
        " the 2 arms.",
    ),
    case(
        '"730 d", "1095 d"',
        '"1095 d", "730 d"',
        "'visits' of [design] in mine.toml, line 18: got ['0 d', '365 d', '1095 d', '730 d'], expected times ",
        "that rise.",
    ),
    case(
        '"1095 d"]',
        '"5 y"]',
        "'visits' of [design] in mine.toml, line 18: got '5 y', expected a time within the duration of '1095 ",
        "d'.",
    ),
    case(
        '"1095 d", source',
        '"0 d", source',
        "'duration' of [design] in mine.toml, line 17: got '0 d', expected a time after 0.",
    ),
    case(
        'outcome   = "pwv"',
        'outcome   = "pwvv"',
        "unknown value of 'outcome' of [[reported]] 1 in mine.toml, line 36: got 'pwvv', expected one of ",
        "'pwv'; the nearest is 'pwv'.",
    ),
    case(
        'outcome   = "pwv"',
        'outcome   = "dp_ucmgp"',
        "unit of evidence row 'knapen-2015-cfpwv-baseline-placebo', 'row' of [[reported]] 1 in mine.toml, ",
        "line 41: got 'm/s', expected 'pmol/L' for level of 'dp_ucmgp'.",
    ),
    case(
        'visit     = "0 d"',
        'visit     = "7 d"',
        "unknown value of 'visit' of [[reported]] 1 in mine.toml, line 38: got '7 d', expected one of '0 d', ",
        "'365 d', '730 d' and '1095 d'; the nearest is '730 d'.",
    ),
    case(
        'arm       = "placebo"',
        'arm       = "plazebo"',
        "unknown value of 'arm' of [[reported]] 1 in mine.toml, line 37: got 'plazebo', expected one of ",
        "'placebo' and 'MK-7'; the nearest is 'placebo'.",
    ),
    case(
        'statistic = "mean"',
        'statistic = "average"',
        "unknown value of 'statistic' of [[reported]] 1 in mine.toml, line 40: got 'average', expected one of",
        " 'mean', 'median', 'geometric mean', 'share above' and 'lowest restoring dose'.",
    ),
    case(
        'row       = "knapen-2015-cfpwv-baseline-placebo"',
        'row = "knapen-2015-cfpwv-baseline"',
        "unknown evidence row, 'row' of [[reported]] 1 in mine.toml, line 41: got 'knapen-2015-cfpwv-",
        "baseline', expected one of 'knapen-2015-cfpwv-baseline-mk7', 'knapen-2015-cfpwv-baseline-placebo' ",
        "and 'knapen-2015-cfpwv-change-mk7'; the nearest is 'knapen-2015-cfpwv-baseline-mk7'.",
    ),
    case(
        'name = "knapen-2015"',
        'name = "../elsewhere"',
        "'name' in mine.toml, line 5: got '../elsewhere', expected letters, digits, '-', '_' and '.', ",
        "starting with a letter or digit.",
    ),
    case(
        "[design]",
        "[desing]",
        "unknown key in mine.toml, line 14: got 'desing', expected one of 'name', 'title', 'seed', ",
        "'contradicts', 'note', 'population', 'design', 'arm' and 'reported'; the nearest is 'design'.",
    ),
    case(
        'blinding   = { value = "double blind", ',
        'blinding = "double" #',
        "'blinding' of [design] in mine.toml, line 15: got 'double', expected { value = ..., source = \"...\" }",
        " with a text.",
    ),
    case(
        'blinding   = { value = "double blind", ',
        'blinding   = { valeu = "double blind", ',
        "unknown key of [design.blinding] in mine.toml, line 15: got 'valeu', expected one of 'value' and ",
        "'source'; the nearest is 'value'.",
    ),
    case(
        'blinding   = { value = "double blind", ',
        "blinding   = { ",
        "'blinding' of [design] in mine.toml, line 15: got no value, expected { value = ..., source = ",
        '"..." } with a ',
        "text.",
    ),
    case(
        'value = "double blind"',
        'value = ""',
        "'blinding' of [design] in mine.toml, line 15: got '', expected a text.",
    ),
    case(
        'value = "double blind", source = "knapen-2015-cfpwv-change-mk7 knapen-2015-cfpwv-change-placebo"',
        'value = "double blind", source = "assumed:"',
        "source of 'blinding' of [design] in mine.toml, line 15: got 'assumed:', expected ids of evidence rows or ",
        "'assumed: why'.",
    ),
    case(
        'value = "double blind", source = "knapen-2015-cfpwv-change-mk7 knapen-2015-cfpwv-change-placebo"',
        'value = "double blind", source = 7',
        "source of 'blinding' of [design] in mine.toml, line 15: got 7, expected ids of evidence rows or ",
        "'assumed: why'.",
    ),
    case(
        'visits     = { value = ["0 d", "365 d", "730 d", "1095 d"]',
        "visits     = { value = [0, 365]",
        "'visits' of [design] in mine.toml, line 18: got [0, 365], expected times in brackets such as ['0 d', '1 y'].",
    ),
    case(
        "[population]\n",
        'population = "women"\n[pop]\n',
        "unknown key in mine.toml, line 10: got 'pop', expected one of 'name', 'title', 'seed', ",
        "'contradicts', 'note', ",
        "'population', 'design', 'arm' and 'reported'.",
    ),
    case(
        'of        = "level"',
        'of        = "levle"',
        "unknown value of 'of' of [[reported]] 1 in mine.toml, line 39: got 'levle', expected one of ",
        "'level', 'change', ",
        "'percent change', 'ratio', 'change per year', 'log growth', 'area', 'maximum' and 'time of maximum'; ",
        "the nearest is 'level'.",
    ),
    case(
        'statistic = "mean"',
        'statistic = "share above"',
        "'threshold' of [[reported]] 1 in mine.toml, line 35: got None, expected a level with statistic ",
        "'share above', ",
        "else nothing.",
    ),
    case(
        'statistic = "mean"',
        'statistic = "mean"\nthreshold = { value = "9 kg", source = "assumed: for a test" }',
        "'threshold' of [[reported]] 1 in mine.toml, line 41: got '9 kg', expected a level with statistic ",
        "'share above', ",
        "else nothing.",
    ),
    case(
        'statistic = "mean"',
        'statistic = "share above"\nthreshold = { value = "9 kg", source = "assumed: for a test" }',
        "'threshold' of [[reported]] 1 in mine.toml, line 41: got '9 kg', expected a quantity in m/s or a unit of the ",
        "same dimension.",
    ),
    case(
        'statistic = "mean"',
        'statistic = "mean"\ncompare = "ratio"',
        "'against' of [[reported]] 1 in mine.toml, line 35: got nothing, expected the name of the arm to compare with.",
    ),
    case(
        'statistic = "mean"',
        'statistic = "lowest restoring dose"\nagainst = "placebo"\namong = ["MK-7"]',
        "'among' of [[reported]] 1 in mine.toml, line 42: got 'MK-7', expected a quantity with its unit ",
        "such as '1 ug/d'.",
    ),
    case(
        'name = "placebo"',
        'name = "placebo"\nn = { value = 0, source = "assumed: for a test" }',
        "'n' of [[arm]] 1 in mine.toml, line 23: got 0, expected a whole number of at least 1.",
    ),
    case(
        'name = "placebo"',
        'name = "placebo"\n[arm.taking]\nwarfarine = { value = "5 mg/d", source = "assumed: for a test" }',
        "unknown antagonist, 'warfarine' of 'taking' of [[arm]] 1 in mine.toml, line 24: got 'warfarine', expected ",
        "one of 'warfarin' and 'acenocoumarol'; the nearest is 'warfarin'.",
    ),
    case(
        'name = "placebo"',
        'name = "placebo"\n[arm.taking]\nwarfarin = { value = "5 ug", source = "assumed: for a test" }',
        "mine.toml, line 24: warfarin: got '5 ug', expected a quantity in mg/d or a unit of the same dimension.",
    ),
    case(
        'name = "placebo"',
        'name = "placebo"\n[arm.taking]\nwarfarin = { value = "INR 1", source = "assumed: for a test" }',
        "mine.toml, line 24: warfarin: got 'INR 1', expected an INR above 1 such as 'INR 2.5'.",
    ),
    case(
        'name = "placebo"',
        'name = "placebo"\n[arm.eating]\nK2 = { value = "5 ug/d", source = "assumed: for a test" }',
        "unknown form, 'K2' of 'eating' of [[arm]] 1 in mine.toml, line 24: got 'K2', expected one of 'K1', 'MK-4', ",
        "'MK-7', 'MK-8' and 'MK-9'; the nearest is 'K1'.",
    ),
    case(
        'name = "placebo"',
        'name = "placebo"\n[arm.having]\nage = 60',
        "'age' of 'having' of [[arm]] 1 in mine.toml, line 24: got 60, expected { value = ..., ",
        "source = \"...\" } with a quantity such as '18 ug/d'.",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_a_wrong_file_is_answered_in_one_sentence(edited, old, new, message):
    with pytest.raises(InputError) as refusal:
        load(edited(old, new))
    assert str(refusal.value) == message


def test_a_file_without_arms_is_refused(edited):
    text = edited().read_text()
    with pytest.raises(InputError) as refusal:
        load(edited("", text[: text.index("[[arm]]")]))
    assert str(refusal.value) == "arms in mine.toml: got none, expected at least one table headed [[arm]]."


def test_outcomes_are_what_a_result_holds_and_what_instruments_read():
    known = outcomes()
    assert known["pwv"] == "m/s"
    assert known["plasma_concentration[MK-7]"] == "nmol/L"
    assert known["agatston_observed[aortic valve]"] == known["agatston[aortic valve]"] == "AU"
    assert known["dp_ucmgp_observed"] == known["dp_ucmgp"]
    assert (known["inr"], known["factor_activity[II]"], known["drug[warfarin]"]) == ("1", "1", "mg/d")
