"""How exact the steps of a pulse are: against steps so fine that finer ones change nothing."""

from dataclasses import replace

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.cells import MushroomCell
from pcmphys.programming.pulse import Pulse

RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
SET = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)
SLOW = pcm.Pulse(current=400e-6, width=20e-9, fall=1e-6)
RAMPED = pcm.Pulse(current=440e-6, width=100e-9, rise=20e-9, fall=50e-9)
VOLTAGE = pcm.Pulse(voltage=1.3, width=50e-9, rise=10e-9, fall=10e-9)
COUNT = 300


def without_nuclei() -> MushroomCell:
    """Random numbers for nuclei are drawn along the steps: with none the same devices can be compared."""
    cell = pcm.load_cell("ibm-90nm-doped-gst")
    p = cell.parameters
    return MushroomCell(replace(p, crystallization=replace(p.crystallization, nucleation_factor=0.0)), cell.technology)


def cut(factor):
    """Steps of a pulse: a twentieth of a thermal time and more after corners, a 240th of long ramps and plateaus.

    Longer by a factor.
    """

    def steps(pulse, thermal_time):
        lengths, drives = [], []
        for k in range(pulse.time.size - 1):
            length, before, after = pulse.time[k + 1] - pulse.time[k], *(pulse.drive[k : k + 2] / pulse.peak)
            if length == 0.0:
                continue
            first = 0.05 * factor * thermal_time
            if before == after:
                cuts = [first]
                while sum(cuts) < length:
                    cuts.append(min(1.05**factor * cuts[-1], max(factor * length / 240, first)))
                cuts = np.array(cuts) * length / sum(cuts)
            else:
                cuts = np.full(int(np.ceil(length / max(first, factor * length / 240))), 1.0)
                cuts *= length / cuts.size
            lengths += list(cuts)
            drives += list(before + (after - before) * (np.cumsum(cuts) - 0.5 * cuts) / length)
        cooling = int(np.ceil(140 / factor))
        lengths += cooling * [7.0 * thermal_time / cooling]
        drives += cooling * [0.0]
        decay = np.exp(-np.array(lengths) / thermal_time)
        return np.stack([lengths, np.sqrt(decay), decay, drives], axis=1)

    return steps


def rims(monkeypatch, pulses, steps=None):
    """Rims [nm] of all sectors after pulses, taken in steps of one's own."""
    with monkeypatch.context() as patch:
        if steps is not None:
            patch.setattr(Pulse, "steps", steps)
        devices = without_nuclei().population(COUNT, seed=3)
        for pulse in pulses:
            devices.apply(pulse)
        return 1e9 * devices._state.rim.astype(float)


# mean error, and that in nine of ten sectors [nm]; rims after these pulses are 24 to 25, 24, 5, 17 and 11 nm thick
CASES = {
    "RESET": ((RESET,), 0.06, 0.25),
    "RESET, SET": ((RESET, SET), 0.06, 0.25),
    "RESET, slow fall": ((RESET, SLOW), 0.15, 0.15),
    "RESET, ramps": ((RESET, RAMPED), 0.15, 0.5),
    "RESET, voltage": ((RESET, VOLTAGE), 0.25, 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_are_fine_enough(name, monkeypatch):
    pulses, mean, most = CASES[name]
    exact = rims(monkeypatch, pulses, cut(1.0))
    error = rims(monkeypatch, pulses) - exact
    assert abs(error.mean()) < mean
    assert np.quantile(np.abs(error), 0.9) < most
    # what it is held against is exact itself
    coarser = rims(monkeypatch, pulses, cut(3.0)) - exact
    assert abs(coarser.mean()) < 0.3 * mean
    assert np.quantile(np.abs(coarser), 0.9) < 0.3 * most


def rising(pulse, thermal_time):
    """Fine steps of a plateau that gets warmer to its end, by a part in a million: it melts what it can."""
    steps = cut(1.0)(pulse, thermal_time)
    steps[:, 3] *= np.where(steps[:, 3] == 1.0, 1.0 - 1e-6 * (1.0 - np.cumsum(steps[:, 0]) / steps[:, 0].sum()), 1.0)
    return steps


def test_a_long_plateau_ends_where_fine_steps_end_as_long_as_it_gets_warmer(monkeypatch):
    pulses = RESET, SET, RESET
    error = rims(monkeypatch, pulses) - rims(monkeypatch, pulses, rising)
    assert abs(error.mean()) < 0.1
    assert np.quantile(np.abs(error), 0.9) < 0.45


def test_steps_three_times_as_long_would_not_do(monkeypatch):
    exact = rims(monkeypatch, (RESET,), cut(1.0))
    error = rims(monkeypatch, (RESET,), cut(60.0)) - exact
    assert abs(error.mean()) > 0.1 or np.quantile(np.abs(error), 0.9) > 0.5


def grains(monkeypatch, pulses, steps=None):
    """Mean number of grains a device after pulses, and its standard error."""
    with monkeypatch.context() as patch:
        if steps is not None:
            patch.setattr(Pulse, "steps", steps)
        devices = pcm.load_cell("ibm-90nm-doped-gst").population(8000, seed=5)
        for pulse in pulses:
            devices.apply(pulse)
        count = devices.now().state.count.sum(axis=1)
        return count.mean(), count.std() / np.sqrt(count.size)


@pytest.mark.parametrize("pulses", [(RESET, SET), (RESET, SET, RESET)], ids=["SET", "RESET of SET devices"])
def test_a_pulse_leaves_as_many_grains_as_in_fine_steps(pulses, monkeypatch):
    """On the plateau of a RESET they come up one after the other where the rim is far: those to come cover nothing."""
    (own, error), (exact, other) = grains(monkeypatch, pulses), grains(monkeypatch, pulses, cut(3.0))
    chance = 4.0 * np.hypot(error, other)
    assert chance < 0.1 * exact  # so that a tenth would be seen
    assert abs(own - exact) < chance
