"""A user's own selector: the base class's elimination against the built-in kernels, and every wrong law refused."""

import numpy as np
import pytest
from hypothesis import given, settings

from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Selector, Series, Transistor
from pcmphys.errors import ParameterError
from tests.crossbar.selectors.cases import KINDS, logarithmic, problems, solve, voltages


class Plain(Selector):
    """The law of a built-in selector, eliminated by the base class."""

    def __init__(self, selector):
        self.selector = selector
        self.gated, self.hysteretic = selector.gated, selector.hysteretic

    def current(self, voltage, **keywords):
        return self.selector.current(voltage, **keywords)


class Law(Selector):
    """A law given as a function."""

    def __init__(self, function):
        self.function = function

    def current(self, voltage):
        return self.function(voltage)


def one(selector, voltage=1.0, conductance=1e-6):
    return solve(selector, np.array([[voltage]]), np.array([[conductance]]))


@settings(max_examples=60, deadline=None)
@given(problems())
def test_agrees_with_the_kernels(problem):
    selector, _, voltage, conductance, keywords = problem
    kernel = solve(selector, voltage, conductance, **keywords)
    generic = solve(Plain(selector), voltage, conductance, **keywords)
    noise = 4e-16 * conductance * np.abs(voltage) if selector.hysteretic else 0.0
    assert (np.abs(generic.current - kernel.current) <= 1e-12 * np.abs(kernel.current) + noise + 1e-300).all()
    assert (np.abs(generic.slope - kernel.slope) <= 1e-9 * kernel.slope + 1e-290).all()
    assert (np.abs(generic.inner - kernel.inner) <= 1e-13 * np.abs(voltage)).all()


def test_six_lines_are_a_selector():
    class Zener(Selector):
        def current(self, voltage):
            forward, backward = 1e-12 * np.exp(voltage / 0.026), 1e-12 * np.exp(-(voltage + 3.0) / 0.026)
            at_zero = 1e-12 * (1.0 - np.exp(-3.0 / 0.026))
            return forward - backward - at_zero, (forward + backward) / 0.026

    work = one(Zener(), -5.0, 1e-4)
    assert work.inner.item() == pytest.approx(-3.0 - 0.026 * np.log(-work.current.item() / 1e-12), rel=1e-9)
    assert work.current.item() == pytest.approx(1e-4 * (-5.0 - work.inner.item()), rel=1e-12)
    forward = one(Zener(), 1.0, 1e-4)
    assert forward.inner.item() == pytest.approx(0.026 * np.log(forward.current.item() / 1e-12), rel=1e-6)


def test_naive_stiff_exponential_that_overflows():
    """A user's diode of textbook form at 20 V: inf at most trial voltages, the root below 1 V."""
    scale = 0.0259
    law = Law(lambda w: (1e-20 * (np.exp(w / scale) - 1.0), 1e-20 / scale * np.exp(w / scale)))
    rng = np.random.default_rng(61)
    voltage, conductance = rng.uniform(-20, 20, (30, 30)), logarithmic(rng, 1e-12, 1.0, (30, 30))
    work = solve(law, voltage, conductance)
    reference = solve(Diode(1e-20, scale / (1.380649e-23 * 300.15 / 1.602176634e-19)), voltage, conductance)
    assert (np.abs(work.inner - reference.inner) <= 1e-12 * np.abs(voltage)).all()


@pytest.mark.parametrize("power", [1, 2, 3, 9, 41])
def test_power_laws(power):
    rng = np.random.default_rng(62)
    law = Law(lambda w: (1e-6 * np.sign(w) * np.abs(w) ** power, 1e-6 * power * np.abs(w) ** (power - 1)))
    voltage, conductance = voltages(rng, (20, 20)), logarithmic(rng, 1e-12, 1.0, (20, 20))
    work = solve(law, voltage, conductance)
    own, _ = law.current(work.inner)
    miss = own - conductance * (voltage - work.inner)
    # what an error of the voltage in its last digits makes of both currents
    slope = 1e-6 * power * np.abs(work.inner) ** (power - 1) + conductance
    assert (np.abs(miss) <= 1e-12 * slope * np.abs(work.inner) + 1e-15 * conductance * np.abs(voltage)).all()


def test_a_jump_is_found():
    """An ideal switch at 0.5 V: within the jump the device alone decides the current."""
    law = Law(lambda w: (np.where(np.abs(w) > 0.5, np.sign(w), 0.0) + 1e-9 * w, np.full(w.shape, 1e-9)))
    work = solve(law, np.array([[1.0, -1.0, 0.3]]), np.full((1, 3), 1e-6))
    assert work.inner == pytest.approx(np.array([[0.5, -0.5, 0.3 / 1.001]]), rel=1e-9)
    assert work.current == pytest.approx(np.array([[0.5e-6, -0.5e-6, 0.3e-9 / 1.001]]), rel=1e-9)


def test_a_table_with_corners():
    points, currents = np.array([0.0, 0.2, 0.5, 2.0]), np.array([0.0, 1e-9, 1e-6, 1e-3])

    def table(w):
        interval = np.clip(np.searchsorted(points, np.abs(w), side="right") - 1, 0, 2)
        slope = np.diff(currents)[interval] / np.diff(points)[interval]
        return np.sign(w) * (currents[interval] + slope * (np.abs(w) - points[interval])), slope

    rng = np.random.default_rng(63)
    voltage, conductance = rng.uniform(-2, 2, (20, 20)), logarithmic(rng, 1e-9, 1e-3, (20, 20))
    work = solve(Law(table), voltage, conductance)
    assert np.allclose(work.current, table(work.inner)[0], rtol=1e-9, atol=0.0)
    assert (np.abs(work.current - conductance * (voltage - work.inner)) <= 1e-14 * conductance * np.abs(voltage)).all()


def test_a_wrong_slope_still_gives_the_right_current():
    right = one(Exponential(1e-6, 0.1), 1.0, 1e-5).inner.item()
    for factor in (0.0, 0.1, 3.0, 1e12):
        law = Law(lambda w, factor=factor: (1e-6 * np.sinh(w / 0.1), factor * 1e-5 * np.cosh(w / 0.1)))
        assert one(law, 1.0, 1e-5).inner.item() == pytest.approx(right, rel=2e-9)


def test_a_parameter_for_each_cell():
    rng = np.random.default_rng(64)
    scale = logarithmic(rng, 1e-9, 1e-6, (4, 5))
    law = Law(lambda w: (scale * np.sinh(w / 0.1), scale / 0.1 * np.cosh(w / 0.1)))
    voltage, conductance = rng.uniform(-1, 1, (4, 5)), logarithmic(rng, 1e-7, 1e-4, (4, 5))
    work = solve(law, voltage, conductance)
    for i, j in np.ndindex(4, 5):
        alone = one(Exponential(scale[i, j], 0.1), voltage[i, j], conductance[i, j])
        assert work.current[i, j] == pytest.approx(alone.current.item(), rel=1e-12)


def test_gate_and_state_reach_the_law():
    class Both(Selector):
        gated = hysteretic = True

        def current(self, voltage, *, gate, on):
            conductance = np.where(on, gate * 1e-6, 1e-9)
            return conductance * voltage, conductance

    on = np.array([[True, False, True], [False, True, False]])
    work = solve(Both(), np.ones((2, 3)), np.full((2, 3), 1e-6), gate=np.array([1.0, 3.0]), on=on)
    own = np.where(on, np.array([[1e-6], [3e-6]]), 1e-9)
    assert work.current == pytest.approx(own * 1e-6 / (own + 1e-6), rel=1e-14)
    assert one_gate_default(Both) == pytest.approx(0.5e-6)
    for method in ("switches_on", "switches_off"):
        with pytest.raises(NotImplementedError, match=f"Both is hysteretic and must define {method}"):
            getattr(Both(), method)(np.zeros((1, 1)))


def one_gate_default(kind):
    selector = kind()
    selector.gate_voltage = 1.0
    return solve(selector, np.ones((1, 1)), np.full((1, 1), 1e-6), on=np.ones((1, 1), bool)).current.item()


def test_open_devices_and_zero_volts():
    rng = np.random.default_rng(65)
    voltage, conductance = rng.uniform(-1, 1, (5, 6)), logarithmic(rng, 1e-7, 1e-4, (5, 6))
    conductance[rng.random((5, 6)) < 0.3] = 0.0
    voltage[rng.random((5, 6)) < 0.3] = 0.0
    for selector in (Exponential(1e-8, 0.1), Diode(1e-12)):
        kernel, generic = solve(selector, voltage, conductance), solve(Plain(selector), voltage, conductance)
        for a, b in zip(kernel, generic):
            assert np.allclose(a, b, rtol=1e-10, atol=0.0)
            assert (b[conductance == 0.0] == 0.0).all()
        assert (generic.current[voltage == 0.0] == 0.0).all()


def field(law):
    """Solve a field in which only cell (2, 1) sees more than 0.1 V."""
    voltage, conductance = np.full((4, 3), 0.1), np.full((4, 3), 1e-3)
    voltage[2, 1] = -2.0
    return solve(law, voltage, conductance)


CELL = r"cell \(row 2, column 1\)"


def test_refuses_not_a_number():
    def law(w):
        return np.where(np.abs(w) > 0.2, np.nan, 1e-9 * w), np.full(w.shape, 1e-9)

    with pytest.raises(ParameterError, match=rf"Law\.current: current and slope are nan A .* at -0\.2 V in {CELL}"):
        field(Law(law))
    with pytest.raises(ParameterError, match=rf"A and nan S at -[0-9.]+ V in {CELL}; they must be finite"):
        field(Law(lambda w: (1e-9 * w, np.where(np.abs(w) > 0.2, np.nan, 1e-9))))
    with pytest.raises(ParameterError, match=r"nan A and nan S at 0 V in cell \(row 0, column 0\); they must"):
        field(Law(lambda w: (np.full(w.shape, np.nan), np.full(w.shape, np.nan))))


def test_refuses_infinite():
    with pytest.raises(ParameterError, match=rf"current and slope are -inf A .* in {CELL}; they must be finite"):
        field(Law(lambda w: (np.where(np.abs(w) > 0.2, np.sign(w) * np.inf, 1e-9 * w), np.full(w.shape, 1e-9))))
    with pytest.raises(ParameterError, match=r"slope are 0 A and inf S at 0 V"):
        field(Law(lambda w: (np.sign(w) * np.sqrt(np.abs(w)), 0.5 / np.sqrt(np.abs(w)))))


def test_refuses_a_negative_slope():
    with pytest.raises(ParameterError, match=r"Law\.current: the slope is -1e-06 S at .* V in cell .* not monotone"):
        field(Law(lambda w: (1e-6 * w, np.full(w.shape, -1e-6))))


def test_refuses_a_current_that_falls():
    # a tunnel diode: rises, falls, rises; its slope is told as if it never fell
    def tunnel(w):
        return 1e-3 * w * np.exp(1.0 - np.abs(w) / 0.1) + 1e-9 * w, np.full(w.shape, 1e-9)

    rng = np.random.default_rng(66)
    with pytest.raises(ParameterError, match=r"the current is .* A at .* V in cell .* must not fall with the voltage"):
        solve(Law(tunnel), rng.uniform(0.5, 1.5, (20, 20)), np.full((20, 20), 1e-4))

    def honest(w):
        return tunnel(w)[0], 1e-3 * (1.0 - np.abs(w) / 0.1) * np.exp(1.0 - np.abs(w) / 0.1) + 1e-9

    with pytest.raises(ParameterError, match=r"the slope is -.* S at .* V in cell .* not monotone"):
        solve(Law(honest), rng.uniform(0.5, 1.5, (20, 20)), np.full((20, 20), 1e-4))


def test_refuses_a_law_that_delivers_power():
    with pytest.raises(ParameterError, match=r"the current is 1e-06 A at 0 V in cell \(row 0, column 0\); .* passive"):
        field(Law(lambda w: (1e-6 * (w + 1.0), np.full(w.shape, 1e-6))))
    with pytest.raises(ParameterError, match=rf"the current is [0-9.e-]+ A at -[0-9.]+ V in {CELL}; .* passive"):
        field(Law(lambda w: (1e-6 * np.where(w < -0.2, -w, w), np.full(w.shape, 1e-6))))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda w: w, r"Law\.current must return \(current, slope\); got ndarray"),
        (lambda w: (w, w, w), r"must return \(current, slope\); got tuple"),
        (lambda w: (w[0], w), r"must return a current .* shape \(4, 3\); got float64 of shape \(3,\)"),
        (lambda w: (w, 1e-6), r"must return a slope .* shape \(4, 3\); got float64 of shape \(\)"),
        (lambda w: (w, w + 0j), r"must return a slope of real numbers .* got complex128"),
    ],
)
def test_refuses_a_wrong_answer(answer, message):
    with pytest.raises(ParameterError, match=message):
        field(Law(answer))


def test_refuses_wrong_inputs():
    law = Law(lambda w: (1e-6 * w, np.full(w.shape, 1e-6)))
    work = Series.empty((2, 3))
    with pytest.raises(ParameterError, match=r"voltage\[0, 0\] is nan V"):
        law.series(np.full((2, 3), np.nan), np.ones((2, 3)), work)
    with pytest.raises(ParameterError, match=r"conductance\[0, 0\] is -1 S"):
        law.series(np.ones((2, 3)), np.full((2, 3), -1.0), work)
    with pytest.raises(ParameterError, match=r"share one shape \(rows, columns\); got \(2, 3\), \(3, 2\)"):
        law.series(np.ones((2, 3)), np.ones((3, 2)), work)
    with pytest.raises(ParameterError, match="C-contiguous"):
        law.series(np.ones((2, 3)), np.ones((2, 3)), Series(*(np.empty((3, 2)).T for _ in range(3))))


def test_current_must_be_written():
    class Forgotten(Selector):
        pass

    with pytest.raises(TypeError, match="current"):
        Forgotten()


def test_kinds_are_all_tried():
    assert {type(s).__name__.lower() for s in (Diode(1e-9), Exponential(1, 1), Transistor(0, 1), OTS())} == set(KINDS)
