"""Histories nobody would think of: whatever is done, devices stay finite, and alike in chunks, threads and copies."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.cells.mushroom import clock, look
from pcmphys.cells.mushroom import devices as module
from pcmphys.cells.mushroom import read as reads
from pcmphys.physics.state import SHELLS
from pcmphys.programming import SCHEMES
from tests.cells.mushroom.mushroom_cells import CELL, RESET, P, alike, emitting, same, state, varied

COUNT = 7
LARGEST = P.heat.largest_current
# many grains, traps that change within a read, a path along the edge, every kind of defect
BUSY = varied(
    crystallization={"nucleation_factor": 60.0 * P.crystallization.nucleation_factor},
    conduction={"edge_conductance": 2e-7},
    telegraph={"traps": 27.0, "fastest": 2e-9, "emission_over_capture": 0.4},
)
EMITTING = emitting()
DEFECTS = {"stuck_high": 0.1, "stuck_low": 0.1, "limited": 0.3, "ceiling": 1e-5}

AMBIENT = st.one_of(st.none(), st.floats(77.0, 879.9), st.just(math.nextafter(880.0, 0.0)))
WHERE = st.one_of(st.none(), st.lists(st.booleans(), min_size=COUNT, max_size=COUNT).map(np.array))
CURRENT = st.one_of(st.sampled_from([0.0, 1e-12, 2e-5, LARGEST, -LARGEST]), st.floats(-LARGEST, LARGEST))
EDGE = st.one_of(st.just(0.0), st.floats(-15, -3).map(lambda x: 10.0**x))
WIDTH = st.floats(-15, 2).map(lambda x: 10.0**x)
EACH = st.lists(CURRENT, min_size=COUNT, max_size=COUNT).map(np.array)


@st.composite
def corners(draw):
    steps = draw(st.lists(EDGE, min_size=1, max_size=6))
    time = np.concatenate([[0.0], np.cumsum([*steps, 1e-9])])
    kind, size = draw(st.sampled_from([("current", LARGEST), ("voltage", 2.8)]))
    parts = st.one_of(st.just(0.0), st.floats(-1.0, 1.0))
    drive = size * np.array(draw(st.lists(parts, min_size=time.size, max_size=time.size)))
    return pcm.Pulse.piecewise(time, **{kind: drive})


PULSE = st.one_of(
    st.builds(pcm.Pulse, current=CURRENT, width=WIDTH, rise=EDGE, fall=EDGE),
    st.builds(pcm.Pulse, voltage=st.floats(-2.8, 2.8), width=WIDTH, rise=EDGE, fall=EDGE),
    corners(),
)
DO = st.one_of(
    st.tuples(st.just("apply"), PULSE, WHERE, AMBIENT, st.sampled_from([1, 1, 30])),
    st.tuples(st.just("each"), EACH, WIDTH, WHERE),
    st.tuples(st.just("wait"), st.one_of(st.just(0.0), st.floats(-12, 12).map(lambda x: 10.0**x)), AMBIENT),
    st.tuples(
        st.just("disturb"),
        st.floats(-12, 8).map(lambda x: 10.0**x),
        st.lists(st.floats(77.0, 879.9), min_size=COUNT, max_size=COUNT).map(np.array),
    ),
    st.tuples(st.just("read"), st.floats(-12, 8).map(lambda x: 10.0**x), WHERE, AMBIENT),
    st.tuples(st.just("program"), st.sampled_from(sorted(SCHEMES)), st.floats(0.0, 2.5e-5), WHERE),
)


def do(devices, step, part=slice(None)):
    """One step for some of the devices; all that comes out of it."""

    def own(value):
        return value[part] if isinstance(value, np.ndarray) else value

    kind, *given = step
    if kind == "apply":
        pulse, where, ambient, repeat = given
        report = devices.apply(pulse, where=own(where), temperature=ambient, repeat=repeat, pause=1e-9)
        return [report.peak_temperature, report.energy]
    if kind == "each":
        amplitude, width, where = given
        report = devices.apply(pcm.Pulse(current=1e-4, width=width), amplitude=own(amplitude), where=own(where))
        return [report.peak_temperature, report.energy]
    if kind == "wait":
        devices.wait(*given)
        return []
    if kind == "disturb":
        devices.disturb(given[0], own(given[1]))
        return []
    if kind == "read":
        return [devices.read(0.3, given[0], where=own(given[1]), temperature=given[2])]
    report = devices.program(given[1], scheme=SCHEMES[given[0]].but(pulses=3), where=own(given[2]))
    return [report.error, report.iterations, report.converged]


def assert_physical(devices):
    for name, values in devices._state._asdict().items():
        assert np.isfinite(np.asarray(values, dtype=float)).all(), name
    thickness, fraction = devices.amorphous_thickness, devices.crystalline_fraction
    span = P.geometry.layer_thickness - P.geometry.heater_radius * devices.identity["heater_radius"]
    assert ((thickness >= 0.0) & (thickness <= span[:, None])).all()
    assert ((fraction >= 0.0) & (fraction <= 1.0)).all()
    assert (devices.conductance() > 0.0).all()
    for voltage in (-50.0, -0.3, 0.0, 1e-9, 3.0):
        current, slope = devices.current(voltage, warn=False)
        assert (np.isfinite(current) & (current * voltage >= 0.0) & (slope > 0.0)).all()
    threshold = devices.threshold_voltage()
    assert (np.isfinite(threshold) & (threshold >= 0.0)).all()
    look = devices.now()
    for load in (0.0, 4e3):
        folds = look.folds(load)
        assert all(np.isfinite(part).all() and (part > 0.0).all() for part in folds)
        assert (folds.up_voltage >= folds.down_voltage).all()
        assert (folds.up_current <= folds.down_current).all()
        for on in (None, False, True):
            current, slope = look.current(1.1, on=on, load=load, warn=False)
            assert (np.isfinite(current) & (current > 0.0) & (slope > 0.0)).all()
    for current in (1e-9, 3e-6, -60e-6, LARGEST):
        voltage, _ = look.voltage(current)
        assert (np.isfinite(voltage) & (voltage * current > 0.0)).all()


@pytest.fixture(scope="module")
def threads_for_few():
    """Let every launch use all threads, however few devices there are."""
    before = numba.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        for room, name in ((module, "GRAIN"), (look, "GRAIN"), (clock, "_GRAIN"), (reads, "_GRAIN")):
            patch.setattr(room, name, 1)
        yield 4
    numba.set_num_threads(before)


def check_several_ways(cell, steps, seed, threads, options):
    """The same history for all devices at once, on more threads, and for three chunks of them: the same bits."""
    parts = [slice(0, 1), slice(1, 5), slice(5, COUNT)]
    whole, other = (cell.population(COUNT, seed=seed, **options) for _ in range(2))
    chunks = [cell.population(p.stop - p.start, seed=seed, first_cell=p.start, **options) for p in parts]
    for step in steps:
        numba.set_num_threads(1)
        branch = whole.copy()
        outcome = do(whole, step)
        assert same(outcome, do(branch, step))
        assert same(state(whole), state(branch))
        in_chunks = [do(chunk, step, part) for chunk, part in zip(chunks, parts)]
        assert same(outcome, [np.concatenate(pieces) for pieces in zip(*in_chunks)])
        numba.set_num_threads(threads)
        assert same(outcome, do(other, step))
        for values in outcome:
            assert not np.isinf(values.astype(float)).any()
        assert_physical(whole)
    assert same(state(whole), state(other))
    assert whole.time == other.time
    assert same([whole.read()], [np.concatenate([chunk.read() for chunk in chunks])])


@given(
    steps=st.lists(DO, min_size=1, max_size=6), seed=st.integers(0, 999), cell=st.sampled_from([CELL, BUSY, EMITTING])
)
@settings(max_examples=150, deadline=None)
def test_no_history_harms_or_tells_devices_apart(threads_for_few, steps, seed, cell):
    check_several_ways(cell, steps, seed, threads_for_few, DEFECTS if seed % 3 == 0 else {})


@pytest.mark.slow
@given(
    steps=st.lists(DO, min_size=4, max_size=16),
    seed=st.integers(0, 2**63),
    cell=st.sampled_from([CELL, BUSY, EMITTING]),
)
@settings(max_examples=1500, deadline=None)
def test_no_long_history_harms_or_tells_devices_apart(threads_for_few, steps, seed, cell):
    check_several_ways(cell, steps, seed, threads_for_few, DEFECTS if seed % 3 == 0 else {})


def test_a_grain_just_born_in_the_middle_of_a_shell_conducts():
    """It has no size, but rounding lets it cover a little; the mixture of its shell must not be one with nothing."""
    devices = alike().population(4000)
    width = (P.geometry.layer_thickness - P.geometry.heater_radius) / SHELLS
    now = devices._state
    now.rim[:] = 2.2 * width  # most of the third shell is crystal
    middle = P.geometry.heater_radius + 2.1 * width
    now.count[:, 0] = 1
    now.grain[:, 0, 0, 0] = middle * (1.0 + np.linspace(-3e-4, 3e-4, 4000))
    now.stale[:] = 1
    conductance = devices.conductance()
    assert np.isfinite(now.sector).all()
    assert conductance == pytest.approx(conductance[0], rel=1e-5)


def test_pulses_shorter_than_anything_and_longer_than_a_day():
    for width in (5e-324, 1e-30, 1e5, 1e12):
        devices = CELL.population(40, seed=3)
        for pulse in (pcm.Pulse(current=440e-6, width=width), pcm.Pulse(voltage=2.1, width=width, fall=width)):
            report = devices.apply(pulse)
            assert np.isfinite(report.energy).all()
            assert_physical(devices)
    # a plateau of any length leaves the front where the heat puts it
    short, long = CELL.population(40, seed=3), CELL.population(40, seed=3)
    short.apply(pcm.Pulse(current=440e-6, width=1e-6))
    long.apply(pcm.Pulse(current=440e-6, width=1e3))
    assert long.amorphous_thickness == pytest.approx(short.amorphous_thickness, rel=1e-3)


def test_a_thousand_pulses_are_as_good_as_one():
    """Nothing adds up that should not: RESET after RESET, and SET after SET.

    The first RESET melts crystal, the next ones melt into what the one before has left, which insulates: domes get
    4 to 7 % thicker (five seeds), and then no more. Pulses that are 5 % higher in the end, the twin that adds up,
    change them by a tenth.
    """
    one, many = CELL.population(200, seed=4), CELL.population(200, seed=4)
    one.apply(RESET, repeat=10)
    many.apply(RESET, repeat=1000)
    higher = CELL.population(200, seed=4)
    higher.apply(RESET, repeat=9)
    higher.apply(RESET, amplitude=1.05 * RESET.peak)
    for found, near in ((many, True), (higher, False)):
        ratio = np.median(found.conductance()) / np.median(one.conductance())
        thicker = found.amorphous_thickness.mean() / one.amorphous_thickness.mean()
        assert (abs(ratio - 1.0) < 0.08, abs(thicker - 1.0) < 0.03) == (near, near)
    box = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)
    many.apply(box, repeat=1000)
    fraction, thickness = many.crystalline_fraction, many.amorphous_thickness.sum(axis=-1)
    many.apply(box, repeat=200)
    assert (many.amorphous_thickness.sum(axis=-1) <= thickness * (1 + 1e-6)).all()
    # nor becomes glass again what was crystal: a grain is one until the rim has passed all of it
    assert (many.crystalline_fraction >= fraction - 1e-6).all()
    assert_physical(many)
