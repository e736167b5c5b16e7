"""Read and write margins: closed forms, and how they change with size, wires and selectors."""

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Diode, Exponential, Transistor, Wires, margin_map, read_margin, write_margin
from pcmphys.crossbar import OTS
from pcmphys.errors import ParameterError

HIGH, LOW = 1e-5, 1e-7


def test_two_by_two_with_floating_lines():
    """The sneak path of a 2 x 2 array with open lines: three cells in series beside the selected one."""
    found = read_margin((2, 2), HIGH, LOW, 0.2, scheme="float")
    assert found.high == pytest.approx(0.2 * (HIGH + LOW / 3), rel=1e-9)
    assert found.low == pytest.approx(0.2 * (LOW + HIGH / 3), rel=1e-9)
    assert found.margin == pytest.approx(1.0 - found.low / found.high)
    assert found.sneak == pytest.approx(1.0 - LOW / (LOW + HIGH / 3), rel=1e-9)


def test_a_write_voltage_of_either_sign_disturbs_alike():
    """Half the voltage on the lines of the cell: whatever its sign, the others see its magnitude."""
    xbar = Crossbar(np.full((3, 4), HIGH))
    up, down = write_margin(xbar, 1.0), write_margin(xbar, -1.0)
    assert up.disturb == pytest.approx(0.5, rel=1e-9)
    assert (down.selected, down.disturb, down.margin) == pytest.approx((up.selected, up.disturb, up.margin), rel=1e-9)


def test_grounded_lines_without_wires_have_no_sneak_current():
    found = read_margin((16, 16), HIGH, LOW, 0.2)
    assert found.margin == pytest.approx(1.0 - LOW / HIGH)
    assert found.sneak == pytest.approx(0.0, abs=1e-12)


def test_sneak_grows_with_size_unless_a_selector_stops_it():
    sizes = (2, 8, 32)
    bare = [read_margin((n, n), HIGH, LOW, 0.5, scheme="float").margin for n in sizes]
    assert bare[0] > bare[1] > bare[2]
    assert bare[2] < 0.1
    for selector in (Diode(saturation_current=1e-12, ideality=1.5), Exponential(current=1e-12, voltage=0.05)):
        assert read_margin((32, 32), HIGH, LOW, 1.0, selector=selector, scheme="float").margin > 0.8


def test_wires_cost_margin():
    found = [read_margin((64, 64), 1e-4, 1e-6, 0.2, wires=Wires(row=r, column=r)).margin for r in (0.0, 1.0, 10.0)]
    assert found[0] > found[1] > found[2]


def test_the_far_corner_is_the_default():
    wires = Wires(row=5.0, column=5.0)
    far = read_margin((16, 12), 1e-4, 1e-6, 0.2, wires=wires)
    assert far == read_margin((16, 12), 1e-4, 1e-6, 0.2, wires=wires, cell=(0, 11))
    assert far.high < read_margin((16, 12), 1e-4, 1e-6, 0.2, wires=wires, cell=(15, 0)).high


def test_a_transistor_isolates_by_its_gate():
    transistor = Transistor(threshold_voltage=0.4, transconductance=1e-3)
    found = read_margin((16, 16), HIGH, LOW, 0.2, selector=transistor, scheme="float", gate=1.5)
    assert found.margin > 0.95


def test_write_margin_of_the_schemes():
    xbar = Crossbar(np.full((8, 8), 1e-5))
    half, third = (write_margin(xbar, 1.2, scheme=scheme) for scheme in ("half", "third"))
    assert (half.selected, half.disturb) == (pytest.approx(1.2), pytest.approx(0.6))
    assert (third.selected, third.disturb) == (pytest.approx(1.2), pytest.approx(0.4))
    assert half.margin == pytest.approx(0.5)
    assert third.margin == pytest.approx(2 / 3)
    assert half.voltage.shape == (8, 8)
    # fourteen half-selected cells at V/2; with thirds all 63 leak at V/3
    assert half.leakage == pytest.approx(14 * 0.6e-5)
    assert third.leakage == pytest.approx(63 * 0.4e-5)
    assert half.power == pytest.approx(1.2**2 * 1e-5 + 14 * 0.6**2 * 1e-5)


def test_write_margin_leaves_the_states_of_switches():
    xbar = Crossbar(np.full((4, 4), 1e-4), None, OTS(holding_current=5e-6))
    first = xbar.solve(Bias.matvec(np.full(4, 0.8))).column_current
    assert write_margin(xbar, 2.0).selected > 1.0
    assert (xbar.solve(Bias.matvec(np.full(4, 0.8))).column_current == first).all()
    assert write_margin(xbar, 0.8, on=True).selected > 10.0 * write_margin(xbar, 0.8).selected


def test_a_single_cell_has_nothing_to_disturb():
    found = write_margin(Crossbar([[1e-5]]), 1.0)
    assert (found.selected, found.disturb, found.margin, found.leakage) == (1.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize("scheme", ["float", "ground", "half", "third"])
@pytest.mark.parametrize("shape", [(4, 4), (1, 3), (3, 1), (1, 1)])
def test_read_margin_of_a_state_that_does_not_conduct(scheme, shape):
    """The limit of ever smaller conductances."""
    for selector in (None, Exponential(1e-9, 0.1)):
        options = {"wires": Wires(row=1.0, column=1.0), "selector": selector, "scheme": scheme}
        none = read_margin(shape, HIGH, 0.0, 0.5, **options)
        small = read_margin(shape, HIGH, 1e-17, 0.5, **options)
        assert none.high == pytest.approx(small.high, rel=1e-6)
        assert none.low == pytest.approx(small.low, rel=1e-6, abs=1e-16)
        assert none.margin == pytest.approx(small.margin, abs=1e-6)


def test_map():
    xbar = Crossbar(np.full((6, 5), 1e-3), Wires(row=5.0, column=5.0))
    found = margin_map(lambda cell: write_margin(xbar, 1.0, cell=cell).margin, range(6), range(5))
    assert found.shape == (6, 5)
    assert found.argmax() == 5 * 5  # bottom left: next to driver and sense
    assert found.argmin() == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: read_margin((4,), HIGH, LOW, 0.2), "shape must be"),
        (lambda: read_margin((4, 4), LOW, HIGH, 0.2), "low must be below high"),
        (lambda: read_margin((4, 4), HIGH, LOW, 0.0), "voltage must not be zero"),
        (lambda: read_margin((4, 4), HIGH, LOW, 0.2, cell=(4, 0)), r"cell\[0\]"),
        (lambda: read_margin((4, 4), HIGH, LOW, 0.2, cell=3), "cell must be"),
        (lambda: read_margin((4, 4), HIGH, LOW, 0.2, scheme="thirds"), "did you mean 'third'"),
        (lambda: write_margin(Crossbar([[1.0]]), 0.0), "voltage must not be zero"),
        (lambda: write_margin([[1.0]], 1.0), "xbar must be a Crossbar; got list"),
        (lambda: margin_map(1.0, [0], [0]), "margin must be a function"),
        (lambda: margin_map(float, 3, [0]), "rows must be a sequence of line numbers; got 3"),
        (lambda: margin_map(float, [0], [0, 0.5]), r"columns\[1\] must be a whole number"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
