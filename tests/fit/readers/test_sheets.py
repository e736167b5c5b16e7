"""Workbooks, TDMS files and data frames; formulas and macros are never run."""

import datetime
import sys
import zipfile

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError

openpyxl = pytest.importorskip("openpyxl")
nptdms = pytest.importorskip("nptdms")
pandas = pytest.importorskip("pandas")

TIME = [1.0, 2.0, 5.0]
READS = [[20.0, 19.0, 18.0], [10.0, 9.0, 8.0]]
ROWS = [["time (s)", "a (uS)", "b (uS)"], *map(list, zip(TIME, *READS, strict=True))]


@pytest.fixture
def book(tmp_path):
    def write(sheets, name="tester.xlsx"):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append(row)
        made.save(tmp_path / name)
        return tmp_path / name

    return write


def expected(measured):
    np.testing.assert_allclose(measured.time, TIME)
    np.testing.assert_allclose(measured.conductance, np.array(READS) * 1e-6, rtol=1e-12)


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        [["Tester 7"], ["Date", datetime.date(2024, 5, 17)], [], *ROWS],
        [["time", "a", "b"], ["s", "µS", "µS"], [], *ROWS[1:]],
        [[*ROWS[0], None], *[[*row, None] for row in ROWS[1:]], [None, None, None]],
    ],
)
def test_a_sheet(book, rows):
    measured = fit.read(book({"Sheet1": rows}))
    expected(measured)
    assert measured.source.found[0] == ("kind", "Excel workbook")


def test_several_sheets(book):
    path = book({"notes": [["hello"]], "reads": ROWS, "empty": []})
    with pytest.raises(ParameterError, match="has the sheets notes, reads; say which: table='notes'"):
        fit.read(path)
    expected(fit.read(path, table="reads"))
    expected(fit.read(path, table=2))
    with pytest.raises(
        ParameterError, match="table must be one of notes, reads, empty; got 'read'; did you mean 'reads'"
    ):
        fit.read(path, table="read")
    with pytest.raises(ParameterError, match="every sheet is empty"):
        fit.read(book({"a": [], "b": []}))


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (None, "row 3, column 'b .uS.' is blank .1 of 6 reads are missing.; missing='skip'"),
        ("#N/A", "row 3, column 'b .uS.' holds '#N/A', a mark for no reading"),
        ("OVERFLOW", "row 3, column 'b .uS.': OVERFLOW is above the range"),
        ("9,5", "row 3, column 'b .uS.': '9,5' is not a number .*decimal point, not a comma"),
        (True, "row 3, column 'b .uS.': 'True' is not a number"),
        (datetime.datetime(2024, 5, 17), "row 3, column 'b .uS.': '2024-05-17 00:00:00' is not a number"),
        (datetime.timedelta(seconds=5), "row 3, column 'b .uS.': '.*' is not a number"),
        (
            "=B3/2",
            "row 3, column 'b .uS.' holds the formula '=B3/2', whose value was never stored .formulas are not run",
        ),
    ],
)
def test_faults_in_cells(book, cell, says):
    rows = [list(row) for row in ROWS]
    rows[2][2] = cell
    with pytest.raises(ParameterError, match=f"tester.xlsx, sheet 'Sheet1', {says}"):
        fit.read(book({"Sheet1": rows}))


def test_a_row_that_is_too_long(book):
    rows = [list(row) for row in ROWS]
    rows[2].append(7.0)
    with pytest.raises(ParameterError, match="row 3: 4 fields where the header has 3"):
        fit.read(book({"Sheet1": rows}))


def test_stored_values_of_formulas_are_read_and_counted(book):
    rows = [list(row) for row in ROWS]
    rows[2][2] = "=B3-10"
    path = book({"Sheet1": rows})
    stored = path.with_name("stored.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stored, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):  # as a spreadsheet saves it, whatever the formula would give
                assert b"<f>B3-10</f><v></v>" in content or b"<f>B3-10</f><v />" in content
                content = content.replace(b"<v />", b"<v>9</v>").replace(b"<v></v>", b"<v>9</v>")
            new.writestr(name, content)
        new.writestr("xl/vbaProject.bin", b"Sub Auto_Open()")
    measured = fit.read(stored)
    expected(measured)
    assert measured.source.notes == (
        "1 cells are formulas: the values stored with them were read, none was run",
        "the workbook holds macros, which were not run",
    )


def test_a_size_that_is_wrong_and_rows_with_gaps(book):
    rows = [["a tester"], [], [], *ROWS]
    path = book({"Sheet1": rows})
    wrong = path.with_name("wrong.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(wrong, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                assert b'<dimension ref="A1:C7"' in content
                content = content.replace(b'<dimension ref="A1:C7"', b'<dimension ref="A1"')
            new.writestr(name, content)
    expected(fit.read(wrong))
    with pytest.raises(ParameterError, match=r"row 6, column 'b .uS.': 9 is below the floor"):
        fit.read(wrong, floor="9.5 uS", ceiling="1 mS")


def test_stamps_in_a_workbook(book):
    start = datetime.datetime(2024, 5, 17, 12)
    rows = [["when", "a (uS)"], *[[start + datetime.timedelta(seconds=t), g] for t, g in zip(TIME, READS[0])]]
    measured = fit.read(book({"Sheet1": rows}), programmed="2024-05-17 12:00")
    np.testing.assert_allclose(measured.time, TIME)


def test_archives_that_are_no_workbook(tmp_path):
    for member, says in (("a.csv", "a zip archive, not a workbook"), ("content.xml", "an OpenDocument sheet")):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(member, "1,2")
        with pytest.raises(ParameterError, match=says):
            fit.read(tmp_path / "a.zip")


@pytest.mark.parametrize(("module", "kind"), [("openpyxl", "an Excel workbook"), ("nptdms", "a TDMS file")])
def test_readers_that_are_not_installed(book, tdms, monkeypatch, module, kind):
    path = book({"Sheet1": ROWS}) if module == "openpyxl" else tdms([("a", READS[0], {})])
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ParameterError, match=rf'{kind} is read by .*not installed: pip install "pcmphys\[readers\]"'):
        fit.read(path)


@pytest.fixture
def tdms(tmp_path):
    def write(channels, *others):
        path = tmp_path / "tester.tdms"
        with nptdms.TdmsWriter(path) as writer:
            objects = [nptdms.ChannelObject("reads", n, np.array(v), properties=p) for n, v, p in channels]
            writer.write_segment([*objects, *others])
        return path

    return write


def test_channels(tdms):
    unit = {"unit_string": "uS"}
    expected(fit.read(tdms([("t", TIME, {"unit_string": "s"}), ("a", READS[0], unit), ("b", READS[1], unit)])))
    expected(
        fit.read(tdms([("t", TIME, {}), ("a", READS[0], {}), ("b", READS[1], {})]), time="t[s]", conductance="?[uS]")
    )


def test_a_file_that_was_cut_off(tdms, caplog, capfd):
    path = tdms([("t", TIME, {"unit_string": "s"}), ("a", READS[0], {"unit_string": "uS"})])
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ParameterError, match=r"tester\.tdms is damaged or was cut off .Last segment of file"):
        fit.read(path)
    assert not caplog.records
    assert capfd.readouterr().err == ""


def test_the_clock_of_waveforms(tdms):
    wave = {"unit_string": "uA", "wf_increment": 0.5, "wf_start_offset": 1.0}
    measured = fit.read(tdms([("a", READS[0], wave), ("b", READS[1], wave)]), voltage=0.1)
    assert measured.time.tolist() == [1.0, 1.5, 2.0]
    np.testing.assert_allclose(measured.conductance[0], [200e-6, 190e-6, 180e-6])
    assert ("clock", "of the waveforms: from 1 s in steps of 0.5 s") in measured.source.found


def test_groups(tdms):
    unit = {"unit_string": "uS"}
    channels = [("t", TIME, {"unit_string": "s"}), ("a", READS[0], unit)]
    other = nptdms.ChannelObject("other", "x", np.arange(3.0))
    with pytest.raises(ParameterError, match="has the groups other, reads; say which: table='other'"):
        fit.read(tdms(channels, other))
    assert len(fit.read(tdms(channels, other), table="reads")) == 1
    with pytest.raises(ParameterError, match=r"channels of different lengths .t 3, a 2."):
        fit.read(tdms([("t", TIME, {}), ("a", READS[0][:2], unit)]))


def test_data_frames():
    frame = pandas.DataFrame({"time (s)": TIME, "a (uS)": READS[0], "b (uS)": READS[1]})
    expected(fit.read(frame))
    expected(fit.read(frame.rename(columns=lambda name: name[:1]), time="t[s]", conductance=["a[uS]", "b[uS]"]))
    frame = frame.astype("Float64")
    frame.iloc[1, 2] = pandas.NA
    with pytest.raises(ParameterError, match=r"the DataFrame, row 1, column 'b .uS.' is blank"):
        fit.read(frame)
    assert np.isnan(fit.read(frame, missing="skip")["b"].conductance[1])
    with pytest.raises(ParameterError, match="the DataFrame is empty"):
        fit.read(pandas.DataFrame())


def test_data_frames_in_long_form_with_stamps():
    frame = pandas.DataFrame({
        "device": ["x", "x", "y", "y"],
        "when": pandas.to_datetime(["2024-05-17 12:00:01", "2024-05-17 12:00:02"] * 2),
        "R (kohm)": [50, 52, 100, 105],
    })  # fmt: skip
    measured = fit.read(frame, programmed="2024-05-17 12:00:00")
    assert measured.names == ("x", "y")
    assert measured.time.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(measured.conductance[1], [1e-5, 1 / 105e3])
