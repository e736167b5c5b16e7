"""What a fit of I-V curves may be told of the instrument, of the circuit, and of which points it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from textwrap import shorten

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.noise import TUNING
from pcmphys.numerics import check

EXTRAS = ("series_resistance", "parallel_conductance", "voltage_offset", "current_offset")
"""What may be fitted beside the law."""
BELOW = ("refuse", "keep", "drop")


@dataclass(frozen=True, kw_only=True, repr=False)
class IvOptions:
    """Options of `pcmphys.fit.iv`: the instrument, the circuit around the layer, the points.

    Parameters
    ----------
    relative_error : float, optional
        Known standard deviation of a current, as part of it [1]. Default: found from the scatter about the law.
    floor : float, optional
        Standard deviation of the instrument's own noise [A]: what it shows at no current. A current's variance is
        floor^2 + (relative_error I)^2.
    below : {"refuse", "keep", "drop"}
        Currents smaller than the floor, or against their voltage: an error; data like others, with the floor as their
        error (the right choice for an instrument that shows its noise, of either sign); left out, which biases what is
        left upwards.
    voltage_error : float
        Standard deviation of voltages in the on-state [V].
    compliance : float, optional
        Current limit of the tester [A]: points at it show where the cell switches, and are left out of the fits.
    largest_voltage : float, optional
        The law is fitted up to this voltage [V] only.
    least_on_current : float, optional
        The on-state's line is fitted from this current [A] on only.
    jump : float, optional
        Factor by which the current must rise from one point to the next, beyond its trend and its noise, to count as
        switching. None: no switching is looked for, all points are of the off-state.
    free : sequence of str
        What is fitted beside the law: "series_resistance", "parallel_conductance" (an ohmic path beside the layer),
        "voltage_offset", "current_offset" (of the instrument).
    series_resistance : float
        Known resistance in series [ohm]: heater, leads, load. If it is free, where the search begins.
    series_activation, parallel_activation : float
        Activation energies [eV] of series resistance (films between grains; 0: a metal) and parallel conductance.
    loss : {"linear", "huber", "cauchy", "tukey"}
        Other than the first: outliers have little weight, see `pcmphys.fit.curve`.
    device : sequence, optional
        A label for each sweep: those of one device in one state share conductance and thickness. Default: all are of
        one, or, where thicknesses are given, as many as there are thicknesses.
    cold : bool
        Temperatures below 100 K are meant as they are.
    """

    relative_error: float | None = None
    floor: float | None = None
    below: str = "refuse"
    voltage_error: float = 0.0
    compliance: float | None = None
    largest_voltage: float | None = None
    least_on_current: float | None = None
    jump: float | None = 3.0
    free: Sequence[str] = ()
    series_resistance: float = 0.0
    series_activation: float = 0.0
    parallel_activation: float = 0.0
    loss: str = "linear"
    device: Sequence[object] | None = None
    cold: bool = False

    def __repr__(self) -> str:
        told = [
            f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.default != getattr(self, one.name)
        ]
        return f"IvOptions({shorten(', '.join(told), 180, placeholder=' ...')})"

    def __post_init__(self) -> None:
        check.choice("below", self.below, BELOW)
        check.choice("loss", self.loss, TUNING)
        if isinstance(self.free, str):
            object.__setattr__(self, "free", (self.free,))
        object.__setattr__(self, "free", tuple(check.choice("free", one, EXTRAS) for one in self.free))
        for name, unit, high in _POSITIVE:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, check.number(name, value, unit, 0.0, high, low_open=True))
        for name, unit in _NOT_NEGATIVE:
            object.__setattr__(self, name, check.number(name, getattr(self, name), unit, 0.0))
        if self.jump is not None:
            object.__setattr__(self, "jump", check.number("jump", self.jump, "", 1.0, low_open=True))
        if self.below == "keep" and self.floor is None:
            raise ParameterError(
                "below='keep' needs floor, the instrument's noise in A: it is the error of such points"
            )
        if not isinstance(self.cold, bool):
            raise ParameterError(f"cold must be True or False; got {self.cold!r}")
        if self.device is not None:
            if isinstance(self.device, str) or not hasattr(self.device, "__len__"):
                raise ParameterError(f"device must be a sequence, a label a sweep; got {self.device!r}")
            object.__setattr__(self, "device", tuple(self.device))


_POSITIVE = (
    ("relative_error", "", 1.0),
    ("floor", "A", 1.0),
    ("compliance", "A", 10.0),
    ("largest_voltage", "V", 1e3),
    ("least_on_current", "A", 10.0),
)
_NOT_NEGATIVE = (
    ("voltage_error", "V"),
    ("series_resistance", "ohm"),
    ("series_activation", "eV"),
    ("parallel_activation", "eV"),
)
