"""What a drift fit takes and refuses: tables, masked reads, testers' marks, data frames, too many reads."""

import tracemalloc
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
    with pytest.raises(ParameterError, match="is it transposed"):
        fit.drift(frame["time"], frame[["g1", "g2"]])
    # and what the messages say works
    found = fit.drift(frame["time"].to_numpy(), frame[["g1", "g2"]].to_numpy().T)
    assert found.exponent == pytest.approx([0.05, 0.05], abs=1e-9)


def test_a_hundred_thousand_reads_take_little_memory_and_time():
    many = np.geomspace(1.0, 1e5, 100_000)
    many += np.arange(many.size) * 1e-9
    tracemalloc.start()
    try:
        found = fit.drift(many, many**-0.05)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.exponent == pytest.approx(0.05, abs=1e-9)
    assert most < 1e8


def test_free_memory_is_known_on_linux_or_not_at_all():
    free = memory.available()
    assert free is None or 0 < free < 1e15


OWN = [TIME, 2.0 * TIME[:7], TIME[3:]]
OWN_READS = [2e-5 * time**-nu for time, nu in zip(OWN, (0.05, 0.08, 0.02), strict=True)]


def test_each_device_may_have_its_own_times():
    found = fit.drift(OWN, OWN_READS)
    assert found.exponent == pytest.approx([0.05, 0.08, 0.02], abs=1e-9)
    assert found.time.shape == found.conductance.shape == (3, 12)
    assert np.array_equal(found[1].time, OWN[1])
    assert np.array_equal(found[1].conductance, OWN_READS[1])
    assert found.reference_time == 1.0
    assert found[2].g0 == pytest.approx(2e-5)
    assert "7 to 12 reads each at own times from 1 s to 100000 s" in repr(found)
    assert "7 reads each at own times" in found[1:2].summary()
    assert found.predict(1e6).mean == pytest.approx([2e-5 * 1e6**-nu for nu in (0.05, 0.08, 0.02)])
    padded = np.full((2, 3, 12), np.nan)
    for k in range(3):  # gaps may stand anywhere
        padded[:, k, 12 - OWN[k].size :] = OWN[k], OWN_READS[k]
    twin = fit.drift(fit.DriftTable(*padded, ["a", "b", "c"]))
    assert np.array_equal(twin.exponent, found.exponent)
    assert np.array_equal(twin["b"].time, OWN[1])
    late = fit.drift(OWN, OWN_READS, start=3.0)
    assert late.exponent == pytest.approx([0.05, 0.08, 0.02], abs=1e-9)
    assert late[0].time[0] > 3.0


def test_own_times_that_are_common_give_the_same_fit():
    rng = np.random.default_rng(5)
    reads = READS * (1 + 0.01 * rng.standard_normal((5, 12)))
    one, other = fit.drift(TIME, reads), fit.drift(np.tile(TIME, (5, 1)), reads)
    assert np.array_equal(one.exponent, other.exponent)
    assert np.array_equal(one.exponent_error, other.exponent_error)
    error = 1e-7 * np.ones((5, 12))
    one, other = (fit.drift(time, reads, conductance_error=error) for time in (TIME, np.tile(TIME, (5, 1))))
    assert np.array_equal(one.exponent_error, other.exponent_error)


@pytest.mark.parametrize(
    ("time", "conductance", "says"),
    [
        (TWO + 1.0, TWO[:, :5], r"time of shape \(2, 12\) .* same shape, got \(2, 5\)"),
        (np.stack([TIME, TIME[::-1]]), TWO, r"time\[1, 1\] is not above the one before"),
        (np.stack([TIME, TIME - 1.0]), TWO, r"time\[1, 0\] is 0 s"),
        (np.stack([TIME, with_one(np.nan, 4)]), TWO, r"time\[1, 4\] is missing where conductance has a read"),
        (OWN, OWN_READS[::-1], "they differ for device 0"),
        (OWN, OWN_READS[:2], "they differ for device 2"),
        (OWN, TWO, "they differ for device 1"),
        ([TIME, TIME[:2]], [READS, READS[:2]], "device 1 has 2"),
        ([TIME, -TIME[:5]], [READS, READS[:5]], r"time\[1, 0\] is -1 s"),
        ([TIME, TIME[:5]], [READS, -READS[:5]], r"conductance\[1, 0\] is -2e-05"),
    ],
)
def test_own_times_that_cannot_be_are_refused(time, conductance, says):
    with pytest.raises(ParameterError, match=says):
        fit.drift(time, conductance)
