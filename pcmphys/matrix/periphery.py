"""Converters at the edge of a tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check


@dataclass(frozen=True)
class Periphery:
    """Digital-to-analog and analog-to-digital conversion of a tile.

    Both converters are symmetric around zero, with 2^(bits-1) - 1 steps on either side.

    Parameters
    ----------
    dac_bits, adc_bits : int or None
        Resolution, 2 to 24; None is an ideal converter without range.
    input_range : float or None
        Input value that becomes the full read voltage; larger inputs are clipped and counted. None: each input
        vector is scaled to its own largest magnitude (and the result scaled back), so that nothing is clipped.
    adc_range : float [A] or None
        Full scale of the converter at the bit lines, behind the combination of the arrays (see `Mapping`); larger
        currents are clipped and counted. None: twice the Euclidean norm of the tile's strongest column at full read
        voltage (with selectors: of the currents that they let through then), unless `AnalogMatrix.fit_range` sets it
        from sample inputs.
    read_voltage : float [V] or None
        Word-line voltage of a full-scale input; None: the cell's own, which is too little behind most selectors.
    read_duration : float [s] or None
        Integration time; None: the cell's own.

    Examples
    --------
    >>> Periphery(dac_bits=3).quantise(np.array([0.2, 0.5, 1.4]), 1.0, 3)
    (array([0.33333333, 0.66666667, 1.        ]), 1)
    """

    dac_bits: int | None = 8
    adc_bits: int | None = 8
    input_range: float | None = None
    adc_range: float | None = None
    read_voltage: float | None = None
    read_duration: float | None = None

    def __post_init__(self) -> None:
        for name in ("dac_bits", "adc_bits"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _bits(f"periphery.{name}", getattr(self, name)))
        for name, unit in (("input_range", ""), ("adc_range", "A"), ("read_voltage", "V"), ("read_duration", "s")):
            if getattr(self, name) is not None:
                value = check.number(f"periphery.{name}", getattr(self, name), unit, 0.0, low_open=True)
                object.__setattr__(self, name, value)

    @staticmethod
    def quantise(values: np.ndarray, full_scale: float | np.ndarray, bits: int | None) -> tuple[np.ndarray, int]:
        """Round to the converter's steps and clip to its range; returns the values and how many were clipped."""
        if bits is None:
            return values, 0
        steps = 2 ** (bits - 1) - 1
        relative = values / full_scale
        # half a step beyond the last code still rounds to it: only what lies farther out is lost
        clipped = int((np.abs(relative) > 1.0 + 0.5 / steps).sum())
        return np.clip(np.rint(relative * steps), -steps, steps) / steps * full_scale, clipped


def _bits(name: str, value) -> int:
    try:
        return check.integer(name, value, 2, 24)
    except ParameterError as error:
        raise ParameterError(f"{error}; an ideal converter is None") from None
