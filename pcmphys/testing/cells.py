"""The suite of cells: a population's promises, whatever its physics."""

from __future__ import annotations

import contextlib
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcmphys.cells.protocol import Cell, Devices
from pcmphys.crossbar import Bias, Crossbar, Wires
from pcmphys.errors import ParameterError
from pcmphys.matrix import AnalogMatrix
from pcmphys.numerics import check
from pcmphys.testing.claims import claim, refused, run, same_bits, threads

_COUNT = 12
_HOUR = 3600.0
_CELL = ("name", "conductance_maximum", "conductance_minimum", "read_voltage", "reference_time", "population")
_DEVICES = ("shape", "time", "ohmic", "now", "copy", "__getitem__", "program", "wait", "read")
_LOOK = ("cell", "shape", "time", "ohmic", "conductance", "drift_exponent", "relative_noise", "current")


@dataclass(frozen=True)
class _Trial:
    """A cell, and how its devices are tried."""

    cell: Cell
    seed: int
    many: int

    @property
    def targets(self) -> np.ndarray:
        """Targets [S] of the dozen that most checks use."""
        return self.spread(_COUNT)

    def spread(self, count: int) -> np.ndarray:
        """Targets [S] over the whole range, without its ends."""
        return np.linspace(self.cell.conductance_minimum, self.cell.conductance_maximum, count + 2)[1:-1]

    def made(self, count: int = _COUNT, first_cell: int = 0) -> Devices:
        """New devices."""
        return self.cell.population(count, seed=self.seed, first_cell=first_cell)

    def lived(self, count: int = _COUNT, first_cell: int = 0) -> Devices:
        """Devices that were programmed and an hour has passed."""
        devices = self.made(count, first_cell)
        devices.program(self.targets[first_cell : first_cell + count])
        devices.wait(_HOUR)
        return devices


def check_cell(cell: Cell, *, seed: int = 1, many: int = 2048) -> list[str]:
    """Check that a cell and its devices keep what other rooms rely on.

    Parameters
    ----------
    cell : Cell
        Anything that offers what `pcmphys.cells.protocol.Cell` names.
    seed : int
        Of the devices that it is tried with, a dozen at a time.
    many : int
        Devices that are programmed and read on one and on several threads; enough that yours are shared out.

    Returns
    -------
    list of str
        What was checked and holds.

    Raises
    ------
    AssertionError
        What does not hold, with numbers.
    ParameterError
        It offers not even the names of a cell.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> print(pcm.testing.check_cell(pcm.load_cell("ibm-90nm-statistical"))[0])
    ranges: conductances, read voltage and reference time that make sense
    """
    _offered("cell", cell, _CELL)
    return run(_CHECKS, _Trial(cell, check.integer("seed", seed, low=0), check.integer("many", many, low=2)))


def _offered(name: str, given: Any, names: tuple[str, ...]) -> None:
    missing = [one for one in names if not hasattr(given, one)]
    if missing:
        raise ParameterError(f"{name} must offer {', '.join(names)}; {type(given).__name__} has no {missing[0]}")


def _ranges(trial: _Trial) -> None:
    """ranges: conductances, read voltage and reference time that make sense."""
    cell = trial.cell
    low, high = float(cell.conductance_minimum), float(cell.conductance_maximum)
    claim(isinstance(cell.name, str) and cell.name, f"name must be text; it is {cell.name!r}")
    claim(0.0 <= low < high < np.inf, f"conductances from {low:g} to {high:g} S")
    claim(0.0 < cell.read_voltage < np.inf, f"read voltage {cell.read_voltage:g} V")
    claim(0.0 < cell.reference_time < np.inf, f"reference time {cell.reference_time:g} s")


def _shapes(trial: _Trial) -> None:
    """shapes: any shape, in what devices and looks show."""
    for shape in ((), (3,), (2, 3)):
        devices = trial.cell.population(shape, seed=trial.seed)
        _offered("devices", devices, _DEVICES)
        claim(devices.shape == shape, f"a population of shape {shape} has shape {devices.shape}")
        devices.program(np.full(shape, trial.targets[-1]))
        look = devices.now()
        _offered("look", look, _LOOK)
        read = np.asarray(devices.read())
        for name, found in (
            ("look.conductance", look.conductance),
            ("look.drift_exponent", look.drift_exponent),
            ("look.relative_noise", look.relative_noise),
            ("read()", read),
        ):
            claim(np.shape(found) == shape, f"{name} of a population of shape {shape} has shape {np.shape(found)}")


def _numbers(trial: _Trial) -> None:
    """numbers: conductances are finite and not negative, noise too."""
    look = trial.lived().now()
    for name in ("conductance", "relative_noise"):
        found = np.asarray(getattr(look, name))
        claim(np.isfinite(found).all() and (found >= 0.0).all(), f"{name} {found.min():g} to {found.max():g}")
    claim(np.isfinite(look.drift_exponent).all(), "a drift exponent is not finite")


def _seeds(trial: _Trial) -> None:
    """seeds: same seed, same devices; another seed, others."""
    same_bits("conductance of the same seed", trial.lived().now().conductance, trial.lived().now().conductance)
    other = _Trial(trial.cell, trial.seed + 1, trial.many).lived().now().conductance
    claim(
        (np.asarray(other) != np.asarray(trial.lived().now().conductance)).any(), "another seed makes the same devices"
    )


def _chunks(trial: _Trial) -> None:
    """chunks: devices made a few at a time (first_cell) are the same."""
    whole, half = trial.lived(), _COUNT // 2
    parts = [trial.lived(half, 0), trial.lived(half, half)]
    same_bits(
        "conductance in two chunks",
        whole.now().conductance,
        np.concatenate([part.now().conductance for part in parts]),
    )
    same_bits("reads in two chunks", whole.read(), np.concatenate([part.read() for part in parts]))


def _on_threads(trial: _Trial) -> None:
    """threads: same bits for one and for several."""
    found = []
    for count in (1, 8):
        with threads(count):
            devices = trial.made(trial.many)
            devices.program(trial.spread(trial.many))
            devices.wait(_HOUR)
            found.append((devices.now().conductance, devices.read()))
    same_bits("conductance on one and on several threads", found[0][0], found[1][0])
    same_bits("reads on one and on several threads", found[0][1], found[1][1])


def _clock(trial: _Trial) -> None:
    """clock: waiting takes its time, reading and programming take some, and none goes back."""
    devices = trial.made()
    times = [devices.time]
    devices.program(trial.targets)
    times.append(devices.time)
    devices.wait(_HOUR)
    times.append(devices.time)
    devices.read()
    times.append(devices.time)
    claim(times == sorted(times), f"the clock went back: {times}")
    claim(abs(times[2] - times[1] - _HOUR) <= 1e-9 * _HOUR, f"waiting an hour took {times[2] - times[1]:g} s")
    claim(times[3] > times[2], "a read took no time")
    refused("a negative wait", lambda: devices.wait(-1.0))
    refused("a wait of NaN", lambda: devices.wait(np.nan))


def _looks(trial: _Trial) -> None:
    """looks: a moment, evaluated without a trace, read-only."""
    devices, twin = trial.lived(), trial.lived()
    look = devices.now()
    before = np.array(look.conductance)
    with contextlib.suppress(ValueError):  # the arrays of a look are not to be written on
        look.conductance[...] = 0.0
    same_bits("a look that was written on", before, look.conductance)
    devices.now()
    same_bits("the future of devices that were looked at", devices.read(), twin.read())
    devices.wait(_HOUR)
    same_bits("a look after its devices went on", before, look.conductance)
    claim(look.time < devices.time, f"a look of {look.time:g} s, now {devices.time:g} s")


def _copies(trial: _Trial) -> None:
    """copies: copy, slice and pickle have the same past and, each on its own, the same future."""
    devices = trial.lived()
    branch, few, thawed = devices.copy(), devices[2:5], pickle.loads(pickle.dumps(devices))
    here = devices.read()
    same_bits("reads of a copy", here, branch.read())
    same_bits("reads of a slice", here[2:5], few.read())
    same_bits("reads after a pickle", here, thawed.read())
    branch.program(trial.targets[::-1].copy())
    same_bits("devices whose copy was programmed", devices.now().conductance, thawed.now().conductance)


def _currents(trial: _Trial) -> None:
    """currents: none at 0 V, with the sign of the voltage, slope dI/dV, conductance at the read voltage."""
    look, v = trial.lived().now(), trial.cell.read_voltage
    claim((np.asarray(look.current(0.0)[0]) == 0.0).all(), "a current flows at 0 V")
    for voltage in (v, -v):
        current, slope = (np.asarray(found) for found in look.current(voltage))
        claim((current * voltage >= 0.0).all(), f"devices deliver power at {voltage:g} V")
        claim((slope >= 0.0).all(), f"slope {slope.min():g} S at {voltage:g} V")
        step = 1e-5 * v
        quotient = (look.current(voltage + step)[0] - look.current(voltage - step)[0]) / (2.0 * step)
        off = np.abs(quotient - slope) / np.maximum(np.abs(slope), 1e-300)
        claim((off < 1e-4)[slope > 0.0].all(), f"slope is off dI/dV by {off[slope > 0.0].max():.3g} of it")
    off = np.abs(np.asarray(look.current(v)[0]) / v - look.conductance) / np.maximum(look.conductance, 1e-300)
    claim((off < 1e-4).all(), f"current at the read voltage is off the conductance by {off.max():.3g} of it")
    if look.ohmic:
        double = np.asarray(look.current(2.0 * v)[0])
        claim(np.allclose(double, 2.0 * np.asarray(look.current(v)[0]), rtol=1e-12), "said to be ohmic, and is not")


def _in_a_circuit(trial: _Trial) -> None:
    """circuit: Kirchhoff's law in an array with wires."""
    devices = trial.cell.population((3, 4), seed=trial.seed)
    devices.program(trial.targets.reshape(3, 4))
    bias = Bias.matvec(np.full(3, trial.cell.read_voltage))
    residual = float(np.max(Crossbar(devices, Wires(row=1.0, column=1.0)).solve(bias).residual))
    claim(residual <= 1e-9, f"residual {residual:.3g} in an array of 3 x 4")


def _in_a_matrix(trial: _Trial) -> None:
    """matrix: weights on pairs of devices multiply, after an hour too."""
    weights = np.linspace(-1.0, 1.0, _COUNT).reshape(3, 4)
    matrix = AnalogMatrix(weights, trial.cell, seed=trial.seed)
    matrix.program()
    matrix.wait(_HOUR)
    matrix.calibrate()
    product = matrix.matvec(np.ones(3))
    off = float(np.linalg.norm(product - weights.sum(axis=0)) / np.linalg.norm(weights))
    claim(off < 1.0, f"a product of 3 x 4 weights is off by {off:.3g} of the weights")


def _programming(trial: _Trial) -> None:
    """programming: what cannot be is refused, and a part of the devices is left alone."""
    devices = trial.lived()
    devices.program(float(trial.targets[-1]))
    before = np.array(devices.now().conductance)
    refused("a target of NaN", lambda: devices.program(np.full(_COUNT, np.nan)))
    refused("targets of another shape", lambda: devices.program(np.full(_COUNT + 1, trial.targets[0])))
    same_bits("devices after refused targets", before, devices.now().conductance)
    where = np.arange(_COUNT) < 3
    twin = devices.copy()
    devices.program(trial.targets[::-1].copy(), where=where)
    claim((devices.now().conductance[where] != before[where]).any(), "devices that were programmed did not change")
    twin.wait(max(devices.time - twin.time, 0.0))
    off = np.abs(devices.now().conductance - twin.now().conductance)[~where] / np.maximum(before[~where], 1e-300)
    claim((off < 1e-6).all(), f"devices that were left alone changed by up to {off.max():.3g} of their conductance")


_CHECKS = (
    _ranges, _shapes, _numbers, _seeds, _chunks, _on_threads, _clock, _looks, _copies, _currents, _in_a_circuit,
    _in_a_matrix, _programming,
)  # fmt: skip
