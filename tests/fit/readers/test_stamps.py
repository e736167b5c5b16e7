"""Dates and times as testers and spreadsheets write them, in one column or two."""

import datetime

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError

READS = "g[uS]", "20", "19", "18"


@pytest.fixture
def read(tmp_path):
    def reads(cells, separator=";", heads=("when",), **options):
        lines = [separator.join([*row, g]) for row, g in zip([heads, *cells], READS, strict=True)]
        path = tmp_path / "stamps.csv"
        path.write_text("\n".join(lines))
        return fit.read(path, **options)

    return reads


@pytest.mark.parametrize(
    ("cells", "programmed"),
    [
        (["2026-11-26 02:29:19", "2026-11-26 02:29:20.5", "2026-11-27 02:29:18"], "2026-11-26 02:29:18"),
        (["26.11.2026 02:29:19", "26.11.2026 02:29:20,5", "27.11.2026 02:29:18"], "26.11.2026 02:29:18"),
        (["26.11.2026, 2:29:19", "26.11.2026, 2:29:20.5", "27.11.2026, 2:29:18"], "2026-11-26T02:29:18Z"),
        (["11/26/2026 2:29:19 AM", "11/26/2026 2:29:20.5 AM", "11/27/2026 2:29:18 am"], "11/26/2026 2:29:18 AM"),
        (["26/11/2026 02:29:19", "26/11/2026 02:29:20.5", "27/11/2026 02:29:18"], "2026-11-26 02:29:18"),
        (["26-11-2026 02:29:19", "26-11-2026 02:29:20.5", "27-11-2026 02:29:18"], "2026-11-26 02:29:18"),
        (["26-Nov-2026 02:29:19", "26-Nov-2026 02:29:20.5", "27-Nov-2026 02:29:18"], "26 Nov 2026 02:29:18"),
        (["2026/11/26 02:29:19", "2026/11/26 02:29:20.5", "2026/11/27 02:29:18"], "2026-11-26 03:29:18+01:00"),
    ],
)
def test_one_column(read, cells, programmed):
    found = read([(cell,) for cell in cells], programmed=programmed)
    np.testing.assert_allclose(found.time, [1.0, 2.5, 86400.0], rtol=1e-12)


def test_noon_and_midnight(read):
    cells = ["11/26/2026 12:00:01 AM", "11/26/2026 12:00:00 PM", "11/26/2026 1:00 PM"]
    found = read([(cell,) for cell in cells], programmed="2026-11-26")
    np.testing.assert_allclose(found.time, [1.0, 43200.0, 46800.0])
    assert ("dates", "month first") in found.source.found


def test_what_comes_first_is_told_by_the_file_or_by_the_user(read):
    cells = [("3/4/2026 12:00",), ("3/5/2026 12:00",), ("3/6/2026 12:00",)]
    with pytest.raises(ParameterError, match=r"line 2, column 'when': '3/4/2026 12:00' could be two days; "):
        read(cells, programmed="2026-03-01")
    np.testing.assert_allclose(np.diff(read(cells, programmed="2026-03-01", dates="month").time), 86400.0)
    assert np.diff(read(cells, programmed="2026-03-01", dates="day").time)[0] == pytest.approx(30 * 86400.0)
    cells[2] = ("3/26/2026 12:00",)
    assert np.diff(read(cells, programmed="2026-03-01").time)[1] == pytest.approx(21 * 86400.0)
    with pytest.raises(ParameterError, match=r"line 4, .*'3/26/2026 12:00' begins with the month, but"):
        read(cells, programmed="2026-03-01", dates="day")
    cells[0] = ("26/3/2026 12:00",)
    with pytest.raises(ParameterError, match=r"'when': the day comes first in line 2, the month in line 4"):
        read(cells, programmed="2026-03-01")
    with pytest.raises(ParameterError, match="dates must be one of day, month; got 'year'"):
        read(cells, programmed="2026-03-01", dates="year")


@pytest.mark.parametrize(
    ("cells", "heads"),
    [
        ([("26.11.2026", "02:29:19"), ("26.11.2026", "02:29:20,5"), ("27.11.2026", "02:29:18")], ("Datum", "Uhrzeit")),
        (
            [("11/26/2026", "2:29:19 AM"), ("11/26/2026", "2:29:20.5 AM"), ("11/27/2026", "2:29:18 AM")],
            ("Date", "Time"),
        ),
        ([("02:29:19", "2026-11-26"), ("02:29:20.5", "2026-11-26"), ("02:29:18", "2026-11-27")], ("Time", "Date")),
    ],
)
def test_two_columns(read, cells, heads):
    found = read(cells, heads=heads, programmed="2026-11-26 02:29:18")
    np.testing.assert_allclose(found.time, [1.0, 2.5, 86400.0], rtol=1e-12)
    assert any("were joined" in note for note in found.source.notes)
    with pytest.raises(ParameterError, match="holds times of a clock"):
        read(cells, heads=heads)


def test_two_columns_of_a_workbook_and_with_names_of_devices(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Date", "Time", "G (uS)"])
    day = datetime.date(2026, 11, 26)
    for second in (19, 20, 40):
        book.active.append([day, datetime.time(2, 29, second), 20.0 - 0.1 * second])
    book.save(tmp_path / "a.xlsx")
    found = fit.read(tmp_path / "a.xlsx", programmed="2026-11-26 02:29:18")
    assert found.time.tolist() == [1.0, 2.0, 22.0]
    (tmp_path / "b.csv").write_text(
        "Date,Time,cell,G (uS)\n2026-11-26,02:29:19,007,1\n2026-11-26,02:29:20,007,2\n2026-11-26,02:29:19,8,1\n"
    )
    assert fit.read(tmp_path / "b.csv", programmed="2026-11-26 02:29:18").names == ("007", "8")


def test_moments_that_are_not_there(read):
    cells = [("26.11.2026 02:29:19",), ("31.02.2026 02:29:20",), ("27.11.2026 02:29:18",)]
    with pytest.raises(ParameterError, match=r"line 3, column 'when': '31.02.2026 02:29:20' is no time stamp"):
        read(cells, programmed="2026-11-26")


def test_times_of_day_without_a_date(read):
    with pytest.raises(
        ParameterError, match=r"line 2, column 'time': '12:00:01' is not a number \(it is a time of day"
    ):
        read([("12:00:01",), ("12:00:02",), ("12:00:05",)], heads=("time",))
