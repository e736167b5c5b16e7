"""LabVIEW's text files, held against lvm_read where that reads them."""

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError

HEAD = """LabVIEW Measurement\t
Writer_Version\t2
Reader_Version\t2
Separator\tTab
Decimal_Separator\t{decimal}
Multi_Headings\tNo
X_Columns\t{columns}
Time_Pref\tRelative
***End_of_Header***\t

Channels\t2
Samples\t3\t3
Y_Unit_Label\tuA\tuA
X_Dimension\tTime\tTime
X0\t{start}\t{start}
Delta_X\t{step}\t{step}
***End_of_Header***\t\t
"""
ONE = "X_Value\tI1\tI2\tComment\n1.0\t2.0\t1.0\tfirst\n1.5\t1.9\t0.9\n2.0\t1.8\t0.8\n"
NO = "X_Value\tI1\tI2\tComment\n\t2.0\t1.0\n\t1.9\t0.9\n\t1.8\t0.8\n"
MULTI = "X_Value\tI1\tX_Value\tI2\tComment\n1.0\t2.0\t1.1\t1.0\n1.5\t1.9\t1.6\t0.9\n2.0\t1.8\t2.1\t0.8\n"


def written(path, columns, table, decimal="."):
    text = HEAD.format(decimal=decimal, columns=columns, start="1.0", step="0.5") + table
    if decimal == ",":
        head, mark, tail = text.partition("X0")
        text = head + mark + tail.replace(".", ",")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize(("columns", "table"), [("One", ONE), ("No", NO)])
def test_one_clock(tmp_path, columns, table, decimal):
    path = written(tmp_path / "a.lvm", columns, table, decimal)
    measured = fit.read(path, voltage=0.1)
    assert measured.source.layout == "labview-lvm"
    assert measured.names == ("I1", "I2")
    assert measured.time.tolist() == [1.0, 1.5, 2.0]
    np.testing.assert_allclose(measured.conductance, [[20e-6, 19e-6, 18e-6], [10e-6, 9e-6, 8e-6]])


def test_a_clock_for_each_channel(tmp_path):
    measured = fit.read(written(tmp_path / "a.lvm", "Multi", MULTI), voltage=0.1)
    assert not measured.common
    assert measured["I1"].time.tolist() == [1.0, 1.5, 2.0]
    assert measured["I2"].time.tolist() == [1.1, 1.6, 2.1]


def test_lvm_read_finds_the_same(tmp_path):
    lvm_read = pytest.importorskip("lvm_read")
    path = written(tmp_path / "a.lvm", "One", ONE, ",")
    data = lvm_read.read(str(path), read_from_pickle=False, dump_file=False)[0]["data"]
    measured = fit.read(path, voltage=0.1)
    np.testing.assert_allclose(measured.time, data[:, 0])
    np.testing.assert_allclose(measured.conductance, data[:, 1:3].T * 1e-5)


def test_a_word_is_no_number(tmp_path):
    path = written(tmp_path / "a.lvm", "One", ONE.replace("1.9", "oops"))
    with pytest.raises(ParameterError, match=r"a.lvm, line 20, column 'I1': 'oops' is not a number"):
        fit.read(path, voltage=0.1)


def test_a_clock_that_is_none(tmp_path):
    path = written(tmp_path / "a.lvm", "No", NO)
    path.write_text(path.read_text().replace("Delta_X\t0.5", "Delta_X\tfast"))
    with pytest.raises(ParameterError, match="the step of the clock before the table is 'fast', no number"):
        fit.read(path, voltage=0.1)
