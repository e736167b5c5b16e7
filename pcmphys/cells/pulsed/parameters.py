"""All parameters of a cell that is trained in place: a table of the parameter file for each effect, one for its law."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcmphys.cells.pulsed.laws import change
from pcmphys.cells.pulsed.laws.constant import ConstantSteps
from pcmphys.cells.pulsed.laws.exponential import ExponentialSteps
from pcmphys.cells.pulsed.laws.incremental_set import IncrementalSet
from pcmphys.cells.pulsed.laws.jump_table import FORGET, JumpTable
from pcmphys.cells.pulsed.laws.leak import Leak
from pcmphys.cells.pulsed.laws.linear import LinearSteps
from pcmphys.cells.pulsed.laws.nonlinear import NonlinearSteps
from pcmphys.cells.pulsed.laws.power import PowerSteps
from pcmphys.cells.pulsed.laws.soft_bounds import SoftBounds
from pcmphys.cells.pulsed.laws.soft_bounds_reference import SoftBoundsReference

_LAW = {"choice": "update law"}
_NOTHING = np.zeros((5, 2))
"""The table of laws that have none."""
_MOST_QUANTILES = 1000


@dataclass(frozen=True)
class UpdateWindow:
    """Conductances and weights of a typical device's bounds."""

    conductance_minimum: float = field(metadata={"unit": "S", "low": 0.0, "doc": "conductance of the least weight"})
    conductance_maximum: float = field(
        metadata={
            "unit": "S", "above": 0.0, "more_than": "conductance_minimum", "doc": "conductance of the largest weight"
        }
    )  # fmt: skip
    weight_minimum: float = field(metadata={"unit": "1", "high": 0.0, "doc": "mean lower bound"})
    weight_maximum: float = field(
        metadata={"unit": "1", "low": 0.0, "more_than": "weight_minimum", "doc": "mean upper bound"}
    )
    minimum_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of the lower bound over devices, relative"}
    )
    maximum_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of the upper bound over devices, relative"}
    )

    @property
    def unit(self) -> float:
        """Conductance [S] of a weight of one."""
        return (self.conductance_maximum - self.conductance_minimum) / (self.weight_maximum - self.weight_minimum)

    @property
    def zero(self) -> float:
        """Conductance [S] of a weight of zero."""
        return self.conductance_minimum - self.unit * self.weight_minimum


@dataclass(frozen=True)
class UpdatePulses:
    """What is common to the pulses of all laws."""

    duration: float = field(metadata={"unit": "s", "above": 0.0, "doc": "length of a pulse"})
    gain_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of a device's step size over devices, relative"}
    )
    gain_log_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of its logarithm (median as given, mean above it)"}
    )
    imbalance: float = field(
        default=0.0,
        metadata={
            "unit": "1", "low": -0.99, "high": 0.99, "doc": "share that down (positive) or up steps (negative) lose"
        },
    )  # fmt: skip
    imbalance_spread: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std over devices, for up and against down steps"}
    )
    write_noise: float = field(
        default=0.0,
        metadata={"unit": "1", "low": 0.0, "doc": "std of what reads as written against what is kept, in steps"},
    )
    one_sided: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "high": 1.0, "doc": "1: a device can only be pulsed up"}
    )


@dataclass(frozen=True)
class UpdateRead:
    """How the cell is read."""

    voltage: float = field(metadata={"unit": "V", "above": 0.0, "doc": "usual read voltage"})
    duration: float = field(metadata={"unit": "s", "above": 0.0, "doc": "duration of a read"})
    noise: float = field(default=0.0, metadata={"unit": "S", "low": 0.0, "doc": "std of a read"})
    relative_noise: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of a read per conductance, beside it"}
    )
    reference_time: float = field(
        default=1.0, metadata={"unit": "s", "above": 0.0, "doc": "age from which drift counts, t_0"}
    )
    drift_exponent: float = field(
        default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "nu of the drift since a device's last pulse"}
    )


@dataclass(frozen=True)
class Reset:
    """Where a RESET leaves a device, and towards what a capacitor leaks."""

    weight: float = field(metadata={"unit": "1", "doc": "mean weight after a RESET"})
    spread: float = field(default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of it over devices"})
    noise: float = field(default=0.0, metadata={"unit": "1", "low": 0.0, "doc": "std of it from RESET to RESET"})
    quantiles: tuple[float, ...] = field(
        default=(),
        metadata={
            "unit": "1", "length": _MOST_QUANTILES,
            "doc": "how far from the mean it ends at normal deviates from -3 to 3, instead of a normal number",
        },
    )  # fmt: skip

    def inconsistency(self) -> str | None:
        """What does not go together, in words; None if all does."""
        if len(self.quantiles) == 1 or (np.diff(self.quantiles) < 0.0).any():
            return "reset.quantiles.value: expected two numbers or more that do not fall, or none"
        return None


@dataclass(frozen=True)
class Stuck:
    """Devices that no pulse changes."""

    probability: float = field(metadata={"unit": "1", "low": 0.0, "high": 1.0, "doc": "share of such devices"})
    range: float = field(
        default=10.0,
        metadata={"unit": "1", "above": 0.0, "doc": "largest weight at which they are stuck, as far as bounds"},
    )


class BirthFloats(NamedTuple):
    """What a device is born with, for the kernel; weights and shares."""

    high: float
    high_spread: float
    low: float
    low_spread: float
    floor: float
    step: float
    up: float
    down: float
    gain_spread: float
    gain_log_spread: float
    imbalance_spread: float
    first: float
    first_spread: float
    second: float
    second_spread: float
    symmetry: float
    reference: float
    rest: float
    rest_spread: float
    lifetime: float
    lifetime_spread: float
    stuck: float
    stuck_range: float


@dataclass(frozen=True)
class PulsedParameters:
    """Parameters of a cell that is trained in place, by effect."""

    window: UpdateWindow
    pulse: UpdatePulses
    read: UpdateRead
    constant: ConstantSteps | None = field(default=None, metadata=_LAW)
    linear: LinearSteps | None = field(default=None, metadata=_LAW)
    soft_bounds: SoftBounds | None = field(default=None, metadata=_LAW)
    soft_bounds_reference: SoftBoundsReference | None = field(default=None, metadata=_LAW)
    exponential: ExponentialSteps | None = field(default=None, metadata=_LAW)
    power: PowerSteps | None = field(default=None, metadata=_LAW)
    nonlinear: NonlinearSteps | None = field(default=None, metadata=_LAW)
    jump_table: JumpTable | None = field(default=None, metadata=_LAW)
    incremental_set: IncrementalSet | None = field(default=None, metadata=_LAW)
    reset: Reset | None = None
    leak: Leak | None = None
    stuck: Stuck | None = None

    @property
    def step(self) -> float:
        """Mean change of weight by a pulse, as its law names it."""
        window = self.window
        if self.nonlinear is not None:
            mean = 0.5 * (self.nonlinear.pulses_up + self.nonlinear.pulses_down)
            return (window.weight_maximum - window.weight_minimum) / mean
        if self.jump_table is not None:
            table = self.jump_table
            rows = [table.up] if self.one_sided else [table.up, table.down]
            return float(np.mean([abs(np.interp(0.0, table.weight, row)) for row in rows]))
        if self.incremental_set is not None:
            law = self.incremental_set.pack(window.unit, window.zero)
            return law.mean_offset + law.mean_memory * law.forget
        return self._stepped.step

    @property
    def one_sided(self) -> bool:
        """Whether a device can only be pulsed up."""
        return self.pulse.one_sided > 0.0 or self.incremental_set is not None

    @property
    def table(self) -> np.ndarray:
        """The jump table, or one that no law looks at."""
        return _NOTHING if self.jump_table is None else self.jump_table.table()

    def inconsistency(self) -> str | None:
        """What does not go together of different tables, in words; None if all does."""
        if self.jump_table is not None and (wrong := self.jump_table.inconsistency()) is not None:
            return wrong
        window = self.window
        if not self.step > 0.0:
            return f"the update law must change a weight of zero; its step there is {self.step:g}"
        if self.step > window.weight_maximum - window.weight_minimum:
            return (
                f"the update law's step must fit between the bounds {window.weight_minimum:g} and "
                f"{window.weight_maximum:g}; got {self.step:g}"
            )
        if self.pulse.one_sided not in (0.0, 1.0):
            return f"pulse.one_sided.value: expected 0 or 1; got {self.pulse.one_sided:g}"
        if self.jump_table is not None and not self.one_sided:
            for way in ("up", "down"):
                if not max(getattr(self.jump_table, way)) > 0.0:
                    return (
                        f"jump_table.{way}.value: expected steps above zero somewhere; got none (a device that is only "
                        "pulsed up says pulse.one_sided = 1)"
                    )
        if self.one_sided and self.reset is None:
            return "reset: missing; a device that can only be pulsed up needs a RESET"
        if self.reset is not None:
            if (wrong := self.reset.inconsistency()) is not None:
                return wrong
            # a mean below the lower bound is one of devices of which most end at it
            least = window.weight_minimum - (window.weight_maximum - window.weight_minimum)
            if not least <= self.reset.weight <= window.weight_maximum:
                return (
                    f"reset.weight.value: expected within {least:g} and {window.weight_maximum:g}, the window and as "
                    f"much below; got {self.reset.weight:g}"
                )
        return None

    def pack(self) -> change.LawFloats:
        """The numbers of the update law, for the kernels."""
        kind, name, packed = self._law()
        forget = 1.0
        if self.incremental_set is not None:
            forget = packed.forget
        elif self.jump_table is not None and self.jump_table.fresh_up:
            forget = FORGET
        return change.LawFloats(kind, forget=forget, write_noise=self.pulse.write_noise * self.step, **{name: packed})

    def birth(self, stuck: float | None = None) -> BirthFloats:
        """What devices are born with, for the kernel; ``stuck`` is the share of stuck ones, if not as given."""
        window, pulse = self.window, self.pulse
        reset = Reset(0.0) if self.reset is None else self.reset
        own = Stuck(0.0) if self.stuck is None else self.stuck
        leak = Leak(np.inf) if self.leak is None else self.leak
        return BirthFloats(
            window.weight_maximum, window.maximum_spread, window.weight_minimum, window.minimum_spread,
            -window.zero / window.unit,
            1.0 if self._stepped is None else self._stepped.step,
            1.0 + min(pulse.imbalance, 0.0), 1.0 - max(pulse.imbalance, 0.0),
            pulse.gain_spread, pulse.gain_log_spread, pulse.imbalance_spread, *self._traits(),
            reset.weight, reset.spread, leak.lifetime, leak.spread, own.probability if stuck is None else stuck,
            own.range,
        )  # fmt: skip

    @property
    def _stepped(self):
        """The law whose steps have a size of their own; None for one that has it in other numbers."""
        laws = (self.constant, self.linear, self.soft_bounds, self.soft_bounds_reference, self.exponential, self.power)
        return next((law for law in laws if law is not None), None)

    def _traits(self) -> tuple[float, ...]:
        """Mean and spread of a device's two traits, the reference's share of symmetry, whether there is one."""
        if self.linear is not None:
            law = self.linear
            return law.decrease_up, law.decrease_up_spread, law.decrease_down, law.decrease_down_spread, 0.0, 0.0
        if self.power is not None:
            up, down, spread = self.power.exponent_up, self.power.exponent_down, self.power.exponent_spread
            return up, spread * up, down, spread * down, 0.0, 0.0
        if self.soft_bounds_reference is not None:
            law = self.soft_bounds_reference
            return 0.0, law.reference_spread, 0.0, 0.0, law.at_symmetry_point, 1.0
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0

    def _law(self) -> tuple[int, str, tuple]:
        window = self.window
        if self.constant is not None:
            return change.CONSTANT, "constant", self.constant.pack()
        if self.linear is not None:
            return change.LINEAR, "linear", self.linear.pack(window.weight_minimum, window.weight_maximum)
        if self.exponential is not None:
            return change.EXPONENTIAL, "exponential", self.exponential.pack()
        if self.power is not None:
            return change.POWER, "power", self.power.pack()
        if self.nonlinear is not None:
            return change.NONLINEAR, "nonlinear", self.nonlinear.pack()
        if self.jump_table is not None:
            return change.JUMP_TABLE, "jump_table", self.jump_table.pack()
        if self.incremental_set is not None:
            return change.INCREMENTAL_SET, "incremental_set", self.incremental_set.pack(window.unit, window.zero)
        soft = self.soft_bounds or self.soft_bounds_reference
        return change.SOFT_BOUNDS, "soft_bounds", (SoftBounds(1.0) if soft is None else soft).pack()
