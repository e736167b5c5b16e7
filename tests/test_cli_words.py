"""Errors in the words of the command line: options for arguments, the file and the columns that are there."""

import click
import pytest

from pcmphys.cli.spoken import called, elsewhere, spoken
from tests.command import ROOT, pcmphys

TESTERS, RRAM = ROOT / "data" / "tester-files", ROOT / "data" / "stanford-rram"
COMMAND = click.Command(
    "fit",
    params=[
        click.Argument(["file"]),
        *(click.Option([f"--{name}"]) for name in ("start", "missing", "names", "reference-time", "error", "column")),
        click.Option(["--overwrite"], is_flag=True),
    ],
)


@pytest.mark.parametrize(
    ("python", "typed"),
    [
        ("a.csv: missing='skip' leaves it out", "a.csv: --missing skip leaves it out"),
        ("start= leaves out (start=0 keeps)", "--start leaves out (--start 0 keeps)"),
        ("give them: names = ['t[s]', 'g[uS]'], one", "give them: --names 't[s],g[uS]', one"),
        ("overwrite=True replaces it", "--overwrite replaces it"),
        (
            "reference_time must be a number; reference_time is 0",
            "--reference-time must be a number; --reference-time is 0",
        ),
        ("conductance_error must hold numbers", "--error must hold numbers"),
        (
            "read_table(file, voltage='x[V]') names it (--column on the command line)",
            "--column 'voltage=x[V]' names it",
        ),
        ("column 'start=3' at a/start=3.csv", "column 'start=3' at a/start=3.csv"),
        ("law='ohmic'", "law='ohmic'"),
        ("error.csv: no row", "error.csv: no row"),
        ("start of the reads", "start of the reads"),
    ],
)
def test_arguments_are_options(python, typed):
    assert spoken(python, COMMAND) == typed
    assert spoken(python, click.Command("bare")) == python


def test_the_command_is_found():
    app = click.Group("pcmphys", commands=[click.Group("fit", commands=[click.Command("drift")])])
    assert called(app, ["fit", "drift", "x.csv"]).name == "drift"
    assert called(app, ["--help"]) is app
    assert elsewhere(app, "drift") == "fit drift"
    assert elsewhere(app, "nothing") == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("fit", "telegraph", RRAM / "telegraph.csv.gz"),
            "could be range16[S], range24[S]; --trace names its column, such as --trace range16",
        ),
        (
            ("fit", "spectrum", TESTERS / "00_plain.csv"),
            "the trace could be g1 (S), g2 (S); --trace names its column, such as --trace g1",
        ),
        (
            ("fit", "programming", TESTERS / "00_plain.csv"),
            "it has time; its other columns are g1 (S), g2 (S). --conductance 'g1 (S)'",
        ),
        (
            ("fit", "drift", TESTERS / "02_kickstart.csv", "--voltage", "0.2"),
            "--start leaves out reads before that time",
        ),
        (("fit", "drift", TESTERS / "00_plain.csv", "--out", "x.csv"), "got 'x.csv'; --csv writes a table"),
        (("drift", "x.csv"), "Did you mean: pcmphys fit drift?"),
    ],
)
def test_messages_of_the_commands(words, says, tmp_path):
    result = pcmphys(*words, folder=tmp_path)
    assert result.returncode == 2
    assert says in result.stderr
