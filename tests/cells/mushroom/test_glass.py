"""The glass of each sector: who is quenched by a pulse, who lives through it, and what a device keeps of both."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.cells import MushroomCell
from pcmphys.physics.relaxation import floor, older, order_of
from pcmphys.physics.state import SECTORS
from tests.cells.mushroom.mushroom_cells import CELL, QUIET, alike, same, varied
from tests.oracles.mushroom_cell import Device
from tests.oracles.mushroom_pulse import relaxed
from tests.oracles.thermal import part_at

RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
HALF = pcm.Pulse(current=330e-6, width=1e-6, fall=5e-9)  # melts some sectors of most devices
WEAK = pcm.Pulse(current=20e-6, width=50e-9)
HOUR = 3600.0


def orders(devices):
    p = devices._floats.relaxation
    return (p.kept_log_time - np.log(devices._state.age)) / p.kept_reduced


def aged(count, seed=3, cell=QUIET):
    devices = cell.population(count, seed=seed)
    devices.apply(RESET)
    devices.wait(HOUR)
    return devices


# ---- who is touched


class Watched(Device):
    """Notes how hot the middle of each sector's dome is on the plateau of a pulse."""

    def live(self, duration, middle, share, ambient):
        if not hasattr(self, "longest") or duration > self.longest:
            self.longest = duration
            row = self.shape_at(middle, ambient)
            part = [part_at(row, (0.5 * rim - shift) / self.span) for rim, shift in zip(self.rim, self.shift)]
            self.plateau = [ambient + middle * a * b for a, b in zip(share, part)]
        super().live(duration, middle, share, ambient)


def test_a_weak_pulse_touches_the_hot_sectors_alone():
    """20 uA for 50 ns on a glass of an hour: hot sectors wake, the others are as after a wait, to the bit."""
    devices = aged(40)
    pulsed, waited = devices.copy(), devices.copy()
    pulsed.apply(WEAK)
    waited.wait(WEAK.duration)
    waited._advance()
    touched = pulsed._state.age != waited._state.age
    twins = [Watched(QUIET.parameters, 3, i) for i in range(40)]
    for twin in twins:
        twin.apply(RESET.time.tolist(), RESET.drive.tolist(), "current")
        twin.wait(HOUR)
        del twin.longest
        twin.apply(WEAK.time.tolist(), WEAK.drive.tolist(), "current")
    hot = np.array([getattr(twin, "plateau", [300.0] * SECTORS) for twin in twins])
    assert 0 < touched.sum() < 0.2 * touched.size
    assert hot[touched].min() > 460.0
    assert touched[hot > 480.0].all()
    assert np.array_equal(pulsed.now().sector_conductance[~touched], waited.now().sector_conductance[~touched])
    # where one was touched below 500 K, nobody sees it; far above, it is young
    ratio = pulsed.now().sector_conductance / waited.now().sector_conductance
    assert ratio[hot < 500.0] == pytest.approx(1.0, abs=1e-3)
    assert (ratio[hot > 545.0] > 3.0).all()
    for name in ("texture", "deviate", "kind", "traps", "filament"):
        assert np.array_equal(getattr(pulsed._state, name), getattr(waited._state, name)), name


def test_a_pulse_that_does_not_switch_leaves_the_glass_alone():
    """0.9 of the threshold for a microsecond, below any heat that is felt: only the microsecond has passed."""
    devices = aged(200)
    height = 0.9 * devices.threshold_voltage()
    waited = devices.copy()
    devices.apply(pcm.Pulse(voltage=1.0, width=1e-6), amplitude=height)
    waited.wait(1e-6)
    waited._advance()
    assert same([devices._state.age, devices._state.rim, devices._state.deviate, devices._state.kind],
                [waited._state.age, waited._state.rim, waited._state.deviate, waited._state.kind])  # fmt: skip
    assert devices.conductance() == pytest.approx(waited.conductance(), rel=1e-2)


def test_only_what_melts_is_quenched():
    devices = aged(400, cell=CELL)
    before = devices._state.copied()
    devices.apply(HALF)
    now, fresh = devices._state, older(devices._floats.relaxation.youngest, 1e-9, 300.0, devices._floats.relaxation)
    molten = now.age == fresh
    assert 0.2 < molten.mean() < 0.95
    assert ((molten.sum(axis=1) > 0) & (molten.sum(axis=1) < SECTORS)).sum() > 100
    new = now.texture != before.texture
    assert np.array_equal(new, molten)
    for k in range(2):
        assert np.array_equal(now.deviate[:, k][~molten], before.deviate[:, k][~molten])
        assert (now.deviate[:, k] != before.deviate[:, k])[molten].mean() > 0.99
        for row, where in zip(now.deviate[:, k], molten):
            assert len(set(row[where])) <= 1  # sectors that melt together are one quench
    traps = np.concatenate([molten, molten], axis=1)  # trap k belongs to sector k mod 16
    assert np.array_equal(now.kind[~traps], before.kind[~traps])
    assert (now.kind != before.kind)[traps].mean() > 0.98
    changed = (now.traps ^ before.traps)[:, None] >> np.arange(32, dtype=np.uint32) & 1
    assert not changed[~traps].any()
    assert changed[traps].mean() == pytest.approx(0.5, abs=0.03)  # n about 8000: five standard errors
    assert np.array_equal(now.filament != before.filament, molten.any(axis=1))


def test_sectors_next_to_molten_ones_live_on_at_their_own_temperature():
    devices = aged(400)
    old = orders(devices)
    devices.apply(HALF)
    now, p = orders(devices), devices._floats.relaxation
    kept = np.abs(now - old) < 1e-9
    young = now > 0.7
    between = ~kept & ~young
    assert (now <= p.initial + 1e-12).all()
    assert min(kept.sum(), young.sum()) > 20
    assert between.sum() < 0.2 * now.size  # the range of temperatures between is narrow


def test_what_melts_is_fresh_when_the_pulse_ends():
    """However long the pulse was: the time of the pulse is not an age of what melted in it."""
    found = []
    for width in (1e-7, 1e-3):
        devices = QUIET.population(50, seed=2)
        devices.apply(pcm.Pulse(current=480e-6, width=width))
        devices.wait(1e-6)
        found.append(devices.now().glass_age)
    assert found[0] == pytest.approx(1e-6, rel=2e-3)
    assert found[1] == pytest.approx(1e-6, rel=2e-3)


def test_a_long_warm_pulse_ages_a_fresh_glass():
    """Below the glass transition nothing moves in nanoseconds; a hundred microseconds of 440 K are seconds at 300 K."""
    devices = QUIET.population(200, seed=5)
    devices.apply(RESET)
    warmed, waited = devices.copy(), devices.copy()
    pulse = pcm.Pulse(current=21e-6, width=1e-4)
    warmed.apply(pulse)
    waited.wait(pulse.duration)
    assert waited.now().sector_age == pytest.approx(pulse.duration, rel=1e-3)
    old = warmed.now().sector_age
    assert ((old > 30.0 * pulse.duration).sum(axis=-1) >= 1).mean() > 0.9  # beside the filament
    assert old.max() > 1.0
    # and no sector is young that was not hot enough
    assert (old < pulse.duration).mean() < 0.15


class EveryStep(Device):
    """Lives through each step of a pulse by itself, whatever a read sees of it and however little moves in it."""

    def activity(self, middle, ambient):
        return 1.0

    def crystallize(self, left, middle, ambient, farthest):
        duration = super().crystallize(left, middle, ambient, farthest)
        for s in range(SECTORS):
            if self.hottest[s] == 0.0 and ambient + self.local[s] >= 450.0:
                part = part_at(self.row, (0.5 * self.rim[s] - self.shift[s]) / self.span)
                temperature = ambient + self.local[s] * part
                self.order[s] = relaxed(self.order[s], duration, temperature, self.parameters.relaxation)
        return duration

    def live(self, duration, middle, share, ambient):
        pass


@pytest.mark.parametrize("current", [25e-6, 45e-6, 100e-6])
@pytest.mark.parametrize("fall", [5e-9, 300e-9])
def test_steps_taken_together_are_steps_one_by_one(current, fall):
    """A millisecond later the glass stands where it would if every step had been lived through by itself."""
    pulse = pcm.Pulse(current=current, width=50e-9, fall=fall)
    r = QUIET.parameters.relaxation
    differences = []
    for cell in range(12):
        found = []
        for kind in (Device, EveryStep):
            twin = kind(QUIET.parameters, 3, cell)
            twin.apply(RESET.time.tolist(), RESET.drive.tolist(), "current")
            twin.wait(HOUR)
            twin.apply(pulse.time.tolist(), pulse.drive.tolist(), "current")
            found.append([float(relaxed(order, 1e-3, 300.0, r)) for order in twin.order])
        differences.append(np.abs(np.subtract(*found)))
    # an order of 0.001 is one percent of the resistance at 300 K; an age of two instead of one millisecond is 0.007
    assert np.median(differences) < 1e-4
    assert np.quantile(differences, 0.95) < 7e-3
    assert np.max(differences) < 0.010


# ---- what a device keeps


def test_a_reset_keeps_the_whole_spread_from_cycle_to_cycle():
    """Exponents of all sectors from one quench: their mean over a device spreads as one does.

    Draws of each sector's own would leave a quarter of it.
    """
    count = 20_000
    devices = CELL.population(count, seed=9)
    devices.apply(pcm.Pulse(current=600e-6, width=1e-6))
    for drawn in devices.quench.values():
        spread = drawn.mean(axis=-1).std() / CELL.parameters.relaxation.cycle_spread
        assert spread == pytest.approx(1.0, abs=4.0 / math.sqrt(2.0 * count))  # four standard errors: 2 %
        assert spread != pytest.approx(0.25, abs=0.5)
        assert drawn.mean() == pytest.approx(1.0, abs=2e-3)


def test_a_device_keeps_its_own_bias_of_drift():
    devices = CELL.population(2000, seed=9)
    found = []
    for _ in range(2):
        devices.apply(pcm.Pulse(current=600e-6, width=1e-6))
        found.append(devices.quench["dome_drift"][:, 0])
    assert np.abs(np.corrcoef(*found)[0, 1]) < 0.1  # n = 2000: four standard errors
    assert devices.identity["dome_drift"].std() == pytest.approx(CELL.parameters.relaxation.device_spread, rel=0.07)


@pytest.mark.parametrize("temperature", [300.0, 373.0])
def test_a_dome_drifts_by_its_exponent_from_a_second_to_a_day(temperature):
    devices = alike(telegraph={"traps": 0.0}).population(1)
    devices.apply(pcm.Pulse(current=600e-6, width=1e-6))
    conductance, times = [], np.geomspace(1.0, 1e5, 6)
    for elapsed in np.diff(times, prepend=0.0):
        devices.wait(elapsed, temperature)
        conductance.append(devices.now(temperature).sector_conductance.sum())
    slopes = -np.diff(np.log(conductance)) / np.diff(np.log(times))
    assert slopes == pytest.approx(0.11, abs=2e-3)  # 1 % of the resistance is that of films


@pytest.mark.parametrize(("temperature", "low", "high"), [(300.0, 0.10, 0.12), (125.0, 0.06, 0.12), (80.0, 0.02, 0.12)])
def test_devices_that_are_reset_in_the_cold_drift_there(temperature, low, high):
    """Measured between a second and an hour: 0.12 +- 0.029 at 300 K, 0.075 at 125 K, 0.02 to 0.1 at 80 K."""
    p = alike(telegraph={"traps": 0.0}).parameters
    cell = MushroomCell(replace(p, heat=replace(p.heat, ambient=temperature)), CELL.technology)
    devices = cell.population(1)
    devices.apply(pcm.Pulse(current=700e-6, width=1e-6))
    conductance = []
    for elapsed in (1.0, HOUR - 1.0):
        devices.wait(elapsed)
        conductance.append(devices.now().sector_conductance.sum())
    assert low < -math.log(conductance[1] / conductance[0]) / math.log(HOUR) < high


def test_memory_is_what_the_documentation_says():
    devices = CELL.population(1000, seed=1)
    assert devices.nbytes / 1000 == 1198
    assert devices.nbytes / 1000 <= 1200
    assert "1198 bytes a device" in type(devices).__doc__


def test_seconds_count_after_days():
    """A read every second for an hour, ten days after the quench: as one wait. Single precision would stand still."""
    once, often = aged(3), aged(3)
    for devices in (once, often):
        devices.wait(1e6)
    once.wait(HOUR)
    for _ in range(3600):
        often.wait(1.0)
        often._advance()
    once._advance()
    assert often._state.age == pytest.approx(once._state.age, rel=1e-12)
    single = np.float32(orders(once)[0, 0])
    assert np.float32(single - 1.0 / 1e6 / 96.7) == single


# ---- any history

HISTORY = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(-8, 8), st.floats(77.0, 870.0)),
        st.tuples(st.just("pulse"), st.floats(10e-6, 600e-6), st.floats(-9, -5)),
        st.tuples(st.just("disturb"), st.floats(-8, 4), st.lists(st.floats(77.0, 870.0), min_size=4, max_size=4)),
        st.tuples(st.just("read"), st.floats(-8, 0), st.floats(77.0, 450.0)),
    ),
    min_size=1,
    max_size=8,
)


@given(steps=HISTORY, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_any_history_moves_the_glass_towards_its_floor(steps, seed):
    devices = CELL.population(4, seed=seed)
    p = devices._floats.relaxation
    for kind, first, second in steps:
        devices._advance()
        before = orders(devices)
        if kind == "pulse":
            devices.apply(pcm.Pulse(current=first, width=10.0**second, fall=5e-9))
            temperature = None
        elif kind == "disturb":
            devices.disturb(10.0**first, second)
            temperature = np.array(second)[:, None]
        elif kind == "wait":
            devices.wait(10.0**first, second)
            devices._advance()
            temperature = np.full((4, 1), second)
        else:
            assert np.isfinite(devices.read(duration=10.0**first, temperature=second)).all()
            devices._advance()
            temperature = np.full((4, 1), second)
        after = orders(devices)
        assert np.isfinite(after).all()
        assert (after <= p.initial + 1e-12).all()
        if temperature is not None:
            rest = np.array([[floor(float(t), p) for t in row] for row in temperature])
            low, high = np.minimum(before, rest), np.maximum(before, rest)
            assert ((after >= low - 1e-12) & (after <= high + 1e-12)).all()
        assert (devices.conductance() > 0.0).all()
    # one number, two ways to it
    assert order_of(float(devices._state.age[0, 0]), p) == pytest.approx(orders(devices)[0, 0], abs=1e-13)


@given(steps=HISTORY, seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_a_slice_has_the_history_of_the_whole(steps, seed):
    cell = varied(crystallization={"nucleation_factor": 10.0 * CELL.parameters.crystallization.nucleation_factor})
    outcomes = []
    for first, count in ((0, 4), (2, 2)):
        devices = cell.population(count, seed=seed, first_cell=first)
        for kind, x, y in steps:
            if kind == "pulse":
                devices.apply(pcm.Pulse(current=x, width=10.0**y, fall=5e-9))
            elif kind == "disturb":
                devices.disturb(10.0**x, y[first:])
            elif kind == "wait":
                devices.wait(10.0**x, y)
            else:
                devices.read(duration=10.0**x, temperature=y)
        devices._advance()
        outcomes.append([part[-2:] for part in devices._state])
    assert same(*outcomes)
