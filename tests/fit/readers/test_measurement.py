"""What a reader returns: read-only, one line, into a dataset, a figure, a fit."""

import copy
import hashlib
import pathlib
import pickle

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError

TESTERS = pathlib.Path(__file__).parents[3] / "data" / "tester-files"


@pytest.fixture
def plain():
    return pcm.fit.read(TESTERS / "00_plain.csv", licence="CC BY 4.0")


@pytest.fixture
def own():
    return pcm.fit.read(TESTERS / "08b_long_own_times.tsv")


def test_provenance(plain):
    source = plain.source
    assert source.sha256 == hashlib.sha256((TESTERS / "00_plain.csv").read_bytes()).hexdigest()
    assert source.licence == "CC BY 4.0"
    assert [(one.header, one.role, one.unit, one.by) for one in source.columns][:2] == [
        ("time (s)", "time", "s", "header"),
        ("g1 (S)", "conductance", "S", "header"),
    ]
    assert dict(source.found) == {"encoding": "ASCII", "separator": "comma", "decimal": "point", "header": "line 1"}
    assert repr(plain) == "Measurement('00_plain.csv': 2 devices, 12 reads from 1 s to 5000 s, in S, layout plain)"
    text = plain.summary(devices=1)
    for part in (
        "00_plain.csv",
        source.sha256,
        "g1 (S)",
        "CC BY 4.0",
        "1 s: 20 uS  ...  5000 s: 13.0642 uS",
        "and 1 more",
    ):
        assert part in text


def test_arrays_are_read_only_also_when_pickled(plain, own):
    for one in (plain, pickle.loads(pickle.dumps(plain)), copy.deepcopy(own)):
        for array in (one.time, one.conductance, one.censored):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
    again = pickle.loads(pickle.dumps(own))
    np.testing.assert_array_equal(again.time, own.time)
    assert again.source == own.source
    with pytest.raises(AttributeError):
        plain.unit = "1"


def test_devices_by_number_name_and_slice(plain, own):
    assert len(plain) == 2
    np.testing.assert_array_equal(plain["g2"].conductance, plain[1].conductance)
    np.testing.assert_array_equal(plain[-1].conductance, plain[1].conductance)
    assert own[1:].names == ("1",)
    assert own[["1", "0"]].names == ("1", "0")
    assert own[np.array([False, True])].names == ("1",)
    np.testing.assert_array_equal(own[1:][0].time, own["1"].time)
    with pytest.raises(ParameterError, match="did you mean 'g2'"):
        _ = plain["g22"]
    with pytest.raises(ParameterError, match=r"device must be a whole number within \[-2, 1\]; got 2"):
        _ = plain[2]


def test_to_dataset(plain, own):
    made = plain.to_dataset()
    assert made.conductance.dims == ("device", "time")
    assert made.conductance.attrs["units"] == "S"
    assert made.attrs["licence"] == "CC BY 4.0"
    assert float(made.conductance.sel(device="g1", time=1.0)) == 2e-5
    assert own.to_dataset().time.dims == ("device", "read")


def test_plot(plain, tmp_path):
    plain.plot(tmp_path / "reads.png")
    assert (tmp_path / "reads.png").stat().st_size > 10_000
    censored = pcm.fit.read(TESTERS / "06_overflow_sentinel.csv", censored="skip").plot()
    marks = [line for line in censored.axes[0].lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert [line.get_xdata().tolist() for line in marks] == [[50.0]]
    zero = pcm.fit.read(TESTERS / "02_kickstart.csv", voltage=0.2, start=0.0).plot()
    assert zero.axes[0].get_xscale() == "linear"


def test_arrays_that_do_not_fit():
    reads = np.ones((2, 3))
    for time, names in ((np.ones(2), "ab"), (np.ones(3), "abc"), (np.ones((3, 2)), "ab")):
        with pytest.raises(ParameterError, match="needs as many names, times of one device or of each"):
            pcm.fit.Measurement(tuple(names), time, reads, np.zeros((2, 3)))


def test_drift_takes_it(plain, own):
    fitted = pcm.fit.drift(plain)
    assert fitted.names == ("g1", "g2")
    np.testing.assert_allclose(fitted.exponent, [0.05, 0.08], atol=1e-8)
    with pytest.raises(ParameterError, match="a Measurement holds its conductances"):
        pcm.fit.drift(plain, plain.conductance)
    # what is known of the file goes along, into parts and data sets
    assert fitted.source == fitted[0].source == fitted[:1].source == plain.source
    assert fitted.to_dataset().attrs["licence"] == fitted[1].to_dataset().attrs["licence"] == "CC BY 4.0"
    # times of their own stay their own
    found = pcm.fit.drift(own)
    np.testing.assert_allclose(found.exponent, [0.05, 0.08], atol=1e-4)
    for one, fitted in zip(own, found, strict=True):
        assert np.array_equal(fitted.time, one.time[~np.isnan(one.conductance)])


def test_drift_of_devices_with_nothing_in_common_is_fitted_at_once():
    time = np.arange(1.0, 61.0).reshape(12, 5)
    measured = pcm.fit.Measurement(tuple("abcdefghijkl"), time, 1e-5 / time**0.05, np.zeros((12, 5)))
    np.testing.assert_allclose(pcm.fit.drift(measured).exponent, 0.05, atol=1e-6)


def test_rows_of_a_device_need_not_stand_together(tmp_path):
    path = tmp_path / "mixed.csv"
    path.write_text("cell,t (s),g (uS)\nx,1,20\ny,1,10\nx,2,19\ny,2,9\n")
    measured = pcm.fit.read(path)
    assert measured.names == ("x", "y")
    np.testing.assert_allclose(measured.conductance, [[20e-6, 19e-6], [10e-6, 9e-6]])


def test_names_of_devices_are_as_written(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("cell,t (s),g (uS)\n007,1,20\n007,2,19\n12345678901234567890,1,10\n12345678901234567890,2,9\n")
    assert pcm.fit.read(path).names == ("007", "12345678901234567890")


def test_the_licence_stands_in_a_note_beside_the_file(tmp_path):
    path = tmp_path / f"{'long' * 20}.csv"
    path.write_text("t[s],g[uS]\n1,2\n2,1\n")
    assert pcm.fit.read(path).source.licence == ""
    note = f"# Reads\n\n{path.name}: reads.\n\n"
    (tmp_path / "SOURCE.md").write_text(f"{note}- Licence of the data: CC BY 4.0, (c) us. Cite us.\n")
    source = pcm.fit.read(path).source
    assert source.licence == "CC BY 4.0, (c) us (SOURCE.md beside the file)"
    assert len(repr(source)) < 200
    (tmp_path / "LICENSE").write_text("MIT\n")
    assert pcm.fit.read(path).source.licence == "CC BY 4.0, (c) us (SOURCE.md beside the file)"
    (tmp_path / "SOURCE.md").write_text(note)
    assert pcm.fit.read(path).source.licence == "MIT (LICENSE beside the file)"
    assert pcm.fit.read(path, licence="mine").source.licence == "mine"


def test_a_licence_that_merely_lies_beside_a_file_is_not_its_own(tmp_path):
    path = tmp_path / "big.csv"
    path.write_text("t[s],g[uS]\n1,2\n2,1\n")
    (tmp_path / "LICENSE").write_text("BSD 3-Clause License\n\nof the program\n")  # as in a clone
    assert pcm.fit.read(path).source.licence == ""
    assert pcm.fit.read(path).source.notes == ()
    (tmp_path / "SOURCE.md").write_text("not-big.csv, big.csv.gz and big.csv2 are ours.\n\nLicence: CC0\n")
    source = pcm.fit.read(path).source
    assert source.licence == ""
    assert any("does not name it" in note for note in source.notes)
    assert pcm.fit.read(path, licence="mine").source.notes == ()
    (tmp_path / "SOURCE.md").unlink()
    (tmp_path / "LICENSE").write_text("CC BY 4.0 for big.csv\n")
    assert pcm.fit.read(path).source.licence == "CC BY 4.0 for big.csv (LICENSE beside the file)"
