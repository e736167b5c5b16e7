"""Clocks: short reads after many years, times beyond all numbers, many moments."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.cells.mushroom import read as reads
from pcmphys.numerics.moment import Moment, ages

CELLS = {name: pcm.load_cell(name) for name in ("ibm-90nm-statistical", "ibm-90nm-doped-gst")}
RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
TEN_YEARS = 3.15e8
TIME = st.floats(1e-12, 1e12)


@given(st.lists(TIME, min_size=1, max_size=50))
def test_a_moment_is_the_exact_sum(durations):
    moment = Moment()
    for duration in durations:
        moment = moment.after(duration)
    exact = sum(map(Fraction, durations))
    assert abs(Fraction(moment.seconds) + Fraction(moment.rest) - exact) <= exact * Fraction(1, 2**95)
    assert moment.seconds == float(Fraction(moment.seconds) + Fraction(moment.rest))


@given(TIME, TIME)
def test_between_two_moments_lies_what_passed(before, duration):
    early = Moment().after(before)
    late = early.after(duration)
    assert late.since(early) == pytest.approx(duration, rel=1e-15)
    assert ages(late, [early, late]) == pytest.approx([duration, 0.0], rel=1e-15)
    assert late.after(-duration).since(early) == pytest.approx(0.0, abs=1e-15 * duration)


def programmed(name, count, age):
    devices = CELLS[name].population(count, seed=1)
    if name == "ibm-90nm-statistical":
        devices.program(12e-6)
    else:
        devices.apply(RESET)
    devices.wait(age)
    return devices


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("age", [TEN_YEARS, 1e10, 1e15])
def test_reads_after_years_differ_as_they_do_after_a_second(name, age):
    changed = []
    for moment in (1.0, age):
        devices = programmed(name, 4000, moment)
        first, second = devices.read(), devices.read()
        changed.append(np.mean(np.abs(second / first - 1.0) > 1e-6))  # beyond drift
    assert changed[0] > 0.01
    assert changed[1] == pytest.approx(changed[0], rel=0.2)


@pytest.mark.parametrize("name", CELLS)
def test_many_short_reads_are_not_lost(name):
    devices = programmed(name, 2, 1e10)
    start = devices.time
    for _ in range(1000):
        devices.read(duration=1e-7)
    devices.wait(1.0)
    assert devices.time - start == pytest.approx(1.0 + 1e-4, abs=4e-6)  # 1e10 s have an ulp of 2e-6 s


def test_waits_are_not_lost_between_programming_events():
    devices = CELLS["ibm-90nm-statistical"].population(2, seed=1)
    devices.wait(1e10)
    devices.program(1e-5)
    devices.wait(1e-3)
    assert devices.age == pytest.approx([1e-3, 1e-3], rel=1e-12)
    devices.program(1e-5, where=np.array([True, False]))
    devices.wait(1e-3)
    assert devices.age == pytest.approx([1e-3, 2e-3], rel=1e-12)


@pytest.mark.parametrize("temperature", [None, 400.0, 500.0])
def test_two_waits_are_one(temperature):
    """The glass lives through the whole time, however it is told: to the bit, also where it crystallizes."""
    whole, parts = programmed("ibm-90nm-doped-gst", 40, 0.0), programmed("ibm-90nm-doped-gst", 40, 0.0)
    whole.wait(96.0, temperature)
    for duration in (64.0, 32.0):
        parts.wait(duration, temperature)
    assert parts.time == whole.time
    assert np.array_equal(parts.conductance(), whole.conductance())
    assert np.array_equal(parts.read(), whole.read())


def endless(name):
    yield "wait", lambda d: d.wait(1e308)
    yield "read", lambda d: d.read(duration=1e308)
    if name == "ibm-90nm-doped-gst":
        yield "disturb", lambda d: d.disturb(1e308, 310.0)
        yield "apply", lambda d: d.apply(RESET, repeat=10, pause=1e307)
        yield "long pulse", lambda d: d.apply(pcm.Pulse(current=1e-12, width=1e308, fall=1e308))
        yield "hot", lambda d: d.wait(1.5e308, 800.0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "action"), [(n, a) for n in CELLS for a, _ in endless(n)])
def test_time_stays_finite(name, action):
    devices = programmed(name, 3, 1.0)
    if action != "hot":
        devices.wait(1e308)
    act = dict(endless(name))[action]
    time, before = devices.time, devices.conductance()
    with pytest.raises(ParameterError, match="lab clock finite"):
        act(devices)
    assert devices.time == time
    assert math.isfinite(time)
    assert np.array_equal(devices.conductance(), before)
    devices.read()


# ---- many moments


def one_by_one(devices, places):
    where = np.zeros(devices.size, dtype=bool)
    out = []
    for k in places:
        where[k] = True
        out.append(devices.read(where=where.reshape(devices.shape)).reshape(-1)[k])
        where[k] = False
    return np.array(out)


def test_a_device_does_not_care_that_others_were_read_one_by_one():
    devices = CELLS["ibm-90nm-doped-gst"].population((20, 10), seed=2)
    devices.apply(RESET)
    devices.wait(1.0)
    twin = devices.copy()
    one_by_one(devices, range(1, 200))
    for _ in range(199):
        twin.read(where=np.zeros((20, 10), dtype=bool))
    assert devices.read()[0, 0] == twin.read()[0, 0]


def test_tables_of_reads_come_in_parts(monkeypatch):
    """A device's read does not depend on how many look at once."""
    found = []
    for at_once in (4096, 16):
        monkeypatch.setattr(reads, "_AT_ONCE", at_once)
        devices = CELLS["ibm-90nm-doped-gst"].population(150, seed=2)
        devices.apply(RESET)
        one_by_one(devices, range(0, 150, 2))
        devices.wait(1.0)
        found.append([devices.read(), devices.read(where=np.arange(150) % 3 == 0)])
    assert np.array_equal(found[0], found[1], equal_nan=True)


def test_looks_that_nobody_refers_to_are_forgotten():
    devices = CELLS["ibm-90nm-doped-gst"].population(50, seed=2)
    for _ in range(10):
        one_by_one(devices, range(50))
    assert len(devices._clock._looks) <= 2 * 64


def test_programming_events_that_nobody_refers_to_are_forgotten():
    devices = CELLS["ibm-90nm-statistical"].population(3, seed=2)
    devices.program(1e-5)
    where = np.array([True, False, False])
    for _ in range(5000):
        devices.program(1e-5, where=where)
    assert len(devices._programmed_at) <= 4097


@pytest.mark.slow
def test_more_devices_than_16_bits_count_can_be_read_one_by_one():
    count = 2**16 + 10
    devices = CELLS["ibm-90nm-doped-gst"].population(count, seed=2)
    assert (one_by_one(devices, range(count)) > 0.0).all()
    assert np.unique(devices._clock.looked).size == count
    assert (devices.read() > 0.0).all()


def test_waits_beyond_32_bits_are_refused():
    devices = CELLS["ibm-90nm-doped-gst"].population(3, seed=2)
    devices._clock.waits = 2**32 - 2
    for act in (lambda: devices.wait(1.0), lambda: devices.disturb(1.0, 310.0), devices.read):
        with pytest.raises(ParameterError, match="event: a population lives through"):
            act()


def test_new_devices_drift_from_the_moment_they_are_made():
    """What help(population) says: two thirds of the conductance go in the first 20 s, and little in the next day."""
    devices = pcm.load_cell("ibm-90nm-doped-gst").population(300, seed=1)
    new = np.median(devices.conductance())
    devices.wait(20.0)
    settled = np.median(devices.conductance())
    devices.wait(86400.0)
    assert 0.25 < settled / new < 0.4
    assert 0.6 < np.median(devices.conductance()) / settled < 0.8
