"""Analog matrices with selectors: against the slow twin and the crossbar, gates, ranges, calibration, refusals."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import AnalogMatrix, ConvergenceError, Crossbar, ParameterError, Periphery, ValidityWarning, Wires
from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.crossbar import OTS, Bias, Diode, Exponential, Selector, Transistor
from pcmphys.matrix import DifferentialPair, ReferenceColumn, SeveralPairs
from tests.matrix.test_analog_matrix import DAY, IBM, WIRES, normal, programmed, size_of
from tests.matrix.test_mapped_matrix import by_twin
from tests.oracles import analog_matrix as twin

VOLTAGE = 1.1
PERIPHERY = Periphery(dac_bits=None, adc_bits=None, read_voltage=VOLTAGE)
SINH = Exponential(2e-9, 0.09)
SINH_LAW = twin.hyperbolic(2e-9, 0.09)
THERMAL = BOLTZMANN * 300.15 / ELEMENTARY_CHARGE
NMOS = Transistor(0.45, 300e-6)
NMOS_LAW = twin.transistor(0.45, 300e-6, 1.3, THERMAL)
MAPPINGS = [DifferentialPair(), SeveralPairs(2, 2.0, "least-significant-first"), ReferenceColumn()]


# ---- products


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize(("selector", "law", "gate"), [(SINH, SINH_LAW, None), (NMOS, NMOS_LAW, 1.4)])
@pytest.mark.parametrize("bits", [(None, None), (6, 8)])
def test_products_of_the_slow_twin(mapping, selector, law, gate, bits):
    weights, x = normal((7, 5)), normal((4, 7), seed=1)
    matrix = programmed(
        weights, IBM, mapping=mapping, tile=(4, 3), seed=5, selector=selector, gate=gate,
        periphery=Periphery(*bits, read_voltage=VOLTAGE),
    )  # fmt: skip
    matrix.fit_range(x)
    matrix.wait(DAY)
    snapshot = matrix.snapshot()
    gates = None if gate is None else [gate] * 7
    wanted = by_twin(matrix, snapshot, x, law=law, gates=gates)
    np.testing.assert_allclose(snapshot.matvec(x), wanted.y, rtol=0.0, atol=1e-9 * size_of(x, weights))
    assert matrix.counts.adc_clipped == wanted.adc_clipped


def test_each_word_line_has_its_gate():
    weights, x = normal((7, 5)), normal((3, 7), seed=1)
    gates = np.linspace(0.0, 1.6, 7)
    matrix = programmed(weights, IBM, tile=(4, 3), selector=NMOS, gate=gates, periphery=PERIPHERY)
    snapshot = matrix.snapshot()
    wanted = by_twin(matrix, snapshot, x, law=NMOS_LAW, gates=gates.tolist())
    np.testing.assert_allclose(snapshot.matvec(x), wanted.y, rtol=0.0, atol=1e-9 * size_of(x, weights))
    # a closed word line gives nothing
    closed = snapshot.matvec(np.eye(7)[0])
    assert np.abs(closed).max() < 1e-4 * np.abs(weights[0]).max()
    gates[:] = 9.0
    assert matrix.gate.max() == 1.6


def test_a_gate_of_the_selector_itself():
    weights, x = normal((6, 5)), normal((3, 6), seed=1)
    own = Transistor(0.45, 300e-6, gate_voltage=1.4)
    found = [
        programmed(weights, IBM, selector=selector, gate=gate, periphery=PERIPHERY).matvec(x)
        for selector, gate in ((own, None), (NMOS, 1.4), (NMOS, np.full(6, 1.4)), (own, 1.4))
    ]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-12)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize(("selector", "gate"), [(SINH, None), (NMOS, 1.4)])
def test_wires_and_selectors_are_one_circuit(quiet, mapping, selector, gate):
    weights, x = normal((6, 5)), normal((3, 6), seed=1)
    options = {"mapping": mapping, "selector": selector, "gate": gate, "periphery": PERIPHERY}
    matrix = programmed(weights, quiet, wires=Wires(**WIRES), **options)
    full = np.abs(x).max(axis=1, keepdims=True)
    bias = Bias.matvec((x / full * VOLTAGE).T, gate=gate)
    arrays = [Crossbar(g, Wires(**WIRES), selector).solve(bias).column_current.T for g in matrix.targets()]
    wanted = mapping.combine(arrays) * full * matrix.scale / VOLTAGE
    np.testing.assert_allclose(matrix.matvec(x), wanted, rtol=0.0, atol=1e-9 * size_of(x, weights))
    without = programmed(weights, quiet, **options).matvec(x)
    assert np.abs(wanted - without).max() > 1e-5


@pytest.mark.parametrize("wires", [None, Wires(**WIRES)])
def test_many_inputs_take_no_linear_short_cut(quiet, wires):
    weights, x = normal((6, 5)), normal((20, 6), seed=1)
    matrix = programmed(weights, quiet, tile=(4, 3), wires=wires, selector=SINH, periphery=PERIPHERY)
    snapshot = matrix.snapshot()
    many = snapshot.matvec(x)
    assert all(state._difference is None for state in snapshot.states)
    few = np.stack([snapshot.matvec(row) for row in x])
    np.testing.assert_allclose(few, many, rtol=0.0, atol=1e-9 * size_of(x, weights))
    # and indeed the products are not linear in the inputs
    fixed = Periphery(None, None, input_range=1.0, read_voltage=VOLTAGE)
    other = programmed(weights, quiet, wires=wires, selector=SINH, periphery=fixed)
    full, half = other.matvec(np.ones(6)), other.matvec(np.full(6, 0.5))
    assert np.abs(half).max() < 0.4 * np.abs(full).max()


@pytest.mark.parametrize("batch", [None, 0, 1, 3])
def test_shapes(quiet, batch):
    x = np.ones(6 if batch is None else (batch, 6))
    y = programmed(normal((6, 5)), quiet, tile=(4, 3), selector=SINH, periphery=PERIPHERY).matvec(x)
    assert y.shape == (5,) if batch is None else (batch, 5)


def test_a_selector_that_takes_nothing_is_none(quiet):
    weights, x = normal((6, 5)), normal((3, 6), seed=1)
    wide = Exponential(1.0, 0.1)  # 10 S around zero
    found = programmed(weights, quiet, selector=wide, periphery=PERIPHERY).matvec(x)
    np.testing.assert_allclose(found, x @ weights, rtol=0.0, atol=1e-5 * size_of(x, weights))


def test_a_one_way_selector_blocks_negative_inputs(quiet):
    weights = normal((6, 5))
    matrix = programmed(weights, quiet, selector=Diode(1e-12, 1.5), periphery=PERIPHERY)
    forward, backward = matrix.matvec(np.ones(6)), matrix.matvec(-np.ones(6))
    assert np.abs(forward).max() > 0.1
    assert np.abs(backward).max() < 1e-6


def test_selectors_with_hysteresis_start_every_product_switched_off(quiet):
    # at full scale it switches on, at 0.6 of it it only would stay on
    ots = OTS(threshold_voltage=1.0, hold_voltage=0.3, holding_current=1e-6)
    matrix = programmed(
        [[1.0], [0.5]], quiet, selector=ots, periphery=Periphery(None, None, input_range=1.0, read_voltage=1.5)
    )
    snapshot = matrix.snapshot()
    on, off = [1.0, 1.0], [0.6, 0.6]
    alone = [snapshot.matvec(x) for x in (on, off)]
    np.testing.assert_allclose(snapshot.matvec([on, off, on]), [alone[0], alone[1], alone[0]], rtol=1e-10)
    assert abs(alone[1][0]) < 0.1 * abs(alone[0][0])


def test_a_switch_that_its_device_cannot_hold_is_refused(quiet):
    # 25 uS carry 38 uA at most: a switch with a holding current of 0.25 mA would oscillate
    with pytest.raises(ConvergenceError, match=r"the circuit would oscillate: cells \[0, 0\]"):
        AnalogMatrix(np.ones((2, 2)), quiet, selector=OTS(threshold_voltage=1.0), periphery=Periphery(read_voltage=1.5))


class Ohmic(Selector):
    """A selector of a user: a resistor of 20 kilohm."""

    def current(self, voltage, *, gate=None, on=None):
        return voltage / 2e4, np.full_like(voltage, 1.0 / 2e4)


def test_a_selector_of_ones_own(quiet):
    weights, x = normal((6, 5)), normal((3, 6), seed=1)
    matrix = programmed(weights, quiet, selector=Ohmic(), periphery=PERIPHERY)
    g = matrix.targets()
    series = g / (1.0 + 2e4 * g)
    wanted = x @ (matrix.scale * (series[0] - series[1]))
    np.testing.assert_allclose(matrix.matvec(x), wanted, rtol=0.0, atol=1e-8 * size_of(x, weights))


def test_other_wires_same_selector(quiet):
    weights, x = normal((6, 5)), normal((3, 6), seed=1)
    matrix = programmed(weights, quiet, selector=NMOS, gate=np.linspace(1.0, 1.5, 6), periphery=PERIPHERY)
    moved = matrix.rewired(Wires(**WIRES))
    wanted = programmed(
        weights, quiet, selector=NMOS, gate=np.linspace(1.0, 1.5, 6), periphery=PERIPHERY, wires=Wires(**WIRES)
    )
    np.testing.assert_allclose(moved.matvec(x), wanted.matvec(x), rtol=1e-9, atol=1e-9)


# ---- ranges


def through(matrix, law, gates=None):
    """Combined current [A] of every weight of a one-tile matrix at full read voltage, by the twin."""
    gates = [None] * matrix.shape[0] if gates is None else gates
    arrays = [
        np.array([[twin.in_series(law, VOLTAGE, g, gate) for g in row] for row, gate in zip(array, gates, strict=True)])
        for array in matrix.targets()
    ]
    return matrix.mapping.combine(arrays)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_the_default_range_is_twice_the_strongest_column_of_what_selectors_let_through(quiet, mapping):
    matrix = AnalogMatrix(normal((7, 4)), quiet, mapping, selector=SINH, periphery=Periphery(read_voltage=VOLTAGE))
    wanted = 2.0 * np.linalg.norm(through(matrix, SINH_LAW), axis=0).max()
    assert matrix._tiles[0].adc_range == pytest.approx(wanted, rel=1e-8, abs=0.0)
    linear = AnalogMatrix(normal((7, 4)), quiet, mapping, periphery=Periphery(read_voltage=VOLTAGE))
    assert wanted < 0.6 * linear._tiles[0].adc_range


def test_the_default_range_knows_the_gates(quiet):
    gates = [1.5, 0.0, 1.0]
    options = {"selector": NMOS, "gate": gates, "periphery": Periphery(read_voltage=VOLTAGE)}
    matrix = AnalogMatrix(normal((3, 4)), quiet, **options)
    wanted = 2.0 * np.linalg.norm(through(matrix, NMOS_LAW, gates), axis=0).max()
    assert matrix._tiles[0].adc_range == pytest.approx(wanted, rel=1e-8, abs=0.0)


@pytest.mark.parametrize("weights", [np.zeros((3, 2)), np.ones((3, 2))])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_range_is_never_zero(quiet, weights, mapping):
    matrix = programmed(weights, quiet, mapping=mapping, selector=SINH, periphery=Periphery(read_voltage=VOLTAGE))
    assert matrix._tiles[0].adc_range > 0.0
    assert (matrix.calibrate() > 0.0).all()
    if not weights.any():
        assert not matrix.matvec(np.ones(3)).any()


def test_a_fitted_range_holds_the_currents_of_the_sample(quiet):
    weights, x = normal((7, 4)), np.abs(normal((30, 7), seed=1))
    options = {"selector": SINH, "periphery": Periphery(dac_bits=None, read_voltage=VOLTAGE)}
    matrix = programmed(weights, quiet, **options)
    matrix.fit_range(x)
    voltage = x / x.max(axis=1, keepdims=True) * VOLTAGE
    arrays = [twin.currents(g.tolist(), v.tolist(), law=SINH_LAW) for v in voltage for g in matrix.targets()]
    largest = np.abs(np.array(arrays[::2]) - np.array(arrays[1::2])).max()
    assert matrix._tiles[0].adc_range == pytest.approx(1.1 * largest, rel=1e-8, abs=0.0)
    matrix.matvec(x)
    assert matrix.counts.adc_clipped == 0


# ---- calibration


@pytest.mark.parametrize("age", [0.0, DAY])
def test_one_device_is_calibrated_to_what_its_weight_should_give(drifting, age):
    matrix = programmed([[1.0]], drifting, selector=SINH, periphery=PERIPHERY)
    matrix.wait(age)
    held = 25e-6 * (max(age, 20.0) / 20.0) ** -0.05
    wanted = VOLTAGE * 25e-6 / twin.in_series(SINH_LAW, VOLTAGE, held)
    assert matrix.calibrate()[0] == pytest.approx(wanted, rel=1e-6)
    assert matrix.matvec([2.0])[0] == pytest.approx(2.0, rel=1e-6)


@pytest.mark.parametrize(("selector", "gate"), [(SINH, None), (NMOS, 1.4), (Diode(1e-12, 1.5), None)])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_calibration_makes_up_for_what_selectors_take_of_full_inputs(selector, gate, mapping):
    weights = np.random.default_rng(4).uniform(-1.0, 1.0, (64, 16))
    x = (normal((50, 64), seed=1) > 0.5).astype(float)  # on or off
    matrix = programmed(
        weights, IBM, mapping=mapping, tile=(32, 16), selector=selector, gate=gate,
        periphery=Periphery(read_voltage=VOLTAGE),
    )  # fmt: skip
    matrix.wait(DAY)
    matrix.fit_range(x)
    ideal = x @ weights
    before, _, after = matrix.matvec(x), matrix.calibrate(), matrix.matvec(x)
    slope = [(y * ideal).sum() / (ideal * ideal).sum() for y in (before, after)]
    assert slope[0] < 0.8
    # one factor also shrinks the noise: a few percent below one, most where the errors are largest
    assert (0.75 if isinstance(mapping, ReferenceColumn) else 0.93) < slope[1] < 1.05


def test_a_small_fixed_range_thins_the_known_inputs_out(quiet):
    # all 64 word lines at once would give 32 times what the converter takes: clipped, it would look like drift
    one = twin.in_series(SINH_LAW, VOLTAGE, 25e-6)
    matrix = programmed(
        np.ones((64, 3)), quiet, selector=SINH, periphery=Periphery(None, 12, adc_range=3.0 * one, read_voltage=VOLTAGE)
    )
    assert matrix.calibrate()[0] == pytest.approx(VOLTAGE * 25e-6 / one, rel=2e-3)


# ---- devices behind selectors


class Spied:
    """The statistical cell with a limit of its read voltage, noting what it is read at."""

    def __init__(self, limit):
        self.parameters = SimpleNamespace(read=SimpleNamespace(largest_voltage=limit))
        self.read_at = []

    def __getattr__(self, name):
        return getattr(IBM, name)

    def population(self, shape, seed=0, *, first_cell=0):
        devices = IBM.population(shape, seed=seed, first_cell=first_cell)
        read = devices.read
        devices.read = lambda voltage, duration: (self.read_at.append(voltage), read(voltage, duration))[1]
        return devices


def test_devices_are_read_at_their_own_voltage():
    cell = Spied(np.inf)
    programmed(normal((4, 3)), cell, selector=SINH, periphery=PERIPHERY).matvec(np.ones(4))
    assert cell.read_at == [IBM.read_voltage]
    cell.read_at.clear()
    programmed(normal((4, 3)), cell, periphery=PERIPHERY).matvec(np.ones(4))
    assert cell.read_at == [VOLTAGE]


@pytest.mark.parametrize(("limit", "heard"), [(0.3, True), (VOLTAGE, False)])
def test_more_voltage_than_a_read_allows_is_said(limit, heard):
    make = lambda: AnalogMatrix(normal((4, 3)), Spied(limit), tile=(2, 3), selector=SINH, periphery=PERIPHERY)  # noqa: E731
    if not heard:
        make()
        return
    with pytest.warns(ValidityWarning, match=r"devices get up to .* V at full scale; above 0\.3 V a read of") as found:
        make()
    assert len(found) == 1
    assert found[0].filename == __file__
    # an idle device of no conductance gets all of the word line's voltage
    assert float(re.search(r"up to (\S+) V", str(found[0].message))[1]) == VOLTAGE


@pytest.mark.slow
def test_a_physical_cell_behind_a_transistor():
    cell = pcm.load_cell("ibm-90nm-doped-gst")
    weights = np.random.default_rng(4).uniform(-1.0, 1.0, (32, 8))
    x = np.abs(normal((40, 32), seed=1))
    matrix = programmed(weights, cell, selector=NMOS, gate=1.5, wires=Wires(row=1.0, column=1.0))
    matrix.wait(3600.0)
    matrix.fit_range(x)
    matrix.calibrate()
    ideal, y = x @ weights, matrix.matvec(x)
    assert 0.9 < (y * ideal).sum() / (ideal * ideal).sum() < 1.05
    with pytest.warns(ValidityWarning, match="devices get up to"):
        AnalogMatrix(weights, cell, selector=NMOS, gate=1.5, periphery=PERIPHERY)


# ---- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selector": "diode"}, r"selector must be None or a Selector, for example a Diode; got 'diode'"),
        ({"selector": Diode}, r"selector must be None or a Selector"),
        ({"gate": 1.0}, r"gate must be None for a selector without gate; the selector is None"),
        (
            {"selector": SINH, "gate": 1.0},
            r"gate must be None for a selector without gate; the selector is Exponential",
        ),
        ({"selector": NMOS}, r"gate must be given for Transistor.*: a voltage in V, or one a word line"),
        ({"selector": NMOS, "gate": [1.0, 2.0]}, r"gate must be a number or have shape \(4,\); got shape \(2,\)"),
        ({"selector": NMOS, "gate": np.ones((4, 2))}, r"gate must have 0 or 1 axes"),
        ({"selector": NMOS, "gate": [1.0, np.nan, 1.0, 1.0]}, r"gate\[1\] is nan V"),
        ({"selector": NMOS, "gate": "high"}, r"gate must be an array of real numbers in V"),
    ],
)
def test_bad_selectors_and_gates(options, message):
    with pytest.raises(ParameterError, match=message):
        AnalogMatrix(np.ones((4, 4)), IBM, **options)


# ---- selectors that stay closed


def switch_matrix(voltage, weights=None, **options):
    ots = OTS(threshold_voltage=1.0, hold_voltage=0.3, holding_current=1e-6)
    weights = [[1.0, -0.5], [0.0, 0.8]] if weights is None else weights
    return AnalogMatrix(weights, IBM, selector=ots, periphery=Periphery(read_voltage=voltage), **options)


def test_switches_that_never_turn_on_are_refused():
    """The same tiles at 1.5 V turn all on; at 0.8 V every product would be leakage, at gains of a thousand."""
    for tile in ((256, 256), (1, 2)):
        assert switch_matrix(1.5, tile=tile).scale > 0.0
        with pytest.raises(ParameterError, match=r"read_voltage must be larger.*none of the 3 switches.*0\.8 V"):
            switch_matrix(0.8, tile=tile)
    with pytest.raises(ParameterError, match=r"none of the 4 switches turns on at 0\.2 V"):
        AnalogMatrix(np.ones((2, 2)), IBM, selector=OTS(holding_current=1e-6))


def test_switches_that_stay_off_are_counted():
    class Uneven(OTS):
        """Switches of the first word line need 2 V."""

        def switches_on(self, inner):
            return np.abs(inner) > np.array([[2.0], [1.0]])

    uneven = Uneven(threshold_voltage=1.0, hold_voltage=0.3, holding_current=1e-6)
    with pytest.warns(ValidityWarning, match=r"2 of 3 switches stay off at the full read voltage of 1\.5 V") as found:
        AnalogMatrix([[1.0, -0.5], [0.0, 0.8]], IBM, selector=uneven, periphery=Periphery(read_voltage=1.5))
    assert found[0].filename == __file__


def test_idle_switches_do_not_count():
    assert switch_matrix(0.2, weights=np.zeros((2, 2))).scale > 0.0


@pytest.mark.parametrize(
    ("selector", "gate", "voltage"), [(SINH, None, 0.3), (NMOS, 0.1, VOLTAGE), (Diode(1e-12, 1.5), None, 0.2)]
)
def test_selectors_that_let_hardly_anything_through_are_said(selector, gate, voltage):
    with pytest.warns(ValidityWarning, match=f"full read voltage of {voltage:g} V selectors let .* current through"):
        AnalogMatrix(
            normal((4, 3)), IBM, selector=selector, gate=gate, periphery=Periphery(read_voltage=voltage), tile=(2, 2)
        )
