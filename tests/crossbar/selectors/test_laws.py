"""Current and slope of each selector alone, against the formulas in 40 digits."""

import math

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Transistor
from tests.crossbar.selectors import exact
from tests.crossbar.selectors.cases import KINDS, random_selector, voltages

EPS = np.finfo(float).eps


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(exact.DIGITS):
        yield


def evaluate(selector, kind, voltage, rng):
    """Current, slope and the exact law of each voltage."""
    if kind == "transistor":
        gate = rng.uniform(-2.0, 5.0, voltage.shape)
        return *selector.current(voltage, gate=gate), [exact.law_of(selector, gate=g) for g in gate]
    if kind == "ots":
        on = rng.random(voltage.shape) < 0.5
        return *selector.current(voltage, on=on), [exact.law_of(selector, on=bool(o)) for o in on]
    return *selector.current(voltage), [exact.law_of(selector)] * voltage.size


@pytest.mark.parametrize("kind", KINDS)
def test_law_is_the_formula(kind):
    rng = np.random.default_rng([41, KINDS.index(kind)])
    for _ in range(25):
        selector = random_selector(rng, kind)
        # an exponent beyond 600 is the tangent's, tested below
        scale = min(getattr(selector, name, 1.0) for name in ("voltage", "leakage_voltage"))
        scale = selector.pack().voltage if kind == "diode" else scale
        voltage = voltages(rng, 20)
        voltage = np.clip(voltage, -590 * scale, 590 * scale)
        current, slope, laws = evaluate(selector, kind, voltage, rng)
        for v, i, s, law in zip(voltage, current, slope, laws):
            true = law(mpf(v))
            # rounding of the exponent times what it does to the result
            allowed = 8 * EPS * (2 + abs(v / scale) if kind != "transistor" else 500)
            assert abs(mpf(i) - true.current) <= allowed * abs(true.current) + 1e-305
            assert abs(mpf(s) - true.slope) <= allowed * true.slope + 1e-300


@pytest.mark.parametrize("kind", KINDS)
def test_oracle_slope_is_the_derivative(kind):
    rng = np.random.default_rng([42, KINDS.index(kind)])
    for _ in range(10):
        selector = random_selector(rng, kind)
        _, _, (law,) = evaluate(selector, kind, np.zeros(1), rng)
        w = mpf(rng.uniform(-0.3, 0.3))
        derivative = mpmath.diff(lambda v, law=law: law(v).current, w)
        assert abs(derivative - law(w).slope) <= mpf("1e-12") * (law(w).slope + mpf("1e-30"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_current_at_zero(kind):
    rng = np.random.default_rng([43, KINDS.index(kind)])
    for _ in range(20):
        current, slope, _ = evaluate(random_selector(rng, kind), kind, np.zeros(3), rng)
        assert (current == 0.0).all()
        assert (slope >= 0.0).all()


@pytest.mark.parametrize("kind", ["exponential", "ots"])
def test_odd(kind):
    rng = np.random.default_rng([44, KINDS.index(kind)])
    for _ in range(20):
        selector, voltage = random_selector(rng, kind), voltages(rng, 30)
        keywords = {"on": rng.random(30) < 0.5} if kind == "ots" else {}
        current, slope = selector.current(voltage, **keywords)
        back, back_slope = selector.current(-voltage, **keywords)
        assert np.array_equal(current, -back)
        assert np.array_equal(slope, back_slope)


def test_beyond_the_largest_exponent_laws_go_on_along_their_tangent():
    for selector, scale in ((Diode(1e-12), Diode(1e-12).pack().voltage), (Exponential(1e-12, 0.01), 0.01)):
        edge = 600.0 * scale
        (at, further, furthest), slope = selector.current(np.array([edge, edge + 0.5, 1e4]))
        assert further == pytest.approx(at + 0.5 * slope[0], rel=1e-12)
        assert slope[0] == pytest.approx(slope[1], rel=1e-12)
        assert at < further < furthest < math.inf


def test_transistor_regions():
    thermal = 1.380649e-23 * 300.15 / 1.602176634e-19
    selector = Transistor(0.5, 2e-4, slope_factor=1.3)
    # saturation in strong inversion: beta (V_G - V_T)^2 / 2n
    saturated, _ = selector.current(5.0, gate=2.5)
    assert saturated == pytest.approx(2e-4 * 4.0 / 2.6, rel=1e-9)
    # triode at small voltage: beta (V_G - V_T) w
    _, slope = selector.current(0.0, gate=2.5)
    assert slope == pytest.approx(2e-4 * 2.0, rel=1e-9)
    # weak inversion: a decade for each n U ln 10
    low, _ = selector.current(1.0, gate=0.0)
    high, _ = selector.current(1.0, gate=1.3 * thermal * math.log(10.0))
    assert high / low == pytest.approx(10.0, rel=1e-2)
    # the same device turned round: source and drain change roles, and the gate is counted from the other end
    forward, _ = selector.current(0.3, gate=1.2)
    backward, _ = selector.current(-0.3, gate=1.2 - 1.3 * 0.3)
    assert backward == pytest.approx(-forward, rel=1e-12)


def test_transistor_slope_is_continuous_through_zero():
    selector = Transistor(0.4, 1e-4, modulation=0.3, gate_voltage=1.0)
    current, slope = selector.current([-1e-9, 0.0, 1e-9])
    assert slope == pytest.approx([slope[1]] * 3, rel=1e-6)
    assert current[2] == pytest.approx(-current[0], rel=1e-6)


def test_ots_known_numbers():
    switch = OTS(on_resistance=1e3, leakage_current=1e-10, leakage_voltage=0.2)
    current, slope = switch.current([1.0, -1.0, 0.4, 0.3], on=[False, True, True, True])
    sinh = [1e-10 * math.sinh(w / 0.2) for w in (1.0, 1.0, 0.4, 0.3)]
    assert current == pytest.approx([sinh[0], -sinh[1] - 0.6e-3, sinh[2], sinh[3]], rel=1e-14)
    assert slope[1] == pytest.approx(1e-3 + 5e-10 * math.cosh(5.0), rel=1e-14)
    assert slope[3] == pytest.approx(5e-10 * math.cosh(1.5), rel=1e-14)


def test_any_shape():
    diode = Diode(1e-12)
    for shape in ((), (3,), (2, 3, 4), (0, 5)):
        current, slope = diode.current(np.full(shape, 0.3))
        assert current.shape == slope.shape == shape
    gate = np.array([[0.0], [1.0]])
    current, _ = Transistor(0.5, 1e-4).current(np.full((2, 3), 0.2), gate=gate)
    assert current.shape == (2, 3)
    assert (current[1] > 1e3 * current[0]).all()
    strided = np.linspace(-1, 1, 20).reshape(4, 5).T
    assert np.array_equal(diode.current(strided)[0], diode.current(strided.copy())[0])
