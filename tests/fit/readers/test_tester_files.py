"""The same two devices in 25 layouts of tester files, and measured RRAM as it comes."""

import pathlib

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError

DATA = pathlib.Path(__file__).parents[3] / "data"
TESTERS, RRAM = DATA / "tester-files", DATA / "rram-relaxation-long" / "techC_model_head.tsv"
COLUMNS = ["device", "time[s]", "R[ohm]", "g[S]"]

FILES = {
    "00_plain.csv": {},
    "01_b1500_sampling.csv": {},
    "02_kickstart.csv": {"voltage": 0.2, "start": 1.0},
    "03_labview_de.lvm": {"conductance": "G*[S]"},
    "04_excel_utf16.txt": {},
    "05_units_row_cp1252.csv": {},
    "05b_semicolon_comma_utf8.csv": {},
    "05c_semicolon_point_utf8.csv": {},
    "05d_nano_uppercase.csv": {},
    "06_overflow_sentinel.csv": {"censored": "skip"},
    "06b_scpi_nan.csv": {"missing": "skip"},
    "06c_overflow_word.csv": {"censored": "skip"},
    "07_scope.csv": {"current": ["1", "2"], "shunt": 1e4, "voltage": 1e-4, "start": 1.0},
    "08_long_headerless.tsv": {"names": COLUMNS},
    "08b_long_own_times.tsv": {},
    "09_pandas_timestamps.csv": {"conductance": "g*[S]", "programmed": "2024-05-17 12:00:00"},
    "09b_pandas_index.csv": {},
    "10_duplicate_names.csv": {"voltage": 0.2},
    "11_resistance.csv": {},
    "12_repeated_time.csv": {"repeated": "first"},
    "13_trailing_comma.csv": {},
    "14_trailing_comma_header_too.csv": {},
    "15_commented_header.csv": {},
    "16_space_separated.txt": {},
    "17_negative_read.csv": {"negative": "skip"},
}
REFUSED = {
    "02_kickstart.csv": "line 8, column 'SMU-1 Time .s.': time 0 s is not after programming .2 reads.; start= leaves",
    "03_labview_de.lvm": "no column has a unit of .*X_Value, G1, G2, Comment. Declare .*'G2.S.'",
    "06_overflow_sentinel.csv": "line 7, column 'g2 .S.': 9.9E37 is above the range.*censored='skip'",
    "06b_scpi_nan.csv": r"line 7, column 'g2 .S.' holds '\+9.91E\+37', a mark for no reading.*missing='skip'",
    "06c_overflow_word.csv": "line 7, column 'g2 .S.': OVERFLOW is above the range.*1 of 24 reads.*censored='skip'",
    "07_scope.csv": r"nothing measured but voltages \(1, 2\)\. .* current='1', shunt= \[ohm or V/A\], voltage=",
    "08_long_headerless.tsv": r"line 1: no line with the names of the columns.*names = \['device', 'time\[s\]'",
    "09_pandas_timestamps.csv": "no column has a unit of conductance.*column 1, time, g1, g2. Declare what",
    "10_duplicate_names.csv": "'Current .A.' is a current, and the read voltage is not in the file; declare it",
    "12_repeated_time.csv": "line 5, column 'time .s.': the time 5 s is there twice, in lines 4 and 5; repeated=",
    "17_negative_read.csv": r"line 7, column 'g2 .S.': -1.2288e-07 means a conductance below zero.*negative='skip'",
}


def test_every_file_is_in_the_table():
    assert sorted(FILES) == sorted(path.name for path in TESTERS.iterdir() if path.suffix != ".md")
    assert len(FILES) == 25


@pytest.mark.parametrize("name", FILES)
def test_both_devices_are_found(name):
    measured = pcm.fit.read(TESTERS / name, **FILES[name])
    assert len(measured) == 2
    assert list(measured.reads) == [12, 12]
    assert measured.unit == "S"
    for trace, size, exponent in zip(measured, (2e-5, 8e-6), (0.05, 0.08), strict=True):
        # two files give the second device its own times, 3 ms later
        nominal = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000])
        np.testing.assert_allclose(trace.time, nominal, rtol=3.1e-3)
        known = ~np.isnan(trace.conductance)
        assert known.sum() >= 11
        np.testing.assert_allclose(trace.conductance[known], size * nominal[known] ** -exponent, rtol=1e-6)
    fitted = pcm.fit.drift(measured)
    np.testing.assert_allclose(fitted.exponent, [0.05, 0.08], atol=1e-4)
    np.testing.assert_allclose(fitted.g0 * fitted.reference_time**fitted.exponent, [2e-5, 8e-6], rtol=1e-3)


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_file_does_not_say_is_asked_for(name):
    with pytest.raises(ParameterError, match=REFUSED[name]):
        pcm.fit.read(TESTERS / name)


def test_what_is_refused_and_what_is_declared_are_the_same_files():
    assert sorted(REFUSED) == sorted(name for name, options in FILES.items() if options)


def test_layouts_are_recognised():
    found = {name: pcm.fit.read(TESTERS / name, **FILES[name]).source.layout for name in FILES}
    own = {name: layout for name, layout in found.items() if layout != "plain"}
    assert own == {
        "01_b1500_sampling.csv": "keysight-easyexpert",
        "02_kickstart.csv": "keithley-kickstart",
        "03_labview_de.lvm": "labview-lvm",
        "07_scope.csv": "oscilloscope",
    }


def test_the_bias_in_the_file_is_not_overruled():
    with pytest.raises(ParameterError, match=r"declared as 0.1 V, and the lines before the table say 0.2 V"):
        pcm.fit.read(TESTERS / "01_b1500_sampling.csv", voltage=0.1)
    assert len(pcm.fit.read(TESTERS / "01_b1500_sampling.csv", voltage=0.2)) == 2


def test_the_bias_of_each_channel(tmp_path):
    text = (TESTERS / "01_b1500_sampling.csv").read_text(encoding="utf-8-sig")
    path = tmp_path / "b1500.csv"
    path.write_text(text.replace("Bias.Source, 0.2, 0.2", "Bias.Source, 0.2, 0.1"))
    measured = pcm.fit.read(path)
    np.testing.assert_allclose(measured.conductance[:, 0], [2e-5, 1.6e-5])
    assert ("read voltage", "0.2 V, 0.1 V", "lines before the table") in measured.source.declared
    # a channel that is not in the list, and a list that is none
    for old, new in (("IName, I1, I2", "IName, I1, I5"), ("Bias.Source, 0.2, 0.2", "Bias.Source, 0.2, off")):
        path.write_text(text.replace(old, new))
        with pytest.raises(ParameterError, match=r"state read voltages .*, but none for 'I2'; declare voltage= .V."):
            pcm.fit.read(path)
        np.testing.assert_allclose(pcm.fit.read(path, voltage=0.2).conductance[:, 0], [2e-5, 8e-6])


def test_measured_rram_in_long_form():
    options = {"time": "timept[s]", "conductance": "g[S]"}
    with pytest.raises(ParameterError, match="line 2, column 'timept': time 0 s is not after programming"):
        pcm.fit.read(RRAM, **options)
    with pytest.raises(ParameterError, match=r"line 1618, column .g.: -1.2288.* means a conductance below zero"):
        pcm.fit.read(RRAM, start=0.01, **options)
    with pytest.raises(ParameterError, match=r"line 4, .* must increase; 0\.01 s follows 0\.1 s"):
        pcm.fit.read(RRAM, start=0.01, negative="skip", **options)
    measured = pcm.fit.read(RRAM, start=0.01, negative="skip", unordered="sort", **options)
    assert len(measured) == 295
    assert not measured.common
    assert measured.source.licence == "MIT License (LICENSE.txt beside the file)"
    assert dict(measured.source.counts)["negative reads skipped"] == 1
    # ordinary least squares over four times, as SOURCE.md gives it
    used = np.array([0.01, 0.1, 1.0, 1e5])
    reads = np.array([[dict(zip(one.time, one.conductance)).get(t, np.nan) for t in used] for one in measured])
    whole = reads[(reads > 0).all(axis=1)]
    exponents = -np.polyfit(np.log(used), np.log(whole).T, 1)[0]
    assert exponents.size == 294
    assert exponents.mean() == pytest.approx(0.004712, abs=5e-7)
    assert exponents.std(ddof=1) == pytest.approx(0.028631, abs=5e-7)
    np.testing.assert_allclose(whole.mean(axis=0) * 1e6, [19.687, 19.710, 19.675, 18.532], atol=5e-4)
    assert (exponents < 0).sum() == 107
