"""Updates by pulses: laws that are known are found again, and a physical cell becomes one that can be trained."""

import pathlib
import pickle
import re

import numpy as np
import pytest

import pcmphys as pcm

DATA = pathlib.Path(pcm.__file__).parents[1] / "data"
SET = pcm.Pulse(current=100e-6, width=50e-9)
RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)


def trains(cell, devices=100, up=400, down=400, seed=1, noise=0.0):
    """Reads of devices before and after each pulse."""
    population = cell.population(devices, seed=seed)
    towards = [1] * up + [-1] * down
    reads = [population.conductance()]
    for direction in towards:
        population.pulse(direction)
        reads.append(population.conductance())
    reads = np.array(reads)
    reads += noise * np.random.default_rng(0).normal(size=reads.shape)
    return np.arange(len(reads)), reads, np.array([1, *towards])


@pytest.fixture(scope="module")
def ecram():
    known = pcm.load_cell("ecram-tang2018")
    return known, pcm.fit.updates(*trains(known), law="linear", source="a simulation")


def test_linear_steps_are_found_within_their_errors(ecram):
    known, found = ecram
    middle = 0.5 * (found.conductance_minimum + found.conductance_maximum)
    up, down = known.steps(middle)
    # 100 devices whose steps spread by a tenth: their mean is uncertain by a hundredth
    assert found.fit["step_up"].value == pytest.approx(float(up), rel=4 * 0.1 / 10)
    assert found.fit["step_down"].value == pytest.approx(float(down), rel=4 * 0.1 / 10)
    law, window = known.parameters.linear, known.parameters.window
    slopes = -law.decrease_up * law.step / window.weight_maximum, law.decrease_down * law.step / -window.weight_minimum
    for name, slope in zip(("slope_up", "slope_down"), slopes, strict=True):
        estimate = found.fit[name]
        assert abs(estimate.value - slope) < 4 * estimate.error + 0.04 * abs(slope)
        assert not abs(1.2 * slope - estimate.value) < estimate.error
    assert found.fit["noise_up"].value == pytest.approx(0.3 * float(up), rel=0.05)
    assert found.fit["gain_spread"].value == pytest.approx(0.1, rel=4 / np.sqrt(200))


def test_the_cell_has_the_law_of_the_fit_and_says_where_it_comes_from(ecram):
    _, found = ecram
    middle = 0.5 * (found.conductance_minimum + found.conductance_maximum)
    for k, name in enumerate(("step_up", "step_down")):
        assert float(found.steps(middle)[k]) == pytest.approx(found.fit[name].value, rel=1e-9)
    quantity = found.technology.quantities["linear.step"]
    assert (quantity.kind, quantity.source) == ("fit", "pcmphys, updates by pulses, linear; data of a simulation")
    assert found.technology.quantities["read.voltage"].kind == "assumed"
    assert len(pcm.testing.check_cell(found, many=4)) == 13
    assert pickle.loads(pickle.dumps(found)).fit.values == found.fit.values
    changed = found.but({"linear.step": 0.1})
    assert changed.fit is None


def test_it_can_be_saved_and_trained(ecram, tmp_path):
    _, found = ecram
    again = pcm.load_cell(pcm.save_cell(found, tmp_path / "mine.toml"))
    assert again.parameters == found.parameters
    matrix = pcm.TrainableMatrix((3, 2), again, seed=1)
    matrix.update([1.0, -1.0, 0.5], [1.0, -1.0], 0.1)
    assert np.ptp(matrix.weights) > 0.1


def test_a_cell_made_of_a_fit_walks_as_what_it_was_made_of(ecram):
    known, found = ecram
    _, reads, towards = trains(known, devices=400, seed=5)
    twin = found.population(400, seed=9)
    twin.program(reads[0])
    walked = [twin.conductance()]
    for direction in towards[1:]:
        twin.pulse(int(direction))
        walked.append(twin.conductance())
    span = np.ptp(reads.mean(axis=1))
    assert np.abs(np.mean(walked, axis=1) - reads.mean(axis=1)).max() < 0.05 * span


def test_soft_bounds_lie_where_steps_vanish():
    known = pcm.load_cell("rram-gong2018-softbounds").but(
        {"pulse.write_noise": 0.0, "pulse.gain_spread": 0.0, "soft_bounds_reference.constant_noise": 1.0}
        | {"window.minimum_spread": 0.0, "window.maximum_spread": 0.0}
    )
    found = pcm.fit.updates(*trains(known), law="soft_bounds")
    window = found.parameters.window
    assert window.conductance_maximum == pytest.approx(known.conductance_maximum, rel=0.06)
    assert window.conductance_minimum == pytest.approx(known.conductance_minimum, rel=0.06)
    assert found.symmetry_point == pytest.approx(known.symmetry_point, rel=0.02)


def test_read_errors_are_taken_off():
    known = pcm.load_cell("rpu-gokmen2016")
    error = 2e-8
    given = trains(known, up=200, down=200, noise=error)
    plain, told = pcm.fit.updates(*given), pcm.fit.updates(*given, read_error=error)
    true = 0.3 * known.granularity * known.parameters.window.unit
    assert told.fit["noise_up"].value == pytest.approx(true, rel=0.3)
    assert plain.fit["noise_up"].value > 3.0 * true


def test_a_table_of_incremental_set_has_its_steps():
    known = pcm.load_cell("pcm-nandakumar2018")
    numbers, reads, towards = trains(known, devices=2000, up=20, down=0)
    found = pcm.fit.updates(numbers, reads, towards, law="jump_table")
    assert found.one_sided
    assert found.parameters.jump_table.up_quantiles
    twin = found.population(2000, seed=3)
    walked = [twin.conductance()]
    for _ in range(20):
        twin.pulse(+1)
        walked.append(twin.conductance())
    mean, expected = np.mean(walked, axis=1)[1:], reads.mean(axis=1)[1:]
    # the published law knows how many pulses came before, a table does not: the spread of the first is too small
    assert np.abs(mean / expected - 1.0)[2:].max() < 0.1
    assert np.abs(np.std(walked, axis=1)[10:] / reads.std(axis=1)[10:] - 1.0).max() < 0.15


def test_weak_set_pulses_of_measured_rram_become_a_cell():
    """780 cells, one pulse of 1 V and 1 us each: small steps on average, few large ones, a fifth the wrong way."""
    before, after = np.loadtxt(DATA / "stanford-rram" / "set_steps.csv", delimiter=",", skiprows=1)[:, :2].T
    found = pcm.fit.updates([0, 1], [before, after], +1, law="jump_table", name="rram-weak-set", source="Stanford 1T1R")
    assert found.one_sided
    assert found.fit["step_up"].value == pytest.approx(6.7e-6, abs=2.0 * found.fit["step_up"].error)
    assert 1e6 * found.conductance_maximum == pytest.approx(185.9, abs=0.1)
    devices = found.population(20_000, seed=2)
    start = np.resize(before, 20_000)
    window = found.parameters.window
    devices.state.weight[:] = (start - window.zero) / window.unit
    devices.pulse(+1)
    error = after.std() / np.sqrt(780)
    assert devices.conductance().mean() == pytest.approx(after.mean(), abs=2.0 * error)
    assert devices.conductance().std() == pytest.approx(after.std(), rel=0.1)
    down = (after < before - 2e-6).mean()
    assert 0.1 < down < 0.3
    assert (devices.conductance() < start - 2e-6).mean() == pytest.approx(down, abs=0.1)


def test_incremental_set_is_found_as_the_law_it_is():
    known = pcm.load_cell("pcm-nandakumar2018").but({"window.conductance_maximum": 60e-6})
    numbers, reads, towards = trains(known, devices=4000, up=20, down=0)
    inside = reads[4:] > 4e-6
    assert inside.mean() > 0.5
    found = pcm.fit.updates(numbers, reads, towards, law="incremental_set")
    assert found.one_sided
    twin = found.population(4000, seed=3)
    walked = [twin.conductance()]
    for _ in range(20):
        twin.pulse(+1)
        walked.append(twin.conductance())
    assert np.abs(np.mean(walked, axis=1)[1:] / reads.mean(axis=1)[1:] - 1.0).max() < 0.05
    assert np.abs(np.std(walked, axis=1)[1:] / reads.std(axis=1)[1:] - 1.0).max() < 0.15
    with pytest.raises(pcm.ParameterError, match="pulses up alone"):
        pcm.fit.updates(*trains(pcm.load_cell("rpu-gokmen2016"), devices=2, up=20, down=20), law="incremental_set")


@pytest.mark.parametrize("law", ["linear", "jump_table"])
def test_pictures_and_data_sets(law, tmp_path):
    known = pcm.load_cell("rram-gong2022-optimised")
    found = pcm.fit.updates(*trains(known, devices=3, up=40, down=40), law=law)
    figure = found.fit.plot(tmp_path / "updates.png")
    assert (tmp_path / "updates.png").stat().st_size > 10_000
    assert [axes.get_ylabel() for axes in figure.axes] == ["conductance [µS]", "change [µS]"]
    data = found.fit.to_dataset()
    assert data["conductance"].attrs["units"] == "S"
    assert dict(data.sizes)["read"] == 81
    assert "step_up" in found.fit.summary()


@pytest.fixture(scope="module")
def physical():
    return pcm.load_cell("ibm-90nm-doped-gst")


@pytest.mark.slow
def test_a_physical_cell_and_its_table_make_the_same_staircase(physical):
    """Mean within 5 % after each pulse, std within 15 %, of the population that the table was made from."""
    found = pcm.fit.updates_of(physical, SET, seed=3)
    devices = physical.population(4000, seed=3)
    devices.apply(RESET)
    expected = []
    for _ in range(30):
        devices.apply(SET)
        expected.append(devices.conductance())
    expected = np.array(expected)
    walked = staircase(found)
    off = np.abs(walked.mean(axis=1) / expected.mean(axis=1) - 1.0)
    assert off.max() < 0.05
    assert np.abs(walked.std(axis=1) / expected.std(axis=1) - 1.0).max() < 0.15
    said = re.search(r"off by up to ([0-9.]+) %", found.technology.notes[1])
    assert float(said[1]) == pytest.approx(100.0 * off.max(), abs=1.0)
    # with rows of its own for the first pulse alone the mean is off further
    table = found.parameters.jump_table
    count = len(table.weight)
    own = {
        f"jump_table.fresh_up{part}": getattr(table, f"fresh_up{part}")[: size * count]
        for part, size in (("", 1), ("_std", 1), ("_quantiles", len(table.up_quantiles) // count))
    }
    alone = staircase(found.but(own, source="test")).mean(axis=1)
    assert np.abs(alone / expected.mean(axis=1) - 1.0).max() > 0.05


def staircase(found):
    twin = found.population(20_000, seed=1)
    twin.reset()
    walked = []
    for _ in range(30):
        twin.pulse(+1)
        walked.append(twin.conductance())
    return np.array(walked)


def test_first_pulses_that_are_others_are_said(physical):
    """Devices fresh from the melt step by less than those that have crystallized before, from the same conductance."""
    devices = physical.population(4000, seed=4)
    devices.apply(RESET)
    reads = [devices.conductance()]
    for _ in range(6):
        devices.apply(SET)
        reads.append(devices.conductance())
    found = pcm.fit.updates(range(7), reads, +1, law="jump_table")
    said = "first pulses change the conductance by .* law='incremental_set' counts pulses"
    assert re.search(said, found.fit.notes[0])
    assert "first pulses" in found.fit.summary()
    # of a law without memory nothing is said
    known = trains(pcm.load_cell("pcm-nandakumar2020"), down=0, up=20)
    assert not pcm.fit.updates(*known, law="jump_table").fit.notes


def test_a_physical_cell_becomes_one_that_can_be_trained(physical, tmp_path):
    found = pcm.fit.updates_of(physical, SET, pulses=10, devices=300, seed=3)
    assert found.one_sided
    # rows for the first and the second pulse: seven are left for the others
    table = found.parameters.jump_table
    assert len(table.fresh_up) == 2 * len(table.weight)
    again = pcm.load_cell(pcm.save_cell(found, tmp_path / "mine.toml"))
    assert again.parameters == found.parameters
    assert found.technology.notes[0].startswith("300 devices of ibm-90nm-doped-gst, 10 pulses each")
    matrix = pcm.TrainableMatrix((4, 3), found, pcm.OneSided(), seed=2)
    matrix.update(np.ones(4), np.array([1.0, -1.0, 0.0]), 0.3)
    assert (matrix.weights[:, 0].mean() < 0.0) & (matrix.weights[:, 1].mean() > 0.0)


NUMBERS = np.arange(41)
READS = 1e-5 + 1e-7 * np.concatenate([np.arange(21), np.arange(19, -1, -1)]) + 1e-9 * np.sin(NUMBERS)
TOWARDS = np.where(NUMBERS <= 20, 1, -1)


def test_noise_alone_is_refused_or_doubted():
    """Of 200 trains of noise 14 were once a cell without a word; steps of half the noise of a read are still found."""
    numbers, towards = range(41), [1] + [1] * 20 + [-1] * 20
    ramp = np.concatenate([np.arange(21), np.arange(19, -1, -1)])
    found = {"noise": 0, "steps": 0}
    for seed in range(200):
        noise = 1e-8 * np.random.default_rng(seed).normal(size=41)
        for name, reads in (("noise", noise), ("steps", noise + 5e-9 * ramp)):
            try:
                fit = pcm.fit.updates(numbers, 1e-5 + reads, towards).fit
            except pcm.ParameterError:
                continue
            found[name] += 1
            assert name == "steps" or any("hardly different from zero" in note for note in fit.notes)
    assert found["noise"] <= 4
    assert found["steps"] >= 195


def test_steps_under_much_larger_noise_of_writes_are_not_doubted():
    """Write noise of 75 steps, a single device: it does not add up, so that 1481 pulses say enough."""
    numbers, reads, towards = trains(pcm.load_cell("rram-gong2018"), devices=1, up=1481, down=1481)
    assert not any("hardly" in note for note in pcm.fit.updates(numbers, reads, towards).fit.notes)


def test_constant_steps_have_no_note():
    for scale in (1e-8, 1e-7, 3e-7):
        reads = 1e-5 + scale * np.concatenate([np.arange(21), np.arange(19, -1, -1)])
        assert pcm.fit.updates(NUMBERS, reads, TOWARDS).fit.notes == ()


def test_directions_that_are_shifted_are_told():
    up, down = np.ones(51), -np.ones(50)
    reads = 1e-6 + 1e-7 * np.concatenate([np.arange(51), np.arange(49, -1, -1)])
    given = np.concatenate([up, down])
    late, early = np.concatenate([[1], given[:-1]]), np.concatenate([given[1:], [-1]])
    for noise in (0.0, 1e-8):
        seen = reads + noise * np.random.default_rng(1).normal(size=101)
        assert pcm.fit.updates(range(101), seen, given).fit.notes == ()
        for shifted, words in ((late, "last step before"), (early, "first step after")):
            note = pcm.fit.updates(range(101), seen, shifted).fit.notes[0]
            assert re.search(f"{words} each turn goes the other way, .* shifted by one read", note)


def test_read_errors_that_the_steps_do_not_have_are_told():
    given = trains(pcm.load_cell("rpu-gokmen2016"), devices=20, up=200, down=200, noise=2e-8)
    assert pcm.fit.updates(*given, read_error=2e-8).fit.notes == ()
    assert "two enter each step" in pcm.fit.updates(*given, read_error=3e-8).fit.notes[0]
    with pytest.raises(pcm.ParameterError, match="more than steps up scatter by"):
        pcm.fit.updates(*given, read_error=1e-7)


def test_steps_that_vanish_within_the_data_do_not_turn_round():
    known = pcm.load_cell("rram-gong2018-softbounds")
    found = pcm.fit.updates(*trains(known, devices=5, up=1000, down=1000))
    assert np.min(found.steps([found.conductance_minimum, found.conductance_maximum])) > -1e-20
    assert any("vanish at" in note for note in found.fit.notes)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pcm.fit.updates(NUMBERS, READS[:-1], TOWARDS), "pulse must have shape"),
        (lambda: pcm.fit.updates(NUMBERS[::-1], READS, TOWARDS), "pulse must increase"),
        (lambda: pcm.fit.updates(NUMBERS + 0.5, READS, TOWARDS), "whole numbers"),
        (lambda: pcm.fit.updates(NUMBERS, READS, np.zeros(41)), "direction must be .1 or -1"),
        (lambda: pcm.fit.updates(NUMBERS, READS, TOWARDS[:5]), "direction must be"),
        (lambda: pcm.fit.updates(NUMBERS, READS, -TOWARDS), "must move the conductance up"),
        (lambda: pcm.fit.updates(NUMBERS, READS, -1), "must move the conductance down"),
        (lambda: pcm.fit.updates(NUMBERS[:5], READS[:5], 1), "at least 8 steps"),
        (lambda: pcm.fit.updates(NUMBERS, 1e6 * READS, TOWARDS), "values in uS are to be multiplied by 1e-6"),
        (lambda: pcm.fit.updates(NUMBERS, READS - 1.1e-5, TOWARDS), "must not be below zero by more than the noise"),
        (lambda: pcm.fit.updates(NUMBERS, READS, TOWARDS, read_error=1e-7), "more than steps up scatter by"),
        (lambda: pcm.fit.updates(NUMBERS, READS, TOWARDS, name="My Cell"), "small letters, digits and dashes"),
        (lambda: pcm.fit.updates(NUMBERS, READS, TOWARDS, law="soft_bounds"), "steps that vanish at a bound"),
        (lambda: pcm.fit.updates(NUMBERS, READS, TOWARDS, law="linaer"), "did you mean 'linear'"),
        (lambda: pcm.fit.updates(NUMBERS[:21], READS[:21], 1, law="soft_bounds"), "needs pulses up and down"),
        (lambda: pcm.fit.updates(NUMBERS, np.where(NUMBERS == 3, np.nan, READS), TOWARDS), "finite"),
        (lambda: pcm.fit.updates_of(pcm.load_cell("rram-gong2018"), SET), "devices take pulses"),
        (lambda: pcm.fit.updates_of(pcm.load_cell("ibm-90nm-statistical"), SET), "devices take pulses"),
        (lambda: pcm.fit.updates_of(pcm.load_cell("ibm-90nm-doped-gst"), 1e-4), "pulse must be a Pulse"),
        (lambda: pcm.fit.updates_of(pcm.load_cell("ibm-90nm-doped-gst"), SET, pulses=3), "pulses must be"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(pcm.ParameterError, match=words):
        call()


@pytest.mark.parametrize("steps", [8, 10, 16])
def test_a_right_read_error_is_never_refused(steps):
    """400 trains whose noise is all of reads; a factor of two is refused only beyond the scatter of few steps."""
    random, numbers = np.random.default_rng(1), np.arange(steps + 1)
    for _ in range(400):
        reads = 1e-6 + 5e-7 * numbers + 2e-7 * random.normal(size=steps + 1)
        found = pcm.fit.updates(numbers, reads, +1, law="linear", read_error=2e-7)
        assert found.fit["step_up"].value > 0.0


def test_a_read_error_may_be_told_of_reads_without_noise():
    numbers = np.arange(41)
    found = pcm.fit.updates(numbers, 1e-6 + 1e-7 * numbers, +1, law="linear", read_error=1e-12)
    assert found.fit["step_up"].value == pytest.approx(1e-7, rel=1e-6)
    assert any("noise from pulse to pulse is given as 0" in note for note in found.fit.notes)


def test_an_offset_of_the_first_read_is_no_pair():
    numbers = np.arange(65)
    reads = 1e-7 * numbers
    reads[0] = -2e-11
    assert pcm.fit.updates(numbers, reads, +1).conductance_minimum == 0.0


def test_all_laws_doubt_the_same_trains():
    reads = 5e-6 + 1e-7 * np.random.default_rng(0).normal(size=(41, 3))
    reads[-1] += (reads[0] - reads[-1]).mean() + 1e-9  # upwards, by hardly anything
    for law in ("linear", "incremental_set"):
        with pytest.raises(pcm.ParameterError, match="by more than noise does"):
            pcm.fit.updates(np.arange(41), reads, +1, law=law)
    rising = 1e-6 + 1e-6 * np.sqrt(np.arange(41))[:, None] * (
        1.0 + 0.01 * np.random.default_rng(0).normal(size=(41, 3))
    )
    with pytest.raises(pcm.ParameterError, match="it must be that of these reads"):
        pcm.fit.updates(np.arange(41), rising, +1, law="incremental_set", read_error=1e-4)
