"""Physical devices by a few points of their I-V: the answer is that of the devices themselves."""

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Diode, Exponential, Transistor, Wires
from pcmphys.crossbar import OTS, Selector
from pcmphys.crossbar.solver import recalled
from pcmphys.crossbar.solver.recalled import RecalledDevices
from tests.cells.mushroom.mushroom_cells import emitting

SHAPE = (12, 9)
BARE = pcm.load_cell("ibm-90nm-doped-gst")
CELLS = {"bare": BARE, "projected": pcm.load_cell("ibm-90nm-projected"), "emitting": emitting(BARE)}
WIRES = Wires(row=5.0, column=3.0, sense=200.0)
SELECTORS = {
    "alone": None,
    "diode": Diode(1e-9, ideality=1.3),
    "sinh": Exponential(current=1e-7, voltage=0.08),
    "transistor": Transistor(threshold_voltage=0.4, transconductance=2e-4, gate_voltage=1.1),
    "ots": OTS(threshold_voltage=0.6, hold_voltage=0.2, holding_current=1e-7, on_resistance=2e3),
}


class Own(Selector):
    def current(self, voltage):
        return 1e-6 * voltage + 1e-4 * voltage**3, 1e-6 + 3e-4 * voltage**2


def look_at(cell, seed=3):
    """Half of them RESET, some with a poor contact."""
    devices = cell.population(SHAPE, seed=seed, limited=0.3, ceiling=8e-6)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9), where=np.indices(SHAPE).sum(axis=0) % 2 == 0)
    devices.wait(10.0)
    return devices.now()


@pytest.fixture(scope="module")
def looks():
    return {name: look_at(cell) for name, cell in CELLS.items()}


def both(monkeypatch, xbar, bias, **options):
    """Solutions by points and by the devices themselves at every step, and how often points were not enough."""
    missed, by_points = [], recalled.solve

    def counted(*arguments):
        found = by_points(*arguments)
        missed.append(found is None)
        return found

    monkeypatch.setattr(recalled, "solve", counted)
    fast = xbar.solve(bias, **options)
    monkeypatch.setattr(recalled, "solve", lambda *arguments: None)
    return fast, xbar.solve(bias, **options), sum(missed)


@pytest.mark.parametrize("selector", [*SELECTORS, "own"])
@pytest.mark.parametrize("cell", CELLS)
def test_answer_of_the_devices_themselves(monkeypatch, looks, cell, selector):
    law = Own() if selector == "own" else SELECTORS[selector]
    high = 0.25 if law is None else 0.55
    voltage = np.random.default_rng(1).uniform(-0.4 * high, high, SHAPE[0])
    voltage[4] = 0.0
    fast, right, missed = both(monkeypatch, Crossbar(looks[cell], WIRES, law), Bias.matvec(voltage))
    assert missed == 0
    largest = np.abs(right.cell_current).max()
    for name in ("row_current", "column_current", "cell_current"):
        np.testing.assert_allclose(getattr(fast, name), getattr(right, name), rtol=0, atol=2e-12 * largest)
    for name in ("row_voltage", "column_voltage"):
        np.testing.assert_allclose(getattr(fast, name), getattr(right, name), rtol=0, atol=1e-12)
    assert fast.residual <= 1e-12
    # and what the devices say of their voltages, each in its own measure
    current, _ = looks[cell].current(fast.device_voltage, on=np.zeros(SHAPE, bool), warn=False)
    np.testing.assert_allclose(fast.cell_current, current, rtol=1e-9, atol=1e-12 * largest)


@pytest.mark.parametrize("selector", ["alone", "diode"])
def test_few_points_are_asked_for(monkeypatch, looks, selector):
    asked = []
    kind = type(looks["bare"])
    monkeypatch.setattr(kind, "current", lambda *arguments, **keywords: pytest.fail("a current was asked for"))
    near = kind.point_near
    monkeypatch.setattr(kind, "point_near", lambda self, *given: asked.append(given[0].size) or near(self, *given))
    Crossbar(looks["bare"], WIRES, SELECTORS[selector]).solve(Bias.matvec(np.linspace(0.05, 0.2, SHAPE[0])))
    assert len(asked) <= 4
    assert sum(asked) <= 3.5 * looks["bare"].size


def test_ramps_and_floating_lines(monkeypatch, looks):
    xbar = Crossbar(looks["bare"], WIRES, SELECTORS["sinh"])
    bias = Bias.select(3, 2, 0.5, "float")
    fast, right, missed = both(monkeypatch, xbar, bias)
    assert missed == 0
    np.testing.assert_allclose(fast.column_current, right.column_current, rtol=1e-9)
    np.testing.assert_allclose(fast.cell_voltage, right.cell_voltage, atol=1e-11)
    start = xbar.solve(bias.scaled(0.8))
    assert xbar.solve(bias, start=start).column_current == pytest.approx(right.column_current, rel=1e-9)


def test_devices_that_switch_are_looked_at_themselves(monkeypatch):
    devices = BARE.population((2, 2), seed=3)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    xbar, bias = Crossbar(devices, Wires(row=500.0, column=500.0)), Bias.select(0, 1, 2.5)
    fast, right, _ = both(monkeypatch, xbar, bias)
    assert right.switched.any()
    assert (fast.switched == right.switched).all()
    np.testing.assert_allclose(fast.cell_current, right.cell_current, rtol=1e-9)


def laws(look, voltage):
    cells = RecalledDevices(look, None, None, None)
    for each in voltage:
        cells.renew(np.full(SHAPE, each))
    return cells


def error_at(cells, look, voltage):
    series = pcm.crossbar.selectors.Series(*(np.empty(SHAPE) for _ in range(3)))
    cells.evaluate(np.full(SHAPE, voltage), series)
    current, slope = look.current(voltage, on=np.zeros(SHAPE, bool), warn=False)
    return np.abs(series.current / current - 1.0), np.abs(series.slope / slope - 1.0)


@pytest.mark.parametrize("cell", CELLS)
def test_law_between_points(looks, cell):
    """Near both points, and at the later one to rounding; its own estimate is no less than its error."""
    look = looks[cell]
    for known in ([0.2], [0.25, 0.2], [0.2, 0.23]):
        cells = laws(look, known)
        for voltage in np.linspace(0.5 * known[-1], 1.4 * known[-1], 13):
            out = np.empty(look.size)
            recalled.estimates(0, look.size, np.full(look.size, voltage), cells.known, out)
            current, _ = error_at(cells, look, voltage)
            assert (current.reshape(-1) <= out + 1e-14).all()


def test_slope_is_that_of_the_law(looks):
    look = looks["bare"]
    cells = laws(look, [0.25, 0.2])
    for voltage in (0.19, 0.22, 0.3, -0.21):
        series = [pcm.crossbar.selectors.Series(*(np.empty(SHAPE) for _ in range(3))) for _ in range(3)]
        for step, out in zip((-1e-6, 1e-6, 0.0), series, strict=True):
            cells.evaluate(np.full(SHAPE, voltage + step), out)
        numerical = (series[1].current - series[0].current) / 2e-6
        np.testing.assert_allclose(series[2].slope, numerical, rtol=1e-7)
        assert (np.sign(series[2].current) == np.sign(voltage)).all()


@pytest.mark.parametrize("cell", CELLS)
def test_points_lie_on_the_curve(looks, cell):
    look = looks[cell]
    chosen, voltage = np.arange(0, look.size, 2), np.full((look.size + 1) // 2, 0.3)
    for about in (np.nan, 1e-7):
        point = look.point_near(chosen, voltage, np.full(chosen.size, about))
        asked = np.full(look.size, 0.1)
        asked[chosen] = point[0]
        current, slope = look.current(asked.reshape(SHAPE), on=np.zeros(SHAPE, bool), warn=False)
        np.testing.assert_allclose(point[1], current.reshape(-1)[chosen], rtol=1e-13)
        np.testing.assert_allclose(point[2], slope.reshape(-1)[chosen], rtol=1e-12)
        assert (np.abs(point[0] / voltage - 1.0) < 1.0).all()
