"""A look at devices: what they are at one moment, evaluated once, never changing; and twins of some of them."""

from __future__ import annotations

import threading
import tracemalloc

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.cells.mushroom import devices as mushroom_devices
from pcmphys.cells.mushroom.look import MushroomLook
from pcmphys.cells.protocol import are_devices, is_look
from pcmphys.cells.twins import run
from pcmphys.errors import ParameterError, ValidityWarning

PHYSICAL = ["ibm-90nm-doped-gst", "ibm-90nm-projected"]
CELLS = ["ibm-90nm-statistical", *PHYSICAL]
RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
SET = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)


def made(name, shape=(4, 5), seed=3):
    """Devices that have lived: programmed or RESET and partly SET, then a day of drift."""
    devices = pcm.load_cell(name).population(shape, seed=seed)
    if name in PHYSICAL:
        devices.apply(RESET)
        devices.apply(SET, amplitude=np.linspace(20e-6, 250e-6, devices.size).reshape(devices.shape))
    else:
        devices.program(np.linspace(1e-6, 25e-6, devices.size).reshape(devices.shape))
    devices.wait(86400.0)
    return devices


def numbers(look) -> dict[str, np.ndarray]:
    """All arrays of a look."""
    names = ["conductance", "drift_exponent", "relative_noise"]
    if isinstance(look, MushroomLook):
        names += [
            "threshold_voltage", "glass_age", "crystalline_fraction", "amorphous_thickness", "sector_conductance",
            "grains", "heater_radius", "thermal_resistance", "filament", "ceiling",
        ]  # fmt: skip
    found = {name: getattr(look, name) for name in names}
    if isinstance(look, MushroomLook):
        found |= dict(zip(("on", "steepness"), look.current(1.5), strict=True)) | look.folds()._asdict()
    return found | dict(zip(("current", "slope"), look.current(0.15), strict=True))


@pytest.mark.parametrize("name", CELLS)
def test_a_look_never_changes(name):
    devices = made(name)
    look, untouched = devices.now(), numbers(devices.copy().now())
    time = devices.time
    # what the devices do next: the first numbers are asked for only afterwards
    if name in PHYSICAL:
        devices.apply(RESET)
    else:
        devices.program(5e-6)
    devices.wait(1e6)
    devices.read()
    later = numbers(devices.now())
    for key, values in numbers(look).items():
        np.testing.assert_array_equal(values, untouched[key], err_msg=key)
    assert look.time == time
    assert not np.array_equal(later["conductance"], untouched["conductance"])
    with pytest.raises(AttributeError):
        look.time = 0.0
    with pytest.raises(ValueError, match="read-only"):
        look.conductance[0, 0] = 1.0


@pytest.mark.parametrize("name", CELLS)
def test_looking_leaves_the_future_as_it_is(name):
    def future(devices):
        devices.wait(10.0, temperature=420.0 if name in PHYSICAL else None)
        first = devices.read()
        if name in PHYSICAL:
            devices.apply(SET)
        return [first, devices.read(), devices.conductance()]

    watched, alone = made(name), made(name)
    numbers(watched.now())
    for seen, unseen in zip(future(watched), future(alone), strict=True):
        np.testing.assert_array_equal(seen, unseen)


@pytest.mark.parametrize("name", CELLS)
def test_the_population_says_what_its_look_says(name):
    devices = made(name)
    look = devices.now()
    np.testing.assert_array_equal(devices.conductance(), look.conductance)
    np.testing.assert_array_equal(devices.current(0.1), look.current(0.1))
    np.testing.assert_array_equal(devices.drift_exponent, look.drift_exponent)
    assert (look.shape, look.size, look.cell, look.ohmic) == ((4, 5), 20, devices.cell, devices.ohmic)
    assert are_devices(devices)
    assert is_look(look)
    assert not are_devices(look)
    assert not is_look(np.ones(3))


@pytest.mark.parametrize("name", PHYSICAL)
def test_a_look_at_another_temperature(name):
    devices = made(name)
    warm, cold = devices.now(350.0), devices.now()
    assert (warm.temperature, cold.temperature) == (350.0, 300.0)
    np.testing.assert_array_equal(warm.conductance, devices.conductance(temperature=350.0))
    # amorphous and films conduct more when warm; thresholds fall
    assert (warm.conductance > cold.conductance).all()
    blocked = cold.threshold_voltage > 0.1
    assert blocked.any()
    assert (warm.threshold_voltage < cold.threshold_voltage)[blocked].all()
    with pytest.raises(ParameterError, match=r"temperature must be a number in K"):
        devices.now(5000.0)


def test_the_exponent_of_a_look_is_the_slope_of_its_drift():
    devices = made("ibm-90nm-doped-gst")
    look = devices.now()
    before, step = look.conductance, 1e-3
    devices.wait(step * float(look.glass_age.max()))
    slope = -np.log(devices.conductance() / before) / np.log1p(step * look.glass_age.max() / look.glass_age)
    np.testing.assert_allclose(look.drift_exponent, slope, rtol=2e-3)


def test_conductance_after_a_time_of_each_devices_own():
    devices = made("ibm-90nm-doped-gst")
    look = devices.now()
    ahead = np.geomspace(1.0, 1e6, 20).reshape(4, 5)
    found = look.conductance_after(ahead)
    for place in ((0, 0), (2, 3), (3, 4)):
        one = devices.copy()
        one.wait(float(ahead[place]))
        assert found[place] == pytest.approx(one.conductance()[place], rel=1e-9)


def test_grains_are_those_of_the_state():
    look = made("ibm-90nm-doped-gst").now()
    state = look.state
    assert look.grains.shape == (4, 5, 16, 3, 2)
    assert np.isfinite(look.grains[..., 0]).sum() == state.count.sum() > 0
    with pytest.raises(ValueError, match="read-only"):
        state.rim[0, 0] = 0.0


@pytest.mark.parametrize("name", PHYSICAL)
def test_relative_noise_is_that_of_reads(name):
    """Variance of 30 reads, far apart, of each of 300 devices, in units of what their looks state: one in the mean."""
    devices = pcm.load_cell(name).population(300, seed=5)
    devices.apply(RESET)
    stated, found = [], []
    for _ in range(30):
        devices.wait(1e9)  # ten times the slowest trap
        look = devices.now()
        stated.append(look.relative_noise)
        found.append(devices.read() / look.conductance)
    ratio = np.var(found, axis=0, ddof=1) / np.mean(np.square(stated), axis=0)
    # its standard deviation over devices is 0.24: 5 sigma of the mean of 300
    assert ratio.mean() == pytest.approx(1.0, abs=0.07)


def test_relative_noise_of_statistical_devices_is_that_of_reads():
    devices = pcm.load_cell("ibm-90nm-statistical").population(20_000, seed=2)
    devices.program(20e-6)
    devices.wait(1e4)
    look = devices.now()
    deviation = (devices.read() / look.conductance - 1.0) / look.relative_noise
    assert np.mean(deviation**2) == pytest.approx(1.0, abs=0.04)  # 4 sigma of 20 000 squares of normals


# ---------------------------------------------------------------- twins of some devices


INDICES = [
    2,
    slice(1, 3),
    (1, 3),
    (3, slice(1, 4)),
    (slice(2, 3), slice(0, 2)),
    ...,
    (..., slice(None)),
    -1,
    slice(0, 0),
]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_twins_have_the_past_and_the_future_of_the_devices_they_are_of(name, index):
    devices = made(name)
    devices.read()
    twins = devices[index]

    def future(some):
        some.wait(30.0)
        first = some.read()
        if name in PHYSICAL:
            some.apply(SET)
            some.wait(1e3, temperature=400.0)
        else:
            some.program(7e-6)
        return [first, some.read(), some.conductance()]

    for part, whole in zip(future(twins), future(devices), strict=True):
        np.testing.assert_array_equal(part, whole[index])
    assert twins.shape == np.empty((4, 5))[index].shape


@pytest.mark.parametrize("name", CELLS)
def test_twins_are_independent(name):
    devices = made(name)
    before = devices.conductance()
    twins = devices[1:3]
    twins.wait(1e8)
    twins.read()
    if name in PHYSICAL:
        twins.apply(RESET)
    np.testing.assert_array_equal(devices.conductance(), before)
    assert devices.time == made(name).time


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (slice(None, None, 2), "neighbours"),
        ((slice(None), 2), "neighbours"),
        (slice(None, None, -1), "neighbours"),
        (7, "does not fit a population of shape"),
        ((0, 0, 0), "does not fit a population of shape"),
        ("first", "whole numbers and slices"),
        (1.0, "whole numbers and slices"),
        (True, "whole numbers and slices"),
        ([0, 1], "whole numbers and slices"),
    ],
    ids=str,
)
def test_other_indices_are_refused(index, message):
    with pytest.raises(ParameterError, match=message):
        made("ibm-90nm-statistical")[index]


def test_a_population_is_a_row_of_twins_but_no_array():
    devices = made("ibm-90nm-statistical")
    assert len(devices) == 4
    assert [twins.shape for twins in devices] == [(5,)] * 4
    assert devices.flat[3:11].shape == (8,)
    assert devices.flat[7].shape == ()
    np.testing.assert_array_equal(devices.flat[3:11].conductance(), devices.conductance().reshape(-1)[3:11])
    with pytest.raises(TypeError, match="no array of numbers"):
        np.asarray(devices)
    with pytest.raises(TypeError, match="no length"):
        len(devices[0, 0])
    assert bool(devices[0:0])


def test_a_twin_of_devices_that_were_never_programmed():
    devices = pcm.load_cell("ibm-90nm-statistical").population(6, seed=1)
    devices.program(5e-6, where=[True, True, True, False, False, False])
    assert devices[:3].conductance().shape == (3,)
    with pytest.raises(ParameterError, match="3 of 3 devices hold no conductance"):
        devices[3:].conductance()


# ---------------------------------------------------------------- arrays of devices


def test_an_array_evaluates_its_devices_once_a_solve(monkeypatch):
    """Not at each of Newton's steps, and not once a thread."""
    looks = []
    original = mushroom_devices.MushroomPopulation.now

    def now(self, temperature=None):
        looks.append(threading.get_ident())
        return original(self, temperature)

    monkeypatch.setattr(mushroom_devices.MushroomPopulation, "now", now)
    devices = made("ibm-90nm-doped-gst")
    xbar = pcm.Crossbar(devices, pcm.Wires(row=1e3, column=1e3))
    solution = xbar.solve(pcm.Bias.matvec(np.full((4, 30), 0.2)))
    assert solution.iterations > 1
    assert len(looks) == 1
    _ = solution.cell_current  # node voltages of a large batch are found again
    assert len(looks) == 1
    pcm.Crossbar(devices, selector=pcm.Diode(1e-9)).solve(pcm.Bias.matvec(np.full((4, 3), 0.3)))
    assert len(looks) == 2
    assert set(looks) == {threading.get_ident()}


@pytest.mark.parametrize("selector", [None, pcm.Diode(1e-9)], ids=str)
def test_a_batch_of_physical_devices_is_its_inputs_one_by_one_on_any_number_of_threads(selector):
    devices = made("ibm-90nm-doped-gst", (6, 7))
    xbar = pcm.Crossbar(devices, pcm.Wires(row=1.0, column=1.0), selector)
    voltage = np.linspace(0.02, 0.2, 6 * 25).reshape(6, 25)
    expected = [xbar.solve(pcm.Bias.matvec(voltage[:, k])).column_current for k in range(25)]
    before = numba.get_num_threads()
    for count in {1, numba.config.NUMBA_NUM_THREADS}:
        try:
            numba.set_num_threads(count)
            found = xbar.solve(pcm.Bias.matvec(voltage))
        finally:
            numba.set_num_threads(before)
        np.testing.assert_array_equal(found.column_current.T, expected, err_msg=f"{count} threads")


def test_an_array_of_a_look_stands_still():
    devices = made("ibm-90nm-doped-gst")
    still, moving = pcm.Crossbar(devices.now()), pcm.Crossbar(devices)
    bias = pcm.Bias.matvec(np.full(4, 0.1))
    before = moving.solve(bias).column_current
    np.testing.assert_array_equal(still.solve(bias).column_current, before)
    devices.wait(1e8)
    np.testing.assert_array_equal(still.solve(bias).column_current, before)
    assert (moving.solve(bias).column_current < before).all()
    assert still.population is None
    warm = pcm.Crossbar(devices.now(340.0)).solve(bias).column_current
    assert (warm > moving.solve(bias).column_current).all()
    ohmic = pcm.Crossbar(made("ibm-90nm-statistical").now())
    assert ohmic.linear
    with pytest.raises(ParameterError, match="these take no pulses"):
        still.write(bias, RESET)
    with pytest.raises(ParameterError, match=r"cells must be a population of shape \(rows, columns\)"):
        pcm.Crossbar(devices.flat[:3].now())


def test_warnings_of_validity_point_at_the_line_that_asked():
    devices = made("ibm-90nm-doped-gst")
    look = devices.now()
    for ask in (lambda: look.current(3.5), lambda: devices.current(3.5)):
        with pytest.warns(ValidityWarning, match=r"voltage: 20 of 20 devices carry more than 0.001 A") as found:
            ask()
        assert found[0].filename == __file__


@given(
    shape=st.lists(st.integers(0, 4), max_size=3).map(tuple),
    index=st.lists(st.one_of(st.integers(-5, 5), st.slices(4), st.just(Ellipsis)), max_size=4).map(tuple),
)
def test_a_run_of_twins_is_what_numpy_picks(shape, index):
    """Against numpy on an array of all places."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    try:
        picked = places[index]
    except IndexError:
        with pytest.raises(ParameterError, match="does not fit"):
            run(index, shape)
        return
    flat = np.ravel(picked)
    if flat.size and not np.array_equal(flat, np.arange(flat[0], flat[0] + flat.size)):
        with pytest.raises(ParameterError, match="neighbours"):
            run(index, shape)
        return
    found = run(index, shape)
    assert found.shape == np.shape(picked)
    assert np.array_equal(np.arange(found.start, found.stop), flat)


def test_a_twin_of_many_devices_looks_at_its_own_only():
    tracemalloc.start()
    assert run(slice(7, 9), (10**9,)) == (7, 9, (2,))
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
