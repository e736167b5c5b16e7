"""What is no plain read is refused with its row, or met by the policy that was chosen, and counted."""

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError, ValidityWarning

WIDE = "time (s),a (uS),b (uS)\n1,20,10\n2,19,9\n5,18,8\n"


@pytest.fixture
def read(tmp_path):
    def of(text, **options):
        path = tmp_path / "tester.csv"
        path.write_text(text)
        return fit.read(path, **options)

    return of


def counts(measured):
    return dict(measured.source.counts)


@pytest.mark.parametrize(
    "mark", ["", "-", "--", "---", "NA", "n/a", "#N/A", "nan", "NaN", "null", "9.91E37", "+9.91E+37"]
)
def test_missing(read, mark):
    text = WIDE.replace("19,9", f"19,{mark}")
    with pytest.raises(ParameterError, match=r"tester.csv, line 3, column 'b \(uS\)'.*1 of 6 reads.*missing='skip'"):
        read(text)
    measured = read(text, missing="skip")
    assert np.isnan(measured["b"].conductance).tolist() == [False, True, False]
    assert not measured.censored.any()
    assert counts(measured) == {"missing reads skipped": 1}
    assert "1 missing reads skipped" in measured.summary()


@pytest.mark.parametrize(
    ("mark", "side"),
    [
        ("9.9E37", 1),
        ("9.9e+37", 1),
        ("OVERFLOW", 1),
        ("over", 1),
        ("O.L.", 1),
        ("inf", 1),
        ("1e400", 1),
        ("-9.9E37", 1),
        ("under", -1),
    ],
)
def test_censored(read, mark, side):
    text = WIDE.replace("19,9", f"19,{mark}")
    with pytest.raises(ParameterError, match=r"line 3, column 'b \(uS\)'.*(above|below) the .*censored='skip'"):
        read(text)
    with pytest.raises(ParameterError, match="censored"):
        read(text, missing="skip")
    measured = read(text, censored="skip")
    assert np.isnan(measured["b"].conductance[1])
    assert measured["b"].censored.tolist() == [0, side, 0]
    assert sum(counts(measured).values()) == 1


def test_a_resistance_above_the_range_is_a_conductance_below_it(read):
    text = WIDE.replace("uS", "kohm").replace("19,9", "19,9.9E37")
    measured = read(text, censored="skip")
    assert measured["b"].censored.tolist() == [0, -1, 0]
    np.testing.assert_allclose(measured["b"].conductance[[0, 2]], [1e-4, 1.25e-4])


def test_noise_floor_and_end_of_the_range(read):
    with pytest.raises(ParameterError, match=r"line 4, column 'b .uS.': 8 is below the floor \(1 of 6 reads\)"):
        read(WIDE, floor=8.5e-6)
    for floor in (8.5e-6, "8.5 uS", "8500 nS"):
        assert read(WIDE, floor=floor, censored="skip")["b"].censored.tolist() == [0, 0, -1]
    measured = read(WIDE, ceiling="19.5 uS", censored="skip")
    assert measured["a"].censored.tolist() == [1, 0, 0]
    assert counts(measured) == {"reads above the range (censored)": 1}
    with pytest.raises(ParameterError, match=r"floor must be a number in S or text such as '10 nS'.*got '10 pA'"):
        read(WIDE, floor="10 pA")
    currents = WIDE.replace("uS", "uA")
    assert read(currents, voltage=0.1, floor="8.5 uA", censored="skip")["b"].censored.tolist() == [0, 0, -1]


def test_negative(read):
    text = WIDE.replace("18,8", "18,-8")
    with pytest.raises(ParameterError, match=r"line 4, column 'b .uS.': -8 means a conductance below zero .1 of 6"):
        read(text)
    assert np.isnan(read(text, negative="skip")["b"].conductance[2])
    assert read(text, negative="keep")["b"].conductance[2] == pytest.approx(-8e-6)
    assert counts(read(text, negative="keep")) == {"negative reads kept": 1}
    with pytest.raises(ParameterError, match="line 4"):
        read(text, negative="turn")  # one read of three is no polarity
    turned = read(text.replace(",10", ",-10").replace(",9", ",-9"), negative="turn")
    np.testing.assert_allclose(turned["b"].conductance, [10e-6, 9e-6, 8e-6])
    assert counts(turned) == {"devices with the sign of all reads turned": 1}
    # a negative current at a negative voltage is none
    currents = text.replace(",10", ",-10").replace(",9", ",-9").replace("b (uS)", "b (uA)").replace("a (uS)", "V (V)")
    currents = currents.replace("20,", "-0.2,").replace("19,", "-0.2,").replace("18,", "-0.2,")
    np.testing.assert_allclose(read(currents).conductance, [[50e-6, 45e-6, 40e-6]])


def test_voltages_go_with_the_currents_of_their_names(read):
    text = "t (s),V2 (V),V1 (V),I1 (uA),I2 (uA)\n1,0.2,0.1,2,2\n2,0.2,0.1,1,1\n"
    np.testing.assert_allclose(read(text).conductance, [[20e-6, 10e-6], [10e-6, 5e-6]])
    other = text.replace("V2", "SMU-2 Voltage").replace("V1", "SMU-1 Voltage").replace("I1", "SMU-1 Current")
    np.testing.assert_allclose(read(other.replace("I2", "SMU-2 Current")).conductance[:, 0], [20e-6, 10e-6])
    # names that share nothing: as they come
    np.testing.assert_allclose(read(text.replace("V2", "left").replace("V1", "right")).conductance[:, 0], [1e-5, 2e-5])
    assert read(text, voltage="V1").conductance[1, 0] == pytest.approx(20e-6)


def test_time_zero_and_before(read):
    text = WIDE.replace("\n1,", "\n0,").replace("\n2,", "\n-1,")
    with pytest.raises(
        ParameterError, match=r"line 2, column 'time .s.': time 0 s is not after programming .4 reads.*start="
    ):
        read(text)
    with pytest.raises(ParameterError, match=r"line 3.*must increase"):
        read(text, start=-10)
    assert read(text, start=1.0).time.tolist() == [5.0]
    assert read(text, start=0).time.tolist() == [0.0, 5.0]
    assert counts(read(text, start=1)) == {"reads before 1 s left out": 4}
    with pytest.raises(ParameterError, match="no read of 'a' is there from start = 10 s on"):
        read(text, start=10)
    # bad cells in rows before the start do no harm
    assert read(text.replace("20,10", "-20,9.9E37"), start=1.0).time.tolist() == [5.0]


def test_the_moment_of_programming(read):
    assert read(WIDE, programmed=0.5).time.tolist() == [0.5, 1.5, 4.5]
    stamps = WIDE.replace("time (s)", "when")
    for k, second in ((1, "00.5"), (2, "02"), (5, "59")):
        stamps = stamps.replace(f"\n{k},", f"\n2024-05-17T23:59:{second},")
    with pytest.raises(
        ParameterError, match=r"'when' holds times of a clock .the first is 2024-05-17T23:59:00.5.*programmed="
    ):
        read(stamps)
    found = read(stamps, programmed="2024-05-17 23:58:59.75")
    np.testing.assert_allclose(found.time, [0.75, 2.25, 59.25], rtol=1e-12)
    zoned = read(stamps, programmed="2024-05-18T01:58:59.75+02:00")
    np.testing.assert_allclose(zoned.time, found.time)
    with pytest.raises(ParameterError, match="programmed must be a time stamp"):
        read(stamps, programmed="yesterday")
    with pytest.raises(ParameterError, match=r"programmed must be a number .s., because column"):
        read(WIDE, programmed="2024-05-17")
    for other in ("17.5.24", "32.1.2024", "31.2.2024", "today", "23:59:02", "17-Fbr-2024", "5/17/2024 13:00 PM"):
        with pytest.raises(ParameterError, match=f"line 3, column 'when': '{other}' is no time stamp"):
            read(stamps.replace("2024-05-17T23:59:02", other), programmed="2024-05-17")


def test_unordered(read):
    text = WIDE.replace("\n5,", "\n1.5,")
    with pytest.raises(
        ParameterError, match=r"line 4, column 'time .s.': .* 1.5 s follows 2 s.*unordered='sort'.*device="
    ):
        read(text)
    measured = read(text, unordered="sort")
    assert measured.time.tolist() == [1.0, 1.5, 2.0]
    np.testing.assert_allclose(measured["a"].conductance, [20e-6, 18e-6, 19e-6])
    assert counts(measured) == {"places where reads were put in order of time": 2}


@pytest.mark.parametrize(("policy", "kept"), [("first", 19.0), ("last", 18.0), ("mean", 18.5)])
def test_repeated(read, policy, kept):
    text = WIDE.replace("\n5,", "\n2,")
    with pytest.raises(ParameterError, match=r"line 4.*the time 2 s is there twice, in lines 3 and 4; repeated="):
        read(text)
    measured = read(text, repeated=policy)
    assert measured.time.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(measured["a"].conductance, [20e-6, kept * 1e-6])
    assert counts(measured) == {f"reads at a repeated time, of which the {policy} was taken": 2}


def test_the_mean_of_repeated_reads_is_that_of_those_that_are_there(read):
    text = WIDE.replace("\n5,", "\n2,").replace("19,9", "9.9E37,--").replace("18,8", "19,--")
    measured = read(text, repeated="mean", missing="skip", censored="skip")
    np.testing.assert_allclose(measured["a"].conductance, [20e-6, 19e-6])
    assert measured["a"].censored.tolist() == [0, 0]
    assert np.isnan(measured["b"].conductance[1])


def test_a_time_that_is_missing(read):
    text = WIDE.replace("\n2,", "\n,")
    with pytest.raises(ParameterError, match=r"line 3, column 'time .s.' is blank or no number .2 of 6 reads"):
        read(text)
    assert read(text, missing="skip").time.tolist() == [1.0, 5.0]
    with pytest.raises(
        ParameterError, match=r"line 3, column 'time .s.': 9.9E37 is a tester's mark for over-range, no time"
    ):
        read(WIDE.replace("\n2,", "\n9.9E37,"))


def test_a_constant_series_is_told(read):
    with pytest.warns(
        ValidityWarning, match=r"1 of 2 devices read the same at all times .first 'b': 9e-06 S in 3 reads."
    ):
        read(WIDE.replace("10\n", "9\n").replace("8\n", "9\n"))


def test_conductances_above_one_siemens_are_told(read):
    with pytest.warns(
        ValidityWarning, match=r"line 2, column 'a .S.': 20 S; 6 of 6 reads are above 1 S: is the unit right"
    ):
        read(WIDE.replace("uS", "S"))


def test_normalised_reads(read):
    measured = read(WIDE.replace("uS", "1"))
    assert measured.unit == "1"
    with pytest.raises(ParameterError, match=r"'a .1.' is normalised and 'b .uS.' is not"):
        read(WIDE.replace("a (uS)", "a (1)"))


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("missing", "skp", "missing must be one of refuse, skip; got 'skp'; did you mean 'skip'"),
        ("censored", "keep", "censored must be one of refuse, skip"),
        ("repeated", "mena", "did you mean 'mean'"),
        ("start", "soon", "start must be a number in s"),
        ("voltage", 0.0, "voltage must not be zero"),
        ("shunt", float("nan"), "shunt must be a number in ohm"),
        ("tme", "t", "read has no option 'tme'; there are time, .*did you mean 'time'"),
    ],
)
def test_options_that_cannot_be(read, option, value, says):
    with pytest.raises(ParameterError, match=says):
        read(WIDE, **{option: value})
