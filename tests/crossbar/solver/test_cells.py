"""Physical devices behind selectors: the node between the two is found at any voltage, for any law."""

import contextlib

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Diode, Exponential, ParameterError, Transistor, Wires
from pcmphys.crossbar import OTS, Selector
from pcmphys.crossbar.selectors import Series
from pcmphys.crossbar.solver.switching import SwitchingDevices
from pcmphys.errors import ConvergenceError, ValidityWarning

SHAPE = (16, 16)


class Steep(Selector):
    """A law of one's own that overflows."""

    def __init__(self, current, voltage):
        self.scale, self.voltage = current, voltage

    def current(self, voltage, *, gate=None, on=None):
        return self.scale * np.expm1(voltage / self.voltage), self.scale / self.voltage * np.exp(voltage / self.voltage)


class Cubic(Selector):
    def __init__(self, scale):
        self.scale = scale

    def current(self, voltage, *, gate=None, on=None):
        return self.scale * voltage**3, 3.0 * self.scale * voltage**2


class Jump(Cubic):
    def current(self, voltage, *, gate=None, on=None):
        jump = 1e-6 * ((voltage > 0.3).astype(float) - (voltage < -0.3))
        return self.scale * voltage + jump, np.full_like(voltage, self.scale)


class Wrong(Cubic):
    """A slope that is far too large."""

    def current(self, voltage, *, gate=None, on=None):
        return self.scale * voltage, np.full_like(voltage, 1e12 * self.scale)


class Nothing(Cubic):
    def current(self, voltage, *, gate=None, on=None):
        return np.where(voltage > 0.1, np.nan, self.scale * voltage), np.full_like(voltage, self.scale)


@pytest.fixture(scope="module")
def devices():
    """Half of them RESET."""
    made = pcm.load_cell("ibm-90nm-doped-gst").population(SHAPE, seed=3)
    made.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9), where=np.indices(SHAPE).sum(axis=0) % 2 == 0)
    made.wait(10.0)
    return made


def cells_of(devices, selector, on, switched=None):
    return SwitchingDevices(devices.now(), selector, None, None if on is None else on[0], switched)


def solved(devices, selector, voltage, on=None, switched=None):
    found = Series(*(np.full(SHAPE, np.nan) for _ in range(3)))
    cells_of(devices, selector, on, switched).evaluate(voltage, found)
    return found


def laws(devices, selector, voltage, inner, on, switched):
    keywords = {"on": on[0]} if on is not None else {}
    with np.errstate(all="ignore"):
        return *selector.current(inner, **keywords), *devices.now().current(voltage - inner, on=switched, warn=False)


def some_selectors(rng):
    scale = 10.0 ** rng.uniform(-18, -6)
    yield Diode(scale, ideality=rng.uniform(0.5, 3.0), temperature=rng.choice([4.0, 77.0, 300.0, 400.0])), None
    yield Exponential(scale, 10.0 ** rng.uniform(-3, 0)), None
    yield Transistor(0.4, 10.0 ** rng.uniform(-12, -3), gate_voltage=rng.uniform(-1.0, 3.0)), None
    yield OTS(leakage_current=scale, leakage_voltage=0.1), rng.random((1, *SHAPE)) < 0.5
    yield Steep(scale, 10.0 ** rng.uniform(-3, 0)), None
    yield Cubic(scale), None


@pytest.mark.parametrize("seed", range(30))
def test_any_selector_at_any_voltage(devices, seed):
    rng = np.random.default_rng(seed)
    voltage = rng.choice([-1.0, 1.0], SHAPE) * 10.0 ** rng.uniform(-3, np.log10(20.0), SHAPE)
    switched = rng.random(SHAPE) < 0.3
    for selector, on in some_selectors(rng):
        found = solved(devices, selector, voltage, on, switched)
        of_selector, slope, of_device, device_slope = laws(devices, selector, voltage, found.inner, on, switched)
        # both currents agree as far as the rounding of the inner voltage lets them
        rounding = 8e-16 * np.abs(voltage) * (slope + device_slope)
        largest = np.maximum(np.abs(of_selector), np.abs(of_device))
        assert (np.abs(of_selector - of_device) <= 1e-12 * largest + rounding).all(), selector
        soft = np.where(slope <= device_slope, of_selector, of_device)
        assert found.current == pytest.approx(soft, rel=1e-9), selector
        assert ((found.slope >= 0.0) & np.isfinite(found.slope)).all()
        assert (np.abs(found.inner) <= np.abs(voltage)).all()
        # and from there again: the same
        again = Series(found.current.copy(), found.slope.copy(), found.inner.copy())
        cells_of(devices, selector, on, switched).evaluate(voltage, again)
        assert again.current == pytest.approx(found.current, rel=1e-9)


def test_a_jump_of_the_law_holds_the_node(devices):
    voltage = np.full(SHAPE, 0.35)
    found = solved(devices, Jump(1e-9), voltage)
    at_jump = np.abs(found.inner - 0.3) < 1e-12
    # where the device carries less than the jump it takes the rest of the voltage, and its current flows
    current, slope = devices.current(voltage - 0.3, warn=False)
    assert np.array_equal(at_jump, current < 1e-6 + 3e-10)
    assert found.current[at_jump] == pytest.approx(current[at_jump], rel=1e-9)
    assert found.slope[at_jump] == pytest.approx(slope[at_jump], rel=1e-9)
    assert at_jump.any()
    assert not at_jump.all()


def test_a_wrong_slope_is_not_taken_for_a_solution(devices):
    voltage = np.full(SHAPE, 0.5)
    found, right = solved(devices, Wrong(1e-7), voltage), solved(devices, Jump(1e-7), np.full(SHAPE, 0.2))
    of_device = devices.current(voltage - found.inner, warn=False)[0]
    assert 1e-7 * found.inner == pytest.approx(of_device, rel=1e-8)
    assert np.isfinite(right.current).all()


def test_a_law_that_is_no_number_is_named(devices):
    with pytest.raises(ParameterError, match=r"cell \[0, 0\]: its I-V curve is not a number at 1 V"):
        solved(devices, Nothing(1e-7), np.full(SHAPE, 1.0))


def test_a_law_that_does_not_settle_says_how_far_it_came(devices, monkeypatch):
    monkeypatch.setattr("pcmphys.crossbar.solver.cells._MOST_STEPS", 2)
    with pytest.raises(ConvergenceError, match="did not settle") as caught:
        solved(devices, Diode(1e-12), np.full(SHAPE, 12.0))
    assert caught.value.iterations == 2
    assert 0.0 < caught.value.residual <= 1.0


@pytest.mark.parametrize("wires", [None, Wires(row=1.0, column=1.0)])
@pytest.mark.parametrize("voltage", [12.0, 20.0, -12.0])
def test_an_array_of_physical_cells_behind_diodes(devices, voltage, wires):
    small = pcm.load_cell("ibm-90nm-doped-gst").population((3, 2), seed=1)
    told = pytest.warns(ValidityWarning, match="devices carry more than 0.001 A")
    with told if voltage > 0.0 else contextlib.nullcontext():
        solution = Crossbar(small, wires, Diode(1e-12)).solve(Bias.matvec(np.full(3, voltage)))
    assert np.isfinite(solution.column_current).all()
    assert (solution.column_current * voltage > 0.0).all()
    assert solution.residual < 1e-9
