"""Files that cannot be read as they are: each is said in plain words, with file, row, column and what to do."""

import gzip
import pathlib

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError
from pcmphys.fit import memory

WIDE = "time (s),a (uS),b (uS)\n1,20,10\n2,19,9\n5,18,8\n"


@pytest.fixture
def read(tmp_path):
    def of(content, name="tester.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return fit.read(path, **options)

    return of


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "tester.csv is empty$"),
        (b" \n\t\n", "tester.csv is empty: nothing but blanks"),
        (b"\xff\xfe", "tester.csv is empty"),
        (b"\x89PNG\r\n\x1a\n12345", "is a picture .PNG.; export the numbers as CSV"),
        (b"%PDF-1.7 12345", "is a PDF; export the table as CSV"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old",
            "is an old Excel workbook .* or one with a password; save it as .xlsx",
        ),
        (b"\x93NUMPY\x01\x00 abc", "a numpy file; open it with numpy.load and pass a pandas DataFrame"),
        (b"\x89HDF\r\n\x1a\n 1,2", "is HDF5"),
        (np.arange(100.0).tobytes(), "binary, not a table of text: it holds zero bytes; export the data as CSV"),
        (b"time,g\x01\x02\n1,2\n", "binary, not a table of text: 2 control characters"),
        (b"time (s),g (S)\n1,\x81\x8d\n", "line 2: byte 17 is neither UTF-8 nor Windows-1252; save the file as UTF-8"),
        (b"PK\x03\x04 nothing", "a damaged workbook or archive"),
        (b"TDSm" + bytes(range(14, 30)) + b"nothing" * 9, "is damaged or was cut off"),
        (gzip.compress(WIDE.encode(), mtime=0)[:-12], "packed by gzip, but damaged"),
        (b"\xef\xbb\xbf\xff\xfetime", "begins as UTF-8 with byte-order mark but breaks at byte"),
    ],
)
def test_binary_empty_and_damaged_files(read, content, says):
    with pytest.raises(ParameterError, match=says):
        read(content)


def test_paths_that_are_no_file(tmp_path, read):
    with pytest.raises(ParameterError, match=r"cannot read .*nothing.csv: No such file"):
        fit.read(tmp_path / "nothing.csv")
    with pytest.raises(ParameterError, match="is a folder; give one file"):
        fit.read(tmp_path)
    with pytest.raises(ParameterError, match="no file can have that name"):
        fit.read("a\0b")
    with pytest.raises(ParameterError, match="file must be a path or a pandas DataFrame; got a list"):
        fit.read([1, 2])


def test_huge_files_are_refused_before_they_are_read(read, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1000.0)
    with pytest.raises(
        ParameterError, match=r"tester.csv holds 1e-07 GB|holds .* GB; .* 12 times as much memory.*divide"
    ):
        read(WIDE * 2)
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    bomb = gzip.compress(b"0" * 1_000_000)
    assert len(bomb) < 5000
    with pytest.raises(ParameterError, match="12 times as much memory"):
        read(bomb)


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        # the table
        ("time (s)\n1\n2\n", {}, "has one column of numbers; needed are a column of times and one of conductances"),
        ("nothing here\nat all\n", {}, "no table found: no line holds numbers in two columns"),
        ("time (s),g (S)\n", {}, "must hold a header line and at least one row; it has one line"),
        ("1,2e-5\n2,1.9e-5\n", {}, r"line 1: no line with the names of the columns .*names = \['device', 'time"),
        (
            WIDE.replace("19,9", "19"),
            {},
            "line 3: 2 fields where the header has 3: 'b .uS.' and what follows it are not",
        ),
        (
            WIDE.replace("19,9", "19,9,7"),
            {},
            "line 3: 4 fields where the header has 3; every row needs one for each column",
        ),
        (
            WIDE.replace("19,9", '19,"9'),
            {},
            "line 3: unexpected end of data; a quote that opens must close in the line",
        ),
        (WIDE, {"names": ["t[s]", "g[S]"]}, "names must name each of the 3 columns .*; got 2"),
        (WIDE, {"table": 2}, "table=2, but without a layout only the first table is found"),
        (WIDE, {"table": "two"}, "table must be the number of a table in a text"),
        # columns
        (WIDE, {"time": "tme"}, r"no time column 'tme'; the columns are time .s., a .uS., b .uS.; did you mean 'time'"),
        (WIDE, {"conductance": ["a", "c"]}, "no conductance column 'c'"),
        (WIDE, {"conductance": []}, "conductance must name at least one column"),
        (WIDE, {"conductance": [3]}, "conductance must name a column as text, such as 'name.unit.'; got 3"),
        (WIDE, {"conductance": "a", "current": "b[A]"}, "'b .uS.' has the unit 'uS'; a current is in A, mA"),
        (WIDE.replace("a (uS)", "b (uS)"), {}, r"the column 'b' is there 2 times .columns 2 and 3.; give each its own"),
        ("time (s),g1,g2 (uS)\n1,2,3\n2,3,4\n", {}, "column 'g1' has no unit, while 'g2 .uS.' has; give it one"),
        ("time (s),R (ohm),g (S)\n1,5e4,2e-5\n2,5e4,2e-5\n", {}, "columns of different kinds .conductance: g .S.; res"),
        ("t1 (s),t2 (s),g (S)\n1,2,3\n2,3,4\n", {}, "2 columns of times .t1 .s., t2 .s.. .*time='t1 .s.'"),
        ("n,g (S)\n1,2\n2,3\n", {}, r"no column of times; the columns are n, g .S.\. Declare it with its unit"),
        ("die,time (s),a (S),b (S)\nx,1,2,3\nx,2,3,4\n", {"device": "die"}, "with a device column .die. there is one"),
        (
            "die,time (s),a (uS)\nx,1,2\nx,2,3\n,3,4\n",
            {},
            "line 4, column 'die' is blank; the name of a device belongs there",
        ),
        # units
        (WIDE, {"time": "time[ms]"}, "column 'time .s.' is in s by its header but declared in ms"),
        (WIDE, {"conductance": "*[S]"}, "column 'a .uS.' is in uS by its header but declared in S"),
        (WIDE, {"conductance": "a[uX]"}, "the unit must be one of S, mS, uS, nS, 1 .normalised.; got 'uX'"),
        (WIDE.replace("uS", "uX"), {}, "column 'a .uX.' has the unit 'uX', which is not known; a conductance is in S"),
        (WIDE.replace("uS", "a.u."), {}, "'a.u.', which is not known; .* 1 .normalised."),
        (
            WIDE.replace("(s)", ""),
            {},
            r"column 'time' has no unit; declare it, such as time='time\[s\]' .s, ms, us, ns",
        ),
        (WIDE.replace("uS", "MS"), {}, "unit 'MS', which is not known"),
        (
            WIDE.replace("uS", "kOhm"),
            {"conductance": "*"},
            "'kOhm'; a conductance is in .*: it is a resistance; declare",
        ),
        (WIDE.replace("uS", "mV"), {"current": "?"}, "is in mV, but declared a current; shunt= gives the resistance"),
        (
            "t (s),g\n1,20 uS\n2,19 nS\n",
            {"conductance": "g"},
            "line 3, column 'g': '19 nS' is in nS, while the column is in uS",
        ),
        (
            "t (s),g (uS)\n1,20 uS\n2,19 nS\n",
            {},
            "line 3, column 'g .uS.': '19 nS' is in nS, while the column is in uS",
        ),
        (
            "t (s),g\n1,20 uS\n2,19\n",
            {"conductance": "g"},
            "line 3, column 'g': '19' has no unit, while line 2 is in uS",
        ),
        # cells
        (WIDE.replace("19", "nineteen"), {}, "line 3, column 'a .uS.': 'nineteen' is not a number"),
        (WIDE.replace("19", "1_9"), {}, "'1_9' is not a number"),
        (WIDE.replace("19", "=B2/2"), {}, "'=B2/2' is not a number .formulas are not run"),
        (WIDE.replace("19", "True"), {}, "'True' is not a number"),
        (
            WIDE.replace(",", ";").replace("19", "19,5").replace("20", "20.5"),
            {},
            "decimal comma in line 3 and a decimal point in line 2",
        ),
        (WIDE.replace(",", ";").replace("20", "1.234,5"), {}, "line 2: '1.234,5' divides thousands"),
        (
            WIDE.replace(",", ";").replace("20", "1,234"),
            {},
            "line 2: its commas may be decimal or divide thousands; say which",
        ),
        # resistances and currents
        (WIDE.replace("uS", "ohm").replace("19", "0"), {}, "line 3, column 'a .ohm.': a resistance of zero is a short"),
        (WIDE.replace("uS", "uA"), {}, "'a .uA.' is a current, and the read voltage is not in the file; declare it"),
        (
            "t (s),V (V),I (A)\n1,0.2,1e-6\n2,0,1e-6\n",
            {},
            "line 3, column 'I .A.': a current read at 0 V has no conductance",
        ),
        (
            "t (s),V1 (V),V2 (V),a (A),b (A),c (A)\n1,1,1,1,1,1\n2,1,1,1,1,1\n",
            {},
            "2 columns of voltages for 3 of currents",
        ),
    ],
)
def test_faults_are_named(read, text, options, says):
    with pytest.raises(ParameterError, match=says):
        read(text, **options)


def test_a_header_is_as_wide_as_its_rows(read):
    with pytest.raises(ParameterError, match="line 2: 3 fields where the header has 2; every row needs one for each"):
        read(WIDE.replace(",b (uS)", ""))
    with pytest.raises(ParameterError, match="line 3: no line with the names of the columns before the first row"):
        read("Setup,of the day\nDuration (s),long\n1,20,10,5\n2,19,9,4\n")
    with pytest.raises(ParameterError, match="line 2: no line with the names of the columns before the first row"):
        read("# time (s),g (uS)\n1,20,10\n2,19,9\n")


def test_a_thousand_rows_down_a_fault_is_still_found(read):
    rows = [f"{k};{20 + k / 7:.6f}" for k in range(1, 3001)]
    rows[2501] = rows[2501].replace(".", ",")
    with pytest.raises(
        ParameterError, match=r"line 2503, column 'g .uS.': .* is not a number .*decimal point, not a comma"
    ):
        read("time (s);g (uS)\n" + "\n".join(rows))
    rows[2501] = "2502;12;13"
    with pytest.raises(ParameterError, match="line 2503: 3 fields where the header has 2"):
        read("time (s);g (uS)\n" + "\n".join(rows))


def test_units_in_cells_agree_with_each_other(read):
    measured = read("t (s),g\n1,20 uS\n2,19uS\n5,OVER\n", conductance="g", censored="skip")
    np.testing.assert_allclose(measured.conductance, [[20e-6, 19e-6, np.nan]])
    assert read("t,R\n1 s,50 kOhm\n2 s,55 kOhm\n", time="t", resistance="R").time.tolist() == [1.0, 2.0]


def test_rows_of_numbers_behind_the_end_of_a_layout_are_not_lost(read):
    text = 'Common,,\n.NPLC,1,\n"Index","Time (s)","Current (A)"\n"1","1","2E-6"\n"2","2","1E-6"\n\n"3","5","1E-6"\n'
    with pytest.raises(ParameterError, match="line 7 holds a row of numbers, but the layout keithley-kickstart ended"):
        read(text, voltage=0.2)


def test_two_tables_in_a_file(read):
    block = "SetupTitle, x\nDataName, Time, I1\nDataValue, 1, 2e-6\nDataValue, 2, 1e-6\n"
    with pytest.raises(
        ParameterError, match=r"holds 2 tables .headers in lines 2, 6.; say which: table=1 is the first"
    ):
        read(block * 2, voltage=0.2)
    second = block.replace("2e-6", "4e-6")
    assert read(block + second, voltage=0.2, table=2).conductance[0, 0] == pytest.approx(2e-5)
    with pytest.raises(ParameterError, match=r"table must be within \[1, 2\]; got 3"):
        read(block * 2, voltage=0.2, table=3)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("start", [b"", b"t[s],g[S]\n1,2\n" * 50])
def test_a_huge_binary_file_is_not_read_whole(tmp_path, monkeypatch, packed, start):
    content = start + bytes(range(256)) * 4000
    path = tmp_path / "data.csv"
    path.write_bytes(gzip.compress(content) if packed else content)
    monkeypatch.setattr(pathlib.Path, "read_bytes", lambda self: pytest.fail("it was read whole"))
    with pytest.raises(ParameterError, match=r"data\.csv is binary, not a table of text"):
        fit.read(path)
