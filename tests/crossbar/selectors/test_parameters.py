"""Numbers that a selector takes, and words for those that it does not."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Selector, Series, Transistor
from pcmphys.errors import ParameterError

SELECTORS = [Diode(1e-12), Exponential(1e-9, 0.1), Transistor(0.4, 1e-4, gate_voltage=1), OTS()]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Diode(0.0), r"saturation_current must be a number in A within \[1e-100, 1000\]; got 0 A"),
        (lambda: Diode(-1e-12), r"saturation_current .* got -1e-12 A"),
        (lambda: Diode(np.nan), "saturation_current .* got nan A"),
        (lambda: Diode("1e-12"), "saturation_current .* got '1e-12'"),
        (lambda: Diode(1e-12, ideality=0.0), r"ideality must be a number within \[0.1, 100\]; got 0"),
        (lambda: Diode(1e-12, temperature=-3.0), r"temperature must be a number in K within \[1, 3000\]; got -3 K"),
        (lambda: Exponential(-1e-9, 0.1), r"current must be a number in A within \[1e-100, 1000\]; got -1e-09 A"),
        (lambda: Exponential(1e-9, 0.0), r"voltage must be a number in V within \[0.0001, 1000\]; got 0 V"),
        (lambda: Transistor(np.inf, 1e-4), "threshold_voltage .* got inf V"),
        (lambda: Transistor(0.4, 0.0), r"transconductance must be a number in A/V2 .* got 0 A/V2"),
        (lambda: Transistor(0.4, 1e-4, slope_factor=0.9), r"slope_factor must be a number within \[1, 10\]; got 0.9"),
        (lambda: Transistor(0.4, 1e-4, modulation=-0.1), "modulation must be a number in 1/V .* got -0.1 1/V"),
        (lambda: Transistor(0.4, 1e-4, gate_voltage=np.nan), "gate_voltage must be a number in V .* got nan V"),
        (lambda: OTS(threshold_voltage=0.0), "threshold_voltage .* got 0 V"),
        (lambda: OTS(hold_voltage=-0.1), "hold_voltage .* got -0.1 V"),
        (lambda: OTS(hold_voltage=2.0), r"hold_voltage must be below threshold_voltage \(1.75 V\); got 2 V"),
        (lambda: OTS(holding_current=-1.0), "holding_current .* got -1 A"),
        (lambda: OTS(on_resistance=0.0), "on_resistance .* in ohm .* got 0 ohm"),
        (lambda: OTS(leakage_current=0.0), "leakage_current .* got 0 A"),
        (lambda: OTS(leakage_voltage=True), "leakage_voltage .* got True"),
    ],
)
def test_construction(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize("selector", SELECTORS)
def test_frozen_numbers(selector):
    assert isinstance(selector, Selector)
    name = dataclasses.fields(selector)[0].name
    assert type(getattr(selector, name)) is float
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(selector, name, 1.0)
    assert all(type(value) is float for value in selector.pack())
    twins = (copy.deepcopy(selector), pickle.loads(pickle.dumps(selector)), eval(repr(selector)))
    assert all(twin == selector and hash(twin) == hash(selector) for twin in twins)


def test_flags():
    assert [s.gated for s in SELECTORS] == [False, False, True, False]
    assert [s.hysteretic for s in SELECTORS] == [False, False, False, True]


def test_published_switch():
    switch = OTS()
    assert (switch.threshold_voltage, switch.hold_voltage, switch.holding_current) == (1.75, 0.4, 0.25e-3)


def test_switching_rules():
    switch = OTS(threshold_voltage=1.0, holding_current=1e-5)
    assert np.array_equal(switch.switches_on(np.array([[1.0, -1.01], [1.01, 0.0]])), [[False, True], [True, False]])
    assert np.array_equal(switch.switches_off(np.array([1e-5, -0.9e-5, 0.0, -1.0])), [False, True, True, False])
    with pytest.raises(ParameterError, match=r"inner\[0\] is nan V"):
        switch.switches_on(np.array([np.nan]))


def test_missing_gate():
    transistor = Transistor(0.4, 1e-4)
    voltage = np.zeros((2, 2))
    for call in (
        lambda: transistor.current(voltage),
        lambda: transistor.series(voltage, voltage, Series.empty((2, 2))),
    ):
        with pytest.raises(ParameterError, match=r"gate voltage \[V\] missing: Transistor is a gated selector"):
            call()


def test_wrong_gate_and_state():
    voltage, work = np.zeros((2, 3)), Series.empty((2, 3))
    with pytest.raises(ParameterError, match=r"gate must be a number or have shape \(2,\); got shape \(3,\)"):
        SELECTORS[2].series(voltage, voltage, work, gate=np.ones(3))
    with pytest.raises(ParameterError, match=r"gate\[1\] is nan V"):
        SELECTORS[2].series(voltage, voltage, work, gate=np.array([0.0, np.nan]))
    with pytest.raises(ParameterError, match=r"on must be an array of bool of shape \(2, 3\); got int64"):
        SELECTORS[3].series(voltage, voltage, work, on=np.ones((2, 3), int))
    with pytest.raises(ParameterError, match=r"got bool of shape \(3, 2\)"):
        SELECTORS[3].series(voltage, voltage, work, on=np.ones((3, 2), bool))
    with pytest.raises(ParameterError, match="must broadcast to voltage's shape"):
        SELECTORS[2].current(np.zeros((2, 3)), gate=np.ones(2))


@pytest.mark.parametrize("selector", SELECTORS)
def test_wrong_arrays(selector):
    with pytest.raises(ParameterError, match=r"voltage\[1\] is nan V"):
        selector.current([0.0, np.nan])
    with pytest.raises(ParameterError, match="voltage must be an array of real numbers in V"):
        selector.current("high")
    for voltage, conductance, work in (((2, 3), (2, 2), (2, 3)), ((2, 3), (2, 3), (3, 2)), ((6,), (6,), (6,))):
        with pytest.raises(ParameterError, match="must share one shape"):
            selector.series(np.zeros(voltage), np.zeros(conductance), Series.empty(work))
