"""A cell: a resistor that is programmed with an error, keeps its value, and is read with white noise.

All random numbers belong to a device (seed, number of the device, event), so that any chunk or slice draws the same.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np

from pcmphys import ParameterError
from pcmphys.cells.kind import CellKind
from pcmphys.programming.report import ProgramReport

PROGRAMMING_ERROR, PROGRAMMING_TIME, READ_TIME = 0.02, 1e-6, 1e-7


@dataclass(frozen=True)
class Conductance:
    minimum: float = field(metadata={"unit": "S", "above": 0.0})
    maximum: float = field(metadata={"unit": "S", "more_than": "minimum"})


@dataclass(frozen=True)
class Read:
    voltage: float = field(metadata={"unit": "V", "above": 0.0})
    noise: float = field(metadata={"unit": "1", "low": 0.0})


@dataclass(frozen=True)
class SteadyParameters:
    conductance: Conductance
    read: Read


class SteadyCell:
    """See `pcmphys.cells.protocol.Cell`."""

    reference_time = 1.0

    def __init__(self, parameters, technology):
        self.parameters, self.technology = parameters, technology
        self.name = technology.name
        self.conductance_minimum = parameters.conductance.minimum
        self.conductance_maximum = parameters.conductance.maximum
        self.read_voltage = parameters.read.voltage

    def population(self, shape, *, seed=0, first_cell=0):
        shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
        count = int(np.prod(shape))
        return SteadyDevices(self, np.arange(first_cell, first_cell + count).reshape(shape), seed)


class SteadyDevices:
    """See `pcmphys.cells.protocol.Devices`."""

    ohmic = True

    def __init__(self, cell, numbers, seed):
        self.cell, self.numbers, self.seed = cell, numbers, seed
        self.values = np.full(numbers.shape, cell.conductance_minimum)
        self.time, self.event = 0.0, 0

    @property
    def shape(self):
        return self.numbers.shape

    def _normals(self):
        """One number a device, of an event of its own."""
        self.event += 1
        flat = [np.random.Generator(np.random.Philox(key=[self.seed, n], counter=self.event)).standard_normal()
                for n in self.numbers.reshape(-1)]  # fmt: skip
        return np.array(flat).reshape(self.shape)

    def now(self, temperature=None):
        return SteadyLook(self)

    def copy(self):
        return copy.deepcopy(self)

    def __getitem__(self, index):
        few = copy.copy(self)
        few.numbers, few.values = self.numbers[index], self.values[index].copy()
        return few

    def program(self, targets, *, where=None):
        targets = np.asarray(targets, dtype=float)
        if targets.shape not in ((), self.shape) or not np.isfinite(targets).all():
            raise ParameterError(f"targets [S] must be finite, of shape {self.shape}; got shape {targets.shape}")
        low, high = self.cell.conductance_minimum, self.cell.conductance_maximum
        aims = np.clip(targets, low, high)
        found = np.clip(aims * (1.0 + PROGRAMMING_ERROR * self._normals()), low, high)
        chosen = np.broadcast_to(True if where is None else where, self.shape)
        self.values = np.where(chosen, found, self.values)
        self.time += PROGRAMMING_TIME
        error = np.where(chosen, self.values - aims, np.nan)
        clipped = int(np.sum(chosen & (aims != targets)))
        return ProgramReport(error, chosen.astype(int), np.array(chosen), clipped)

    def wait(self, duration, temperature=None):
        if not 0.0 <= duration < np.inf:
            raise ParameterError(f"duration [s] must be finite and not negative; got {duration}")
        self.time += duration

    def read(self, voltage=None, duration=None):
        self.time += READ_TIME if duration is None else duration
        return self.values * (1.0 + self.cell.parameters.read.noise * self._normals())


class SteadyLook:
    """See `pcmphys.cells.protocol.Look`."""

    ohmic = True

    def __init__(self, devices):
        self.cell, self.shape, self.time = devices.cell, devices.shape, devices.time
        self.conductance = devices.values.copy()
        self.drift_exponent = np.zeros(self.shape)
        self.relative_noise = np.full(self.shape, self.cell.parameters.read.noise)
        for array in (self.conductance, self.drift_exponent, self.relative_noise):
            array.flags.writeable = False

    def current(self, voltage, *, warn=True):
        return self.conductance * voltage, self.conductance.copy()

    def warn_of_switching(self, voltage):
        """A resistor does not switch."""


KIND = CellKind(SteadyParameters, SteadyCell)
