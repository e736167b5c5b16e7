"""What a drift fit takes and refuses: tables, masked reads, testers' marks, data frames, too many reads."""

import warnings

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError, ValidityWarning
from pcmphys.fit import memory

TIME = np.geomspace(1.0, 1e5, 12)
READS = 2e-5 * TIME**-0.05
TWO = np.stack([READS, READS])


def with_one(value, place=5):
    reads = READS.copy()
    reads[place] = value
    return reads


@pytest.mark.parametrize("hidden", [9.9e37, 1.0, -1.0, np.inf])
def test_a_masked_read_is_missing(hidden):
    reads = np.ma.array(with_one(hidden), mask=np.arange(12) == 5)
    skipped = fit.drift(TIME, reads, missing="skip")
    assert skipped.exponent == fit.drift(TIME, with_one(np.nan), missing="skip").exponent
    assert skipped.exponent == pytest.approx(0.05, abs=1e-9)
    assert np.isnan(skipped.conductance[5])
    with pytest.raises(ParameterError, match=r"1 of 12 reads are missing, NaN or masked \(first device 0, read 5\)"):
        fit.drift(TIME, reads)
    table = fit.DriftTable(TIME, [reads, reads], ["a", "b"])
    assert fit.drift(table, missing="skip")["b"].exponent == skipped.exponent
    with pytest.raises(ParameterError, match="first a, read 5"):
        fit.drift(table)


def test_nothing_masked_is_nothing_missing():
    assert fit.drift(TIME, np.ma.array(READS)).exponent == fit.drift(TIME, READS).exponent


@pytest.mark.parametrize("name", ["time", "conductance_error"])
def test_other_masked_arrays_are_refused(name):
    given = {"time": TIME, "conductance": READS, "conductance_error": 0.01 * READS}
    given[name] = np.ma.array(given[name], mask=np.arange(12) == 5)
    with pytest.raises(ParameterError, match=rf"{name} must not hold masked values; {name}\[5\]"):
        fit.drift(**given)


@pytest.mark.parametrize("missing", ["refuse", "skip"])
@pytest.mark.parametrize("mark", [9.9e37, 9.91e37, -9.9e37, 9e37])
@pytest.mark.parametrize("unit", ["S", "1"])
def test_a_mark_for_over_range_is_no_conductance(mark, unit, missing):
    with pytest.raises(ParameterError, match=r"conductance\[0, 5\] is .*over-range"):
        fit.drift(fit.DriftTable(TIME, [with_one(mark)], unit=unit), missing=missing)
    with pytest.raises(ParameterError, match=r"conductance\[5\] is .*over-range"):
        fit.drift(TIME, with_one(mark), missing=missing)
    with pytest.raises(ParameterError, match=r"time\[11\] is 9\.9e\+37 s"):
        fit.drift(np.append(TIME[:-1], 9.9e37), READS)
    with pytest.raises(ParameterError, match=r"conductance_error\[5\]"):
        fit.drift(TIME, READS, conductance_error=with_one(9.9e37))


def test_conductances_above_one_siemens_are_told():
    with pytest.warns(ValidityWarning, match=r"12 of 12 reads are above 1 S \(first device 0, read 0: 20 S\)"):
        assert fit.drift(TIME, 1e6 * READS).exponent == pytest.approx(0.05, abs=1e-9)
    with pytest.warns(ValidityWarning, match=r"1 of 24 reads are above 1 S \(first b, read 5: 3 S\)"):
        fit.DriftTable(TIME, [READS, with_one(3.0)], ["a", "b"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = fit.DriftTable(TIME, 1.02 * TWO / TWO[0, 0], unit="1")
        fit.drift(table)  # normalised, and said so
        fit.drift(TIME, 1.02 * READS / READS[0])  # normalised, as the numbers themselves say


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((TIME, TWO, ("a", "b"), "uS"), "unit must be 'S' or '1'.*got 'uS': multiply conductances in uS by 1e-06"),
        ((TIME, TWO, ("a", "b"), "kS"), "unit must be 'S' or '1'.*got 'kS'"),
        ((TIME, TWO, ("a",)), "names must name each of 2 devices; got 1 names"),
        ((TIME, TWO, ("a", "b", "c")), "names must name each of 2 devices; got 3 names"),
        ((TIME, TWO, "ab"), "names must name each of 2 devices; got 1"),
        ((TIME, TWO, ("a", "a")), r"names\[0\] and names\[1\] are both 'a'"),
        ((TIME, TWO, ("a", 2)), r"names\[1\] must be text; got 2"),
        ((TIME, TWO, ("a", " ")), r"names\[1\] must be text"),
        ((TIME[::-1], TWO), "time must increase strictly"),
        ((TIME - 1.0, TWO), "above 0 s"),
        ((TIME, -TWO), r"conductance\[0, 0\] is -2e-05 S"),
        ((TIME, TWO.T), r"12 reads a device, one a time; got shape \(12, 2\); is it transposed"),
        ((TIME, TWO[:, :5]), "12 reads a device"),
        ((TIME, np.inf * TWO), r"conductance\[0, 0\] is inf"),
        ((TIME, TWO[None]), "1 or 2 axes"),
        ((TIME, [["a"] * 12]), "real numbers"),
    ],
)
def test_a_table_that_cannot_be_is_refused(arguments, says):
    with pytest.raises(ParameterError, match=says):
        fit.DriftTable(*arguments)


def test_a_table_is_an_own_copy_and_checked_again():
    reads = TWO.copy()
    table = fit.DriftTable(TIME, reads)
    reads[:] = 0.0
    assert table.conductance[0, 0] == 2e-5
    assert table.names == ("device 0", "device 1")
    assert fit.DriftTable(TIME, READS).conductance.shape == (1, 12)
    assert repr(table) == "DriftTable(2 devices, 12 reads from 1 s to 100000 s, in S)"
    table.conductance[1, 3] = 9.9e37
    with pytest.raises(ParameterError, match=r"conductance\[1, 3\].*over-range"):
        fit.drift(table)


def test_data_frames_are_told_what_to_pass():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"time": TIME, "g1": READS, "g2": 2 * READS})
    with pytest.raises(ParameterError, match=r"time must be an array of times in s; got a DataFrame: pass its columns"):
        fit.drift(frame)
    with pytest.raises(ParameterError, match=r"path must be that of a text file; got a DataFrame\. .*drift\(time"):
        fit.read_drift(frame)
    with pytest.raises(ParameterError, match="is it transposed"):
        fit.drift(frame["time"], frame[["g1", "g2"]])
    # and what the messages say works
    found = fit.drift(frame["time"].to_numpy(), frame[["g1", "g2"]].to_numpy().T)
    assert found.exponent == pytest.approx([0.05, 0.05], abs=1e-9)


def test_too_many_reads_for_the_memory_are_refused_at_once(monkeypatch):
    many = np.geomspace(1.0, 1e5, 100_000)
    monkeypatch.setattr(memory, "available", lambda: 24e9)
    with pytest.raises(
        ParameterError, match=r"100000 reads a device need 1040 GB of memory .24 GB is free.; about 15000"
    ):
        fit.drift(many, many**-0.05)
    with pytest.raises(ParameterError, match="20000 reads a device need 42 GB"):
        fit.drift(many[::5], many[::5] ** -0.05)
    # as the message says
    keep = np.unique(np.geomspace(1, many.size, 60).astype(int)) - 1
    assert fit.drift(many[keep], many[keep] ** -0.05).exponent == pytest.approx(0.05, abs=1e-9)


def test_memory_that_runs_out_is_told_as_well(monkeypatch):
    from pcmphys.fit.drift import noise

    def full(traces):
        raise MemoryError

    monkeypatch.setattr(noise, "solve", full)
    with pytest.raises(ParameterError, match=r"12 reads a device need .* \(more than there is\); about 6 fit"):
        fit.drift(TIME, READS)


def test_free_memory_is_known_on_linux_or_not_at_all():
    free = memory.available()
    assert free is None or 0 < free < 1e15
