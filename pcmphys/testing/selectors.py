"""The suite of selectors."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.crossbar import Bias, Crossbar, Selector, Wires
from pcmphys.crossbar.selectors.series import Series
from pcmphys.errors import ConvergenceError, ParameterError
from pcmphys.testing.claims import claim, run, same_bits, threads

_SLOPE = 1e-4
"""Agreement of slope and difference quotient, relative to the largest slope nearby."""
_KIRCHHOFF = 1e-9
_SERIES = 1e-9


@dataclass(frozen=True)
class _Trial:
    """A selector, how far it is tried, and the states in which it is."""

    selector: Selector
    voltage: float
    states: tuple[dict[str, Any], ...]

    def current(self, voltage: np.ndarray, state: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Current and slope in a state; arrays of the shape of the voltage."""
        keywords = {key: np.full(voltage.shape, value) for key, value in state.items()}
        answer = self.selector.current(voltage, **keywords)
        pair = isinstance(answer, tuple) and len(answer) == 2
        claim(pair, f"current(voltage) returns (current, slope); got {type(answer).__name__}")
        current, slope = answer
        for name, found in (("current", current), ("slope", slope)):
            claim(np.shape(found) == voltage.shape, f"{name} of shape {np.shape(found)} for voltages {voltage.shape}")
        return np.asarray(current, dtype=float), np.asarray(slope, dtype=float)


def check_selector(selector: Selector, *, voltage: float = 1.0) -> list[str]:
    """Check that a selector does what arrays need of one.

    Parameters
    ----------
    selector : Selector
        One selector; a gated one needs its own ``gate_voltage``.
    voltage : float [V]
        It is tried from minus this to this.

    Returns
    -------
    list of str
        What was checked and holds.

    Raises
    ------
    AssertionError
        What does not hold, with numbers.
    ParameterError
        It is no selector.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> len(pcm.testing.check_selector(pcm.OTS(), voltage=2.0))
    8
    """
    if not isinstance(selector, Selector):
        raise ParameterError(f"selector must be a Selector; got {type(selector).__name__}")
    gate = {"gate": float(selector.applied_gate(None))} if selector.gated else {}
    states = [{**gate, "on": on} for on in (False, True)] if selector.hysteretic else [gate]
    trial = _Trial(selector, float(voltage), tuple(states))
    checks = [_passive, _rising, _alone, _in_series, _in_a_circuit, _on_threads, _copied]
    if selector.hysteretic:
        checks.append(_switching)
    return run(checks, trial)


def _grid(trial: _Trial, count: int = 81) -> np.ndarray:
    return trial.voltage * np.linspace(-1.0, 1.0, count)


def _passive(trial: _Trial) -> None:
    """passive: current has the sign of the voltage, none at 0 V."""
    grid = _grid(trial)
    for state in trial.states:
        current, _ = trial.current(grid, state)
        claim(np.isfinite(current).all(), f"current is not finite within +-{trial.voltage:g} V")
        still = trial.current(np.zeros(3), state)[0]
        claim((still == 0.0).all(), f"{still[0]:g} A flow at 0 V")
        power = current * grid
        k = int(np.argmin(power))
        claim(power[k] >= 0.0, f"{current[k]:g} A at {grid[k]:g} V deliver power")


def _rising(trial: _Trial) -> None:
    """rising: the slope is dI/dV and nowhere negative."""
    grid = _grid(trial)
    step = 1e-6 * trial.voltage
    for state in trial.states:
        slope = trial.current(grid, state)[1]
        claim((slope >= 0.0).all(), f"slope {slope.min():g} S: current falls as the voltage rises")
        ends = [trial.current(grid + side, state)[0] for side in (step, -step)]
        quotient = (ends[0] - ends[1]) / (2.0 * step)
        near = [slope, *(trial.current(grid + side, state)[1] for side in (10.0 * step, -10.0 * step))]
        highest, lowest = np.maximum.reduce(near), np.minimum.reduce(near)
        kink = highest - lowest > 0.01 * highest  # a corner of the law has no one slope
        size = np.maximum(np.maximum(np.abs(slope), np.abs(quotient)), 1e-9 * np.abs(slope).max())
        off = np.where(kink, 0.0, np.abs(quotient - slope) / np.maximum(size, 1e-300))
        noise = np.abs(ends[0]) * 1e-15 / step / np.maximum(size, 1e-300)
        k = int(np.argmax(off - noise))
        claim(
            off[k] <= _SLOPE + 4.0 * noise[k],
            f"slope {slope[k]:g} S at {grid[k]:g} V, where dI/dV is {quotient[k]:g} S",
        )


def _alone(trial: _Trial) -> None:
    """alone: a cell does not depend on its neighbours."""
    grid = _grid(trial, 12)
    for state in trial.states:
        flat = trial.current(grid, state)
        block = trial.current(grid[::-1].reshape(3, 4).copy(), state)
        for name, one, other in zip(("current", "slope"), flat, block, strict=True):
            same_bits(f"{name} in another order and shape", one[::-1], other.reshape(-1))


def _in_series(trial: _Trial) -> None:
    """series: with an ohmic device as a bisection finds it."""
    voltage = np.repeat(_grid(trial, 9)[:, None], 4, axis=1)
    conductance = np.broadcast_to([1e-8, 1e-6, 1e-5, 1e-4], voltage.shape).copy()
    for state in trial.states:
        work = Series.empty(voltage.shape)
        gate = {"gate": np.full(voltage.shape[0], state["gate"])} if "gate" in state else {}
        on = {"on": np.full(voltage.shape, state["on"])} if "on" in state else {}
        trial.selector.series(voltage, conductance, work, **gate, **on)
        expected = _bisected(trial, state, voltage, conductance)
        off = np.abs(work.current - conductance * (voltage - expected)) / (conductance * trial.voltage)
        k = np.unravel_index(int(np.argmax(off)), off.shape)
        claim(
            off[k] <= _SERIES,
            f"{voltage[k]:g} V over selector and {conductance[k]:g} S: {work.current[k]:g} A, and "
            f"{conductance[k] * (voltage[k] - expected[k]):g} A by bisection",
        )


def _bisected(trial: _Trial, state: dict[str, Any], voltage: np.ndarray, conductance: np.ndarray) -> np.ndarray:
    """Voltage [V] over the selector, by halving the voltage across both."""
    low, high = np.minimum(voltage, 0.0), np.maximum(voltage, 0.0)
    for _ in range(200):
        middle = 0.5 * (low + high)
        above = trial.current(middle, state)[0] > conductance * (voltage - middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high)


def _solved(trial: _Trial):
    """An array at the highest voltage at which it has an answer; switches may have none at some."""
    rng = np.random.Generator(np.random.Philox(5))
    array = Crossbar(rng.uniform(1e-6, 25e-6, (24, 40)), Wires(row=2.0, column=2.0), trial.selector)
    inputs = (rng.random(24) < 0.5) * trial.voltage
    for share in (1.0, 0.5, 0.25, 0.1) if trial.selector.hysteretic else (1.0,):
        try:
            return array.solve(Bias.matvec(share * inputs))
        except ConvergenceError as error:
            last = error
    raise AssertionError(f"an array of 24 x 40 at up to {trial.voltage:g} V has no answer: {last}")


def _in_a_circuit(trial: _Trial) -> None:
    """circuit: Kirchhoff's law in an array with wires."""
    residual = float(np.max(_solved(trial).residual))
    claim(residual <= _KIRCHHOFF, f"residual {residual:.3g} in an array of 24 x 40 at {trial.voltage:g} V")


def _on_threads(trial: _Trial) -> None:
    """threads: same bits for one and for several."""
    found = []
    for count in (1, 8):
        with threads(count):
            found.append(_solved(trial).column_current)
    same_bits("column currents on one and on several threads", *found)


def _copied(trial: _Trial) -> None:
    """pickling: survives a copy and a pickle."""
    grid = _grid(trial, 11)
    twins = [("copy", copy.deepcopy(trial.selector))]
    if _importable(type(trial.selector)):
        twins.append(("pickle", pickle.loads(pickle.dumps(trial.selector))))
    for name, twin in twins:
        other = _Trial(twin, trial.voltage, trial.states)
        for state in trial.states:
            same_bits(f"current after a {name}", trial.current(grid, state)[0], other.current(grid, state)[0])


def _importable(kind: type) -> bool:
    """Whether Python can find a class again by its name; one of a script or a function it cannot."""
    import importlib

    try:
        found: Any = importlib.import_module(kind.__module__)
        for part in kind.__qualname__.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return found is kind


def _switching(trial: _Trial) -> None:
    """switching: both states are possible somewhere, and no cell must turn on and off at once."""
    grid = _grid(trial)
    off, on = ({**trial.states[0], "on": state} for state in (False, True))
    rises = np.asarray(trial.selector.switches_on(grid))
    falls = np.asarray(trial.selector.switches_off(trial.current(grid, on)[0]))
    for name, found in (("switches_on", rises), ("switches_off", falls)):
        claim(found.shape == grid.shape and found.dtype == np.bool_, f"{name} must give bool of the shape it is given")
    claim(not rises[grid == 0.0].any(), "a cell turns on at 0 V")
    both = rises & falls
    claim(not both.any(), f"at {grid[both][:1]} V a cell must turn on, and then off")
    less = np.abs(trial.current(grid, on)[0]) < np.abs(trial.current(grid, off)[0])
    claim(not less.any(), f"at {grid[less][:1]} V a cell that is on conducts less than one that is off")
