"""Our selectors pass the suite; wrong twins fail it at the claim that they break."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.testing import check_selector

OURS = (
    (pcm.Diode(1e-12, ideality=1.5), 1.5),
    (pcm.Exponential(1e-11, 0.06), 1.5),
    (pcm.Transistor(0.5, 1e-3, gate_voltage=2.0), 1.5),
    (pcm.OTS(), 2.0),
)


class Cubic(pcm.Selector):
    """A right one, of which the wrong twins are made."""

    def current(self, voltage):
        return 1e-4 * voltage**3, 3e-4 * voltage**2


class Active(Cubic):
    def current(self, voltage):
        current, slope = super().current(voltage)
        return current + 1e-9, slope


class Feeding(Cubic):
    def current(self, voltage):
        return np.abs(super().current(voltage)[0]), 3e-4 * voltage**2


class Falling(Cubic):
    def current(self, voltage):
        return 1e-4 * np.tanh(voltage) * np.exp(-(voltage**2)), -np.ones_like(voltage)


class WrongSlope(Cubic):
    def current(self, voltage):
        current, slope = super().current(voltage)
        return current, 1.001 * slope


class Conductance(Cubic):
    """The slope taken for I / V, a usual mistake."""

    def current(self, voltage):
        return 1e-4 * voltage**3, 1e-4 * voltage**2


class Neighbourly(Cubic):
    def current(self, voltage):
        current, slope = super().current(voltage)
        share = 1.0 + 1e-12 * float(np.sum(np.abs(voltage))) / voltage.size * np.arange(voltage.size).reshape(
            voltage.shape
        )
        return current * share, slope * share


class Endless(Cubic):
    def current(self, voltage):
        return np.where(voltage > 0.5, np.inf, 1e-4 * voltage**3), 3e-4 * voltage**2


class WrongSeries(Cubic):
    def series(self, voltage, conductance, work, *, gate=None, on=None):
        super().series(voltage, conductance, work)
        work.current[...] *= 1.0 + 1e-6


class Scalar(Cubic):
    def current(self, voltage):
        return float(np.sum(voltage)), 1.0


class Wavering(pcm.OTS):
    """Turns off whatever turns on."""

    def switches_off(self, current):
        return np.ones(np.shape(current), dtype=bool)


class Backward(pcm.OTS):
    """Conducts less when it is on."""

    def current(self, voltage, *, gate=None, on=None):
        return super().current(voltage, on=~np.asarray(on))

    def series(self, voltage, conductance, work, *, gate=None, on=None):
        super().series(voltage, conductance, work, on=~np.asarray(on))

    def switches_off(self, current):
        return np.zeros(np.shape(current), dtype=bool)


@pytest.mark.parametrize(("selector", "voltage"), OURS, ids=[type(one).__name__ for one, _ in OURS])
def test_ours_pass(selector, voltage):
    assert len(check_selector(selector, voltage=voltage)) == (8 if selector.hysteretic else 7)


def test_a_simple_one_passes():
    assert check_selector(Cubic())[0] == "passive: current has the sign of the voltage, none at 0 V"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Active, "passive: 1e-09 A flow at 0 V"),
        (Feeding, "passive: .* deliver power"),
        (Falling, "rising: slope -1 S"),
        (WrongSlope, "rising: slope .*, where dI/dV is"),
        (Conductance, "rising: slope .*, where dI/dV is"),
        (Neighbourly, "alone: current in another order and shape: not the same bits"),
        (Endless, "passive: current is not finite"),
        (WrongSeries, "series: .* by bisection"),
        (Scalar, r"passive: current of shape \(\)"),
        (lambda: Wavering(), "switching: .* must turn on, and then off"),
        (lambda: Backward(), "switching: .* conducts less"),
    ],
)
def test_a_wrong_one_fails_where_it_is_wrong(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check_selector(wrong(), voltage=2.0 if isinstance(wrong(), pcm.OTS) else 1.0)


def test_what_is_no_selector_is_refused():
    with pytest.raises(ParameterError, match="selector must be a Selector; got float"):
        check_selector(1.0)
    with pytest.raises(ParameterError, match="gate voltage"):
        check_selector(pcm.Transistor(0.5, 1e-3))
