"""The command line as a user meets it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pcmphys as pcm
from pcmphys.cli.completion import STUDIES
from pcmphys.study import KINDS
from tests.command import ROOT, heard, own_process, pcmphys, squares

TRACES = Path(__file__).parents[1] / "data" / "ibm-pcm-joshi-digitised" / "pcm_drift_traces_nodes.csv"


@pytest.mark.parametrize(
    "command", [[], ["study"], ["cells"], ["cells", "show"], ["cite"], ["data"], ["fit"], ["fit", "drift"]]
)
def test_every_command_has_help(command):
    result = pcmphys(*command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout
    assert len(command) == 0 or command == ["fit"] or "Example" in result.stdout


def test_cells_show_and_cite():
    assert "ibm-90nm-statistical" in pcmphys("cells").stdout
    shown = pcmphys("cells", "show", "ibm-90nm-statistical").stdout
    assert "assumed" in shown
    assert "trap_fastest" in shown
    assert pcmphys("cite", "hermes-14nm-statistical").stdout.startswith("@")


def test_an_error_is_one_line_without_a_traceback():
    result = pcmphys("cells", "show", "ibm-90nm-statistcal")
    assert result.returncode == 2
    assert "did you mean 'ibm-90nm-statistical'" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_study_writes_its_files_and_plain_lines_in_a_pipe(small_network, tmp_path):
    template = pcmphys("study", "--template").stdout
    settings = template.replace('network = "digits"', f'network = "{small_network}"').replace("chips = 3", "chips = 2")
    (tmp_path / "mine.toml").write_text(settings)
    result = pcmphys("study", "mine.toml", "--out", "mine", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == ["overview.png", "report.html", "results.nc"]
    assert "effective bits" in result.stdout
    lines = [line for line in result.stderr.splitlines() if not line.startswith("compiling")]
    assert lines[0].startswith("starting")
    assert lines[-2].startswith("programming and reading chips: 60 of 60 steps after")
    assert lines[-1] == "drawing the report"
    assert "\x1b" not in result.stderr


def test_the_study_of_selectors_runs_from_its_template(tmp_path):
    template = pcmphys("study", "selector-margin", "--template").stdout
    assert "NeuroSim" in template
    lines = ["sizes = [3, 4]" if line.startswith("sizes") else line for line in template.splitlines()]
    (tmp_path / "mine.toml").write_text("\n".join(lines), encoding="utf-8")
    result = pcmphys("study", "mine.toml", "--out", "mine", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == ["overview.png", "report.html", "results.nc"]
    assert "4 × 4 cells" in result.stdout
    assert "assumed: Diode(" in result.stdout


def test_a_misspelt_study_is_named():
    for options in ([], ["--template"]):
        result = pcmphys("study", "selector-margn", *options)
        assert result.returncode == 2
        assert "did you mean 'selector-margin'" in result.stderr
    assert "pcmphys study selector-margin" in pcmphys("study", "--help").stdout


def test_a_bad_study_writes_nothing(tmp_path):
    (tmp_path / "bad.toml").write_text("chip = 3\n")
    result = pcmphys("study", "bad.toml", "--out", "bad", folder=tmp_path)
    assert result.returncode == 2
    assert "did you mean 'chips'" in result.stderr
    assert not (tmp_path / "bad").exists()


def test_fit_drift_prints_the_fit_and_draws_it(tmp_path):
    options = ["--time", "t_s[s]", "--conductance", "g_c1_*[1]", "--start", 55, "--slope", 1.0, "--error", 0.007]
    result = pcmphys("fit", "drift", TRACES, *options, "--plot", tmp_path / "d.png")
    assert result.returncode == 0, result.stderr
    assert "g_c1_purple" in result.stdout
    assert (tmp_path / "d.png").stat().st_size > 10_000


def test_fit_drift_lists_every_device_and_writes_them(tmp_path):
    rows = [",".join(["time (s)", *(f"conductance{k} (uS)" for k in range(25))])]
    rows += [
        ",".join([str(t), *(f"{20 * t**-0.05 + 0.01 * ((7 * k + t) % 5):.4f}" for k in range(25))])
        for t in (1, 3, 9, 30)
    ]
    (tmp_path / "many.csv").write_text("\n".join(rows))
    short = pcmphys("fit", "drift", "many.csv", folder=tmp_path)
    assert "25 devices in all, 20 shown" in short.stdout
    assert "conductance24 " not in short.stdout
    full = pcmphys("fit", "drift", "many.csv", "--all", "--csv", "fit.csv", folder=tmp_path)
    assert full.returncode == 0, full.stderr
    assert "conductance24 " in full.stdout
    assert "because" in full.stdout
    assert len((tmp_path / "fit.csv").read_text().splitlines()) == 26


def test_fit_drift_refuses_marks_for_over_range_and_tells_of_large_conductances(tmp_path):
    text = "time (s),g1 (S),g2 (S)\n1,2e-5,{0}\n2,1.9e-5,{0}\n5,1.8e-5,{0}\n9,1.7e-5,{0}\n"
    (tmp_path / "a.csv").write_text(text.format("9.9E37"))
    result = pcmphys("fit", "drift", "a.csv", "--conductance", "g*", folder=tmp_path)
    assert result.returncode == 2
    assert "a.csv, line 2, column 'g2 (S)': 9.9E37 is above the range: a tester's mark for over-range" in result.stderr
    (tmp_path / "a.csv").write_text(text.format("5"))
    result = pcmphys("fit", "drift", "a.csv", "--conductance", "g*", folder=tmp_path)
    assert result.returncode == 0
    assert result.stderr.startswith("warning: a.csv, line 2, column 'g2 (S)': 5 S")
    assert "ValidityWarning" not in result.stderr
    # where to write is looked at before the fit
    for option, path, says in (("--plot", "x/d.png", "no folder x"), ("--csv", ".", "is a folder")):
        result = pcmphys("fit", "drift", "a.csv", "--conductance", "g*", option, path, folder=tmp_path)
        assert result.returncode == 2
        assert says in result.stderr
        assert result.stdout == ""


def test_fit_drift_names_a_missing_column():
    result = pcmphys("fit", "drift", TRACES, "--time", "t_seconds[s]", "--conductance", "g_*[1]")
    assert result.returncode == 2
    assert "t_seconds" in result.stderr
    assert "t_s" in result.stderr


def test_quantities_take_their_unit_or_none(tmp_path):
    file = tmp_path / "reads.csv"
    file.write_text("t [s],I [A]\n" + "".join(f"{t},{1e-6 * t**-0.05}\n" for t in (1, 10, 60, 100, 1e3, 1e4)))
    one = ("fit", "drift", file, "--time", "t", "--current", "I", "--error", "1e-9")
    ways = [("--voltage", "200 mV", "--start", "1 min"), ("--voltage", "0.2", "--start", "60")]
    first, second = (pcmphys(*one, *way) for way in ways)
    assert first.stdout == second.stdout
    assert "0.05" in first.stdout
    wrong = pcmphys(*one, "--start", "1 parsec")
    assert wrong.returncode == 2
    assert "--start" in wrong.stderr
    assert "must be a number [s], or one with its unit (s, ms, us" in wrong.stderr


def test_units_survive_in_the_help_and_the_version_is_told():
    text = pcmphys("fit", "drift", "--help").stdout
    assert "t[ms]" in text
    assert "g_*[uS]" in text
    assert "[ohm] or gain [V/A]" in text
    assert "--read-duration" in text
    assert pcmphys("--version").stdout.startswith("pcmphys 0.")
    assert subprocess.run([sys.executable, "-m", "pcmphys", "cells"], capture_output=True, check=False).returncode == 0


def test_the_names_offered_are_those_of_the_studies():
    assert tuple(kind.built_in for kind in KINDS) == STUDIES


SLOW = 'study = "square"\nsides = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]\npause = 1.0\n'


def started(folder):
    """The slow study in a process of its own, its first parts on disk."""
    (folder / "slow study.toml").write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.study.squares", "study", "slow study.toml", "--out", "o"],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": "2"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heard if os.name == "posix" else None,
    )  # fmt: skip
    for _ in range(600):
        if list(folder.glob("o/parts/*-0*.npz")):
            return process
        time.sleep(0.1)
    raise AssertionError(process.communicate(timeout=1))


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_control_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    process = started(tmp_path)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: what is running is finished and kept; interrupt again to stop at once" in said
    assert said.endswith(
        "interrupted: 4 of 6 parts are finished and kept; go on with: pcmphys study 'slow study.toml' --out o\n"
    )
    assert "Traceback" not in said
    assert len(list(tmp_path.glob("o/parts/*.npz"))) == 4
    again = squares("study", "slow study.toml", "--out", "o", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["report.html", "results.nc"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_control_c_twice_stops_at_once(tmp_path):
    process = started(tmp_path)
    process.send_signal(signal.SIGINT)
    for said in process.stderr:
        if "again to stop at once" in said:
            break
    process.send_signal(signal.SIGINT)
    stopped = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - stopped < 0.9
    assert process.returncode == 130
    assert "interrupted: 2 of 6 parts are finished and kept" in said


DRAWING = """
import os, signal
from pcmphys.study import report
from tests.study import squares
report.write = lambda *_: os.kill(os.getpid(), signal.SIGINT)
squares.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_control_c_while_the_report_is_drawn_keeps_the_results(tmp_path):
    (tmp_path / "drawing.py").write_text(DRAWING)
    command = [sys.executable, "drawing.py", "study", "square", "--out", "o"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    stopped = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, preexec_fn=heard
    )
    assert stopped.returncode == 130
    assert "interrupted: the results are finished and kept; go on with: pcmphys study square" in stopped.stderr
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["parts", "results.nc"]
    again = squares("study", "square", "--out", "o", folder=tmp_path)
    assert "finished before" in again.stdout
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["report.html", "results.nc"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_study_leaves_nothing_but_its_parts_and_goes_on(tmp_path):
    process = started(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    assert squares("study", "slow study.toml", "--out", "o", folder=tmp_path).returncode == 0
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["report.html", "results.nc"]


def test_a_report_that_failed_is_drawn_again_from_the_results(tmp_path):
    (tmp_path / "o" / "report.html").mkdir(parents=True)
    result = squares("study", "square", "--out", "o", folder=tmp_path)
    assert result.returncode == 2
    assert "report.html is a folder" in result.stderr
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["report.html"]
    (tmp_path / "o" / "report.html").rmdir()
    first = squares("study", "square", "--out", "o", folder=tmp_path)
    page = (tmp_path / "o" / "report.html").read_bytes()
    (tmp_path / "o" / "report.html").unlink()
    again = squares("study", "square", "--out", "o", folder=tmp_path)
    assert "results.nc\n" in first.stdout
    assert "results.nc (finished before; only the report is new)" in again.stdout
    assert (tmp_path / "o" / "report.html").read_bytes() == page


def test_the_results_of_another_study_are_kept_unless_told_otherwise(tmp_path):
    assert squares("study", "square", folder=tmp_path).returncode == 0
    (tmp_path / "other.toml").write_text('study = "square"\nsides = [9.0]')
    refused = squares("study", "other.toml", folder=tmp_path)
    assert refused.returncode == 2
    assert "pcmphys-study/results.nc holds the results of another study" in refused.stderr
    assert "--overwrite" in refused.stderr
    assert squares("study", "other.toml", "--overwrite", folder=tmp_path).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_the_interpreter_lives(small_disk, small_network, tmp_path):
    (tmp_path / "mine.toml").write_text(
        f'network = "{small_network}"\ncells = ["ibm-90nm-statistical"]\nchips = 2\ntimes = [20.0]'
    )
    kept = (
        "; 2 of 2 parts are finished and kept; once it can be written again, the same study with the same directory "
        "goes on from them"
    )
    for size, fails, more in ((220, "results.nc", kept), (40, "report.html", "")):
        (small_disk / "filler").write_bytes(bytes(1000 * size))
        result = own_process("study", "mine.toml", "--out", small_disk / "o", folder=tmp_path)
        assert result.returncode == 2, result.stderr
        assert result.stderr.splitlines()[-1] == f"error: {small_disk / 'o' / fails}: No space left on device{more}"
        assert result.stderr.count("error:") == 1
        assert "Traceback" not in result.stderr
        assert len(list(small_disk.glob("o/parts/*.npz"))) == 2
        assert not list(small_disk.rglob(".*"))
    script = f"""
import pcmphys as pcm
try:
    pcm.study.run("mine.toml", directory={str(small_disk / "o")!r})
except OSError as error:
    print("caught", error.strerror)
import gc
gc.collect()
print("alive")
"""
    (small_disk / "o" / "results.nc").unlink()
    (small_disk / "filler").write_bytes(bytes(220_000))
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert found.stdout == f"caught No space left on device{kept}\nalive\n", found
    assert found.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", [["cells"], ["cite", "ibm-90nm-statistical"], ["cells", "show", "gst225-film"]])
def test_a_full_disk_behind_the_output_is_one_line(command):
    arguments = [sys.executable, "-m", "pcmphys", *command]
    with open("/dev/full", "w") as full:
        result = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == "error: [Errno 28] No space left on device\n"


def test_a_reader_that_has_enough_is_no_error():
    command = f"{sys.executable} -m pcmphys cells show ibm-90nm-doped-gst | head -1"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert result.stderr == ""


@pytest.mark.parametrize("name", ["ibm-90nm-statistical", "ibm-90nm-doped-gst", "gst225-film"])
def test_no_number_or_source_is_cut(name):
    quantities = pcm.load_cell(name).technology.quantities
    shown = own_process("cells", "show", name, COLUMNS="80").stdout
    rows = {line.split("│")[1].strip(): line for line in shown.splitlines() if line.count("│") > 3}
    for key, quantity in quantities.items():
        for text in (", ".join(quantity.numbers), quantity.source, quantity.unit, quantity.kind):
            assert text in rows[key]
    assert "…" not in shown


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal")
def test_on_a_terminal_of_80_columns_numbers_stay_whole():
    import pty

    for name in ("ibm-90nm-statistical", "ibm-90nm-doped-gst"):
        quantities = pcm.load_cell(name).technology.quantities
        here, there = pty.openpty()
        environment = os.environ | {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}
        command = [sys.executable, "-m", "pcmphys", "cells", "show", name]
        process = subprocess.Popen(command, stdin=there, stdout=there, stderr=there, env=environment)
        os.close(there)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while content := os.read(here, 65536):
                shown += content
        os.close(here)
        assert process.wait(timeout=60) == 0
        table = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).split("└")[0]
        assert "…" not in table
        assert max(map(len, table.splitlines())) <= 80
        words = table.replace("│", " ").split()
        for quantity in quantities.values():
            for number in quantity.numbers:
                assert number in words or f"{number}," in words
            for word in quantity.source.split():
                assert word in words


HOSTILE_TITLE = "\\u001b[2J\\u001b[31mowned\\u0007"


def test_no_escape_sequence_of_a_file_reaches_the_terminal(tmp_path):
    from importlib import resources

    text = resources.files("pcmphys.parameters").joinpath("ibm-90nm-statistical.toml").read_text(encoding="utf-8")
    text = text.replace('title = "', f'title = "{HOSTILE_TITLE}', 1).replace('note = "', f'note = "{HOSTILE_TITLE}', 1)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    (tmp_path / "key.toml").write_text(f'"{HOSTILE_TITLE}" = 3')
    (tmp_path / "study.toml").write_text(f'study = "square"\ntitle = "{HOSTILE_TITLE}"')
    results = [
        pcmphys("cells", "show", "mine.toml", folder=tmp_path),
        pcmphys("cells", "show", "key.toml", folder=tmp_path),
        pcmphys("study", "key.toml", folder=tmp_path),
        squares("study", "study.toml", folder=tmp_path),
    ]
    (tmp_path / "study.toml").write_text('study = "square"')
    results.append(squares("study", "study.toml", folder=tmp_path))
    for result in results:
        assert "\x1b" not in result.stdout + result.stderr
        assert "\x07" not in result.stdout + result.stderr
    assert "\\x1b[2J" in results[0].stdout
    assert all("\\x1b[2J" in results[k].stderr for k in (1, 2, 4))


def test_a_terminal_without_our_characters_gets_the_nearest(small_network, tmp_path):
    (tmp_path / "mine.toml").write_text(
        f'network = "{small_network}"\ncells = ["ibm-90nm-statistical"]\nchips = 2\ntimes = [20.0]'
    )
    result = own_process("study", "mine.toml", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr
    assert "mean +- std of 2 chips" in result.stdout
    assert result.stdout.isascii()


@pytest.mark.parametrize("command", [["-h"], ["help"], ["help", "study"], ["help", "fit", "drift"], ["cells", "-h"]])
def test_help_is_found_where_people_look(command):
    result = pcmphys(*command)
    assert result.returncode == 0
    assert "Usage: pcmphys" in result.stdout
    assert "-h, --help" in result.stdout


def test_the_keys_of_an_own_network_are_told():
    for text in (pcmphys("study", "--help").stdout, pcmphys("study", "--template").stdout):
        for word in ("w1", "b1", "images", "labels", "calibration_images", "full_scale"):
            assert word in text
    assert pcmphys("cells", "list").stdout == pcmphys("cells").stdout


def complete(*words, folder=None):
    result = own_process(
        folder=folder, module="pcmphys", _PCMPHYS_COMPLETE="complete_bash",
        COMP_WORDS=" ".join(["pcmphys", *words]), COMP_CWORD=str(len(words)),
    )  # fmt: skip
    return result.stdout.split()


def test_completion_offers_names_and_files(tmp_path):
    (tmp_path / "mine.toml").write_text("")
    assert complete("study", "", folder=tmp_path) == [
        "digits",
        "selector-margin",
        "design-space",
        "layers",
        "chip",
        "chip-scale",
        "training",
        "mine.toml",
    ]
    assert complete("study", "s", folder=tmp_path) == ["selector-margin"]
    assert complete("cells", "show", "her") == ["hermes-14nm-statistical"]
    assert complete("cite", "ibm-90nm-d") == ["ibm-90nm-doped-gst"]


@pytest.mark.skipif(os.name != "posix", reason="times of child processes")
@pytest.mark.parametrize(("command", "seconds"), [(["study", ""], 0.3), (["cells", "show", "ibm"], 0.3), (["-h"], 0.5)])
def test_completion_and_help_answer_at_once(command, seconds):
    import resource

    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    times = []
    for _ in range(3):
        before = spent()
        own_process(*command) if command == ["-h"] else complete(*command)
        times.append(spent() - before)
    assert min(times) < seconds


TESTERS = ROOT / "data" / "tester-files"


def test_data_shows_what_was_recognised(tmp_path):
    result = pcmphys("data", TESTERS / "01_b1500_sampling.csv", "--plot", tmp_path / "reads.png")
    assert result.returncode == 0
    assert (tmp_path / "reads.png").stat().st_size > 10_000
    said = result.stdout.splitlines()
    assert "layout     keysight-easyexpert" in said
    assert "           I1      current      A   (unit by layout keysight-easyexpert)" in said
    assert "           read voltage = 0.2 V   (by lines before the table)" in said
    assert "devices    2 devices, 12 reads from 1 s to 5000 s; 4.04737 uS to 20 uS" in said
    assert said[-1] == f"figure     {tmp_path / 'reads.png'}"


def test_data_shows_what_it_understood_of_a_file_that_it_refuses():
    result = pcmphys("data", TESTERS / "02_kickstart.csv", "--voltage", "0.2")
    assert result.returncode == 2
    assert "           SMU-1 Current (A)  current      A   (unit by header)" in result.stdout
    assert "line 8, column 'SMU-1 Time (s)': time 0 s is not after programming" in result.stderr
    assert result.stderr.count("\n") == 1


def test_data_takes_every_option_of_the_reader():
    from pcmphys.cli.data import DataOptions
    from pcmphys.cli.fit import DriftOptions
    from pcmphys.fit.readers.options import ReadOptions

    own = {"file", "files", "layout", "plot", "column", "columns"}
    for options in (DataOptions, DriftOptions):
        names = {part.name for part in dataclasses.fields(options)} - own
        assert names >= set(ReadOptions.__annotations__)
    assert {part.name for part in dataclasses.fields(DataOptions)} - own == set(ReadOptions.__annotations__)
    options = ["--names", "device,time[s],R[ohm],g[S]", "--conductance", "g", "--device", "device", "--floor", "9 uS"]
    result = pcmphys("data", TESTERS / "08_long_headerless.tsv", *options, "--censored", "skip")
    assert result.returncode == 0
    assert "12 reads below the floor (censored)" in result.stdout


@pytest.mark.parametrize(
    ("command", "count"),
    [
        ("data", 3),
        ("fit drift", 2),
        ("fit spectrum", 2),
        ("fit telegraph", 1),
        ("fit retention", 1),
        ("fit cell", 1),
        ("look", 1),
    ],
)
def test_the_examples_in_the_help_run(command, count, tmp_path):
    text = pcmphys(*command.split(), "--help").stdout
    examples = re.findall(rf"Example:  pcmphys ({command} [^│]*?)(?:\n\s*\n|\n *Example|$)", text)
    assert len(examples) == count
    written = []
    for example in examples:
        words = shlex.split(example)
        for k, word in enumerate(words):
            if word in ("--plot", "--out"):
                written.append(tmp_path / words[k + 1])
                words[k + 1] = str(written[-1])
        result = pcmphys(*words, folder=ROOT)
        assert result.returncode == 0, result.stderr
    assert written
    assert all(path.stat().st_size > 1000 for path in written)
    for cell in tmp_path.glob("*.toml"):
        assert re.search("pcmphys, (fit|calibration) of", pcmphys("cells", "show", cell).stdout)
