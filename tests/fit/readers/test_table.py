import pathlib

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError, ValidityWarning

MEASURED = pathlib.Path(__file__).parents[3] / "data" / "ibm-pcm-joshi-digitised" / "pcm_drift_traces_nodes.csv"


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8", **options):
        path = tmp_path / "tester.csv"
        path.write_bytes(text.encode(encoding))
        return fit.read_drift(path, **options)

    return write


WIDE = "time[ms],a (uS),b (uS)\n1,20,10\n2,19,9\n5,18,8\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_wide(table, separator, newline, encoding):
    text = ("# tester 7\n\n" + WIDE).replace(",", separator).replace("\n", newline)
    got = table(text, encoding, conductance=["b", "a"])
    assert got.names == ("b", "a")
    assert got.unit == "S"
    np.testing.assert_allclose(got.time, [1e-3, 2e-3, 5e-3])
    np.testing.assert_allclose(got.conductance, [[10e-6, 9e-6, 8e-6], [20e-6, 19e-6, 18e-6]])


def test_long(table):
    text = "cell,time (min),g [µS]\nx1,1,20\nx1,2,19\nx2,1,10\nx2,2,9\n"
    got = table(text, conductance="g", device="cell")
    assert got.names == ("x1", "x2")
    np.testing.assert_allclose(got.time, [60.0, 120.0])
    np.testing.assert_allclose(got.conductance[1], [10e-6, 9e-6])
    with pytest.raises(ParameterError, match=r"line 4.*'x2' was not read at the times of 'x1'"):
        table(text.replace("x2,1", "x2,0.5"), conductance="g", device="cell")
    with pytest.raises(ParameterError, match="did you mean 'cell'"):
        table(text, conductance="g", device="cel")
    with pytest.raises(ParameterError, match=r"line 3, column 'cell' is blank"):
        table(text.replace("x1,2", ",2"), conductance="g", device="cell")


def test_the_measured_traces():
    got = fit.read_drift(MEASURED, time="t_s[s]", conductance="g_*[1]", blank="missing")
    assert got.conductance.shape == (8, 103)
    assert got.unit == "1"
    fitted = fit.drift(got, start=55.0, conductance_error=0.007, missing="skip")
    # least squares of ln G in SOURCE.md, and its white standard error, which is too small
    plain = {"c1_purple": 0.0354, "c2_lightblue": 0.0250, "c3_blue_hi": 0.0383, "c4_green": 0.0369}
    plain |= {"c5_yellow": 0.0404, "c6_orange": 0.0054}
    for name, exponent in plain.items():
        one = fitted[f"g_{name}"]
        assert abs(one.exponent - exponent) < 2 * one.exponent_error
        assert one.exponent_error > 0.003
    # with a spectrum of exactly 1/f the curve stays as close to the reads as that of least squares
    flat = fit.drift(got, start=55.0, conductance_error=0.007, missing="skip", noise_slope=1.0)
    for name, exponent in plain.items():
        assert flat[f"g_{name}"].exponent == pytest.approx(exponent, abs=0.004)


def test_a_blank_is_an_error_unless_declared(table):
    text = WIDE.replace("19,9", "19,")
    with pytest.raises(ParameterError, match=r"tester.csv, line 3, column 'b \(uS\)' is blank"):
        table(text, conductance="*")
    assert np.isnan(table(text, conductance="*", blank="missing").conductance[1, 1])


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (WIDE, {"time": "tme"}, r"no time column 'tme'; the columns are time\[ms\], a \(uS\).*did you mean 'time'"),
        (WIDE, {"conductance": ["a", "c"]}, "no conductance column 'c'"),
        (WIDE, {"conductance": "x*"}, "no conductance column"),
        (WIDE, {"conductance": []}, "at least one column"),
        (WIDE, {"conductance": [3]}, "as text"),
        (WIDE, {"time": "time[s]"}, "is in ms by its header but declared in s"),
        (WIDE, {"conductance": "*[S]"}, "is in uS by its header but declared in S"),
        (WIDE, {"conductance": "a[uA]"}, "unit must be one of S, mS"),
        (WIDE.replace("b (uS)", "b (nS)"), {}, r"different units: a \[uS\], b \[nS\]"),
        (WIDE.replace("b (uS)", "b (uA)"), {}, "has the unit 'uA'"),
        (WIDE.replace(" (uS)", ""), {}, r"has no unit; declare it, for instance conductance = 'a\[S\]'"),
        (WIDE.replace("b (uS)", "a (uS)"), {"conductance": "a"}, "column 'a' 2 times"),
        (WIDE.replace("19", "nineteen"), {}, r"line 3, column 'a \(uS\)': 'nineteen' is not a number"),
        (WIDE.replace("19", "nan"), {}, "line 3, column 'a .uS.': nan must be a finite"),
        (WIDE.replace("19", "-19"), {}, "-19 must be a finite number, not negative"),
        (WIDE.replace("19", "1_9"), {}, "'1_9' is not a number"),
        (WIDE.replace("19", "inf"), {}, "inf must be a finite"),
        (WIDE.replace("19", "9.9E37"), {}, r"line 3, column 'a .uS.': 9.9E37 is a tester's mark for over-range"),
        (WIDE.replace("19", "+9.91E+37"), {"blank": "missing"}, r"line 3.*over-range.*empty the field.*--blank"),
        (WIDE.replace("19", "-9.9E37"), {}, "line 3.*over-range"),
        (WIDE.replace("19", "OVERFLOW"), {}, "line 3, column 'a .uS.': 'OVERFLOW' is a tester's word for over-range"),
        (WIDE.replace("19", "O.L."), {}, "not a number|word for over-range"),
        (WIDE.replace("\n5,", "\n9.9E37,"), {}, r"line 4, column 'time.ms.': 9.9E37 is a tester's mark"),
        (WIDE.replace("b (uS)", "a (uS)"), {"conductance": "?"}, "column 'a' 2 times"),
        (WIDE.replace("b (uS)", "a [uS]"), {"conductance": "a*"}, "column 'a' 2 times"),
        (WIDE.replace(",", ";").replace("19", "19,5"), {}, "decimal point, not a comma"),
        (WIDE.replace("\n2,", "\n7,"), {}, r"line 4, column 'time\[ms\]': times must increase; 5 follows 7"),
        (WIDE.replace("\n1,", "\n0,"), {}, "line 2.*must be above 0"),
        (WIDE.replace("19,9", "19"), {}, "line 3: 2 fields where the header has 3"),
        (WIDE.replace("19,9", '19,"9'), {}, "tester.csv, line"),
        ("1,2e-5\n2,1.9e-5\n3,1.8e-5\n", {"time": "1[s]"}, r"line 1: the header holds nothing but numbers \(1,2e-5\)"),
        ("time[s],a[S]\n", {}, "at least one row"),
        ("", {}, "at least one row"),
        (WIDE, {"blank": "ignore"}, "blank must be one of"),
    ],
)
def test_faults_are_named(table, text, options, says):
    with pytest.raises(ParameterError, match=says):
        table(text, **{"conductance": "?", **options})


def test_files_that_are_none(tmp_path, table):
    with pytest.raises(ParameterError, match="cannot read"):
        fit.read_drift(tmp_path / "nothing.csv")
    with pytest.raises(ParameterError, match="cannot read"):
        fit.read_drift(tmp_path)
    with pytest.raises(ParameterError, match="not UTF-8"):
        table(WIDE, "utf-16")


def test_conductances_above_one_siemens_are_told_with_their_line(table):
    with pytest.warns(ValidityWarning, match=r"tester.csv, line 3, column 'b \(S\)': 9 S; 2 of 6 reads are above 1 S"):
        table("time[s],a (S),b (S)\n1,2e-5,0.5\n2,1e-5,9\n5,1e-5,8\n", conductance="?")
    with pytest.warns(ValidityWarning, match=r"line 4, column 'g\[S\]': 7 S; 1 of 4 reads"):
        table("cell,t[s],g[S]\nx,1,0.1\nx,2,0.1\ny,1,7\ny,2,0.1\n", time="t", conductance="g", device="cell")
