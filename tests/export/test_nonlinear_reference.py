"""The reference solver of nonlinear crossbars: by hand, with 30 digits, against the linear one and ngspice."""

import shutil

import mpmath
import numpy as np
import pytest

from tests.export.circuits import SELECTORS, draw
from tests.oracles import nonlinear_crossbar as reference
from tests.oracles import sparse_crossbar
from validation import ngspice as program

ENDS = ("matvec", "half", "all ends", "some open")
LOOSE = "reltol=1e-6 vntol=1e-7 abstol=1e-14 gmin=1e-20"
CURRENTS = ("row_current", "column_current", "right_current", "top_current")


def test_one_diode_by_lambert_w():
    # 1 V over 2 kohm (half of it wires) and a diode: I = n U / R W(R I_s / n U exp((V + R I_s) / n U)) - I_s
    cells = reference.chains([[1e-3]], lambda i, j: reference.Diode(1e-12, 1.5))
    found = reference.solve(cells, [1.0], row=300.0, source=200.0, column=500.0)
    with mpmath.workdps(40):
        u = mpmath.mpf("1.5") * mpmath.mpf("1.380649e-23") * mpmath.mpf(300.15) / mpmath.mpf("1.602176634e-19")
        r, s = mpmath.mpf(2000), mpmath.mpf(1e-12)
        exact = float(u / r * mpmath.lambertw(r * s / u * mpmath.exp((1 + r * s) / u)).real - s)
    assert found.column_current[0] == pytest.approx(exact, rel=1e-15)
    assert found.row_current[0] == pytest.approx(exact, rel=1e-15)
    assert found.inner_voltage[0, 0] == pytest.approx(1.0 - 2000.0 * exact, rel=1e-14)
    assert found.power == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("law", [
    reference.Diode(1e-12, 1.5), reference.Exponential(1e-9, 0.1),
    reference.Transistor(1.2, 0.5, 2e-4, 1.3, 0.05), reference.Transistor(0.2, 0.5, 2e-4),
    reference.OTS(True, 0.4, 1e3, 1e-10, 0.2), reference.OTS(False, 0.4, 1e3, 1e-10, 0.2),
])  # fmt: skip
def test_slopes_are_derivatives(law):
    with mpmath.workdps(60):
        m = reference.exact()
        for v in (-1.3, -0.2, 0.013, 0.7):
            at = np.array([mpmath.mpf(v), mpmath.mpf(v) + mpmath.mpf("1e-18")])
            current, slope = law(at, m)
            assert float((current[1] - current[0]) / (at[1] - at[0])) == pytest.approx(float(slope[0]), rel=1e-12)


@pytest.mark.parametrize("selector", SELECTORS)
def test_extended_precision_equals_thirty_digits(selector):
    circuit = draw(5, selector, (2, 2), "all ends")
    found, exact = circuit.reference(), circuit.reference(digits=30)
    for name in CURRENTS:
        np.testing.assert_allclose(getattr(found, name), getattr(exact, name), rtol=1e-12, atol=0)
    for name in ("row_voltage", "column_voltage", "inner_voltage"):
        np.testing.assert_allclose(getattr(found, name), getattr(exact, name), rtol=0, atol=1e-15)


@pytest.mark.parametrize("zero", [(), ("row", "source"), ("column",), ("row", "column", "source", "sense")])
def test_ohmic_cells_equal_the_linear_reference(zero):
    circuit = draw(6, "none", (7, 5), "matvec", zero)
    wires = {k: v for k, v in circuit.wires.items() if k not in ("right", "top")}
    linear = sparse_crossbar.solve(circuit.crossbar.conductance, circuit.bias.left, **wires)
    found = circuit.reference()
    for name in ("row_voltage", "column_voltage"):
        np.testing.assert_allclose(getattr(found, name), getattr(linear, name), rtol=0, atol=1e-15)
    for name in ("row_current", "column_current"):
        np.testing.assert_allclose(getattr(found, name), getattr(linear, name), rtol=1e-13)


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("selector", SELECTORS)
def test_power_and_current_are_conserved(selector, ends):
    circuit = draw(7, selector, (5, 4), ends)
    found = circuit.reference()
    into = found.row_current.sum() + found.right_current.sum() + found.top_current.sum()
    largest = max(np.abs(getattr(found, name)).max() for name in CURRENTS)
    assert abs(into - found.column_current.sum()) <= 1e-14 * largest
    heat = (found.cell_current * (found.row_voltage - found.column_voltage)).sum()
    assert heat <= found.power * (1 + 1e-12)
    assert found.residual <= 1e-11


def test_contradicting_terminals_are_refused():
    with pytest.raises(ValueError, match="different voltages"):
        reference.solve(reference.chains([[1e-3]]), [1.0], right=[0.5])


@pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("selector", SELECTORS)
def test_agrees_with_ngspice(selector, ends):
    circuit = draw(8, selector, (4, 5), ends)
    found = circuit.reference()
    # lines that only leakage holds are known to ngspice no better than its rounding allows
    options = {"options": LOOSE} if ends == "some open" else {}
    theirs = program.solve(circuit.crossbar, circuit.bias, nodes=True, behavioural=True, on=circuit.on, **options)
    row_voltage, column_voltage = program.node_voltages(circuit.crossbar, theirs.nodes)
    largest = max(np.abs(getattr(found, name)).max() for name in CURRENTS)
    for name in CURRENTS:
        np.testing.assert_allclose(getattr(theirs, name), getattr(found, name), rtol=1e-8, atol=1e-9 * largest)
    allowed = 1e-6 if options else 1e-9
    np.testing.assert_allclose(row_voltage, found.row_voltage, rtol=0, atol=allowed)
    np.testing.assert_allclose(column_voltage, found.column_voltage, rtol=0, atol=allowed)
