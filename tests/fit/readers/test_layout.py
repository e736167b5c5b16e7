"""Layouts are data: shipped, or a user's own, and what is wrong with one is said."""

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError
from pcmphys.fit.readers import layout as layouts

MINE = """
name = "mine"
title = "our probe station"
recognise = ['^PROBE']

[table]
separator = ";"
decimal = ","
header = '^NAMES;'
rows = '^DATA;'
skip = 1

[columns]
time = "Elapsed[ms]"
current = "I*[nA]"
device = ["die", "cell"]

[lines]
voltage = '^Vread=(.*)$'

[policies]
missing = "skip"
"""
FILE = """PROBE 3000
Vread=0.1
NAMES;die;cell;Elapsed;I1
DATA;A;007;1000;1000,0
DATA;A;007;2000;
DATA;B;1;1000;500,0
DATA;B;1;2000;400,0
REMARK;nothing;more;0;0
"""


@pytest.fixture
def mine(tmp_path):
    def write(text=MINE):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "reads.dat"
    path.write_text(FILE)
    return path


def test_a_layout_of_ones_own(file, mine):
    measured = fit.read(file, mine())
    assert measured.names == ("A/007", "B/1")
    assert measured.time.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(measured.conductance, [[1e-5, np.nan], [5e-6, 4e-6]])
    said = {one.what: (one.value, one.by) for one in measured.source.declared}
    assert said["current"] == ("I*[nA]", "layout mine")
    assert said["missing"] == ("skip", "layout mine")
    assert said["read voltage"] == ("0.1 V", "lines before the table")
    assert dict(measured.source.counts) == {"missing reads skipped": 1}
    assert measured.source.notes == ("1 lines behind the header are no rows (layout mine)",)


def test_the_caller_has_the_last_word(file, mine):
    measured = fit.read(file, mine(), current="I1[uA]")
    assert measured.conductance[1, 0] == pytest.approx(5e-3)
    assert ("current", "I1[uA]", "the caller") in measured.source.declared
    with pytest.raises(ParameterError, match="line 5, column 'I1' is blank"):
        fit.read(file, mine(), missing="refuse")
    # another quantity than the layout's is meant alone
    assert fit.read(file, mine(), conductance="I1[nS]").conductance[1, 0] == pytest.approx(500e-9)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "[columns]\ntime",
            "[columns]\ntiem",
            r"unknown key 'tiem' in \[columns\]; known are time, .*did you mean 'time'",
        ),
        ("[policies]", "[polices]", "unknown key 'polices'; known are name, .*did you mean 'policies'"),
        ('name = "mine"', "", "the key 'name' is missing"),
        ('missing = "skip"', 'missing = "skp"', "policies.missing: Input should be 'refuse' or 'skip'; got 'skp'"),
        ('separator = ";"', 'separator = "|"', "table.separator: .*got '|'"),
        ("'^DATA;'", "'^DATA('", "a pattern is no regular expression"),
        ("['^PROBE']", "['PROBE(']", "recognise: is no regular expression"),
        ("skip = 1", "skip = one", "not valid TOML"),
    ],
)
def test_faults_of_a_layout(file, mine, old, new, says):
    assert old in MINE
    with pytest.raises(ParameterError, match=f"mine.toml: {says}"):
        fit.read(file, mine(MINE.replace(old, new)))


def test_layouts_that_there_are_not(file, tmp_path):
    with pytest.raises(
        ParameterError, match=r"layout must be one of plain, .*got 'oscilloskop'; did you mean 'oscilloscope'"
    ):
        fit.read(file, "oscilloskop")
    with pytest.raises(ParameterError, match=r"layout: cannot read .*none.toml: No such file"):
        fit.read(file, tmp_path / "none.toml")
    with pytest.raises(ParameterError, match="layout must be a name or the path of a TOML file; got a int"):
        fit.read(file, 3)
    with pytest.raises(
        ParameterError, match=r"the layout oscilloscope begins its table with a line like '.x-axis,', and none"
    ):
        fit.read(file, "oscilloscope")


def test_shipped_layouts_are_well_formed():
    found = layouts.shipped()
    assert list(found) == ["plain", "keithley-kickstart", "keysight-easyexpert", "labview-lvm", "oscilloscope"]
    assert all(one.title and (one.recognise or name == "plain") for name, one in found.items())


def test_the_schema_in_the_docstring_is_the_schema(file, mine):
    text = layouts.__doc__.partition("::\n")[2]
    example = "\n".join(line[4:] for line in text.splitlines())
    found = layouts.layout(mine(example))
    for part in ("table", "columns", "lines", "policies"):
        shown = set(getattr(found, part).model_dump(exclude_unset=True))
        alternatives = {"resistance", "current"} if part == "columns" else set()
        missing = set(type(getattr(found, part)).model_fields) - shown - alternatives
        assert part == "policies" or not missing


def test_a_headerless_file_by_its_layout(tmp_path, mine):
    path = tmp_path / "plain.txt"
    path.write_text("1 20 10\n2 19 9\n")
    names = 'name = "mine"\n[table]\nnames = ["t[s]", "a[uS]", "b[uS]"]\n'
    measured = fit.read(path, mine(names))
    np.testing.assert_allclose(measured.conductance, [[20e-6, 19e-6], [10e-6, 9e-6]])
    assert ("header", "none, names declared") in measured.source.found
