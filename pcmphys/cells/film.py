"""A film of phase-change material that crystallizes over a history of temperatures: no device, a check of the laws."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.numbers import NumberedCell
from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled
from pcmphys.numerics.brief import fields
from pcmphys.numerics.compile import kernel
from pcmphys.physics.crystallization.rates import CrystallizationParameters, growth_velocity, nucleation_rate

if TYPE_CHECKING:
    import xarray as xr

_STEPS = 20_000


@dataclass(frozen=True)
class FilmParameters:
    """Parameters of a film."""

    crystallization: CrystallizationParameters = field(metadata={"doc": "growth and nucleation"})


@dataclass(frozen=True)
class FilmHistory(labelled.Labelled):
    """What a film did.

    Attributes
    ----------
    time : ndarray [s]
    temperature : ndarray [K]
    crystalline : ndarray
        Crystalline fraction in [0, 1] at these times.
    grains : float [1/m3]
        Grains a volume at the end.
    """

    time: np.ndarray
    temperature: np.ndarray
    crystalline: np.ndarray
    grains: float

    __repr__ = fields

    @property
    def grain_diameter(self) -> float:
        """Diameter [m] of a sphere of the mean grain volume at the end; NaN if nothing nucleated."""
        return (6.0 * self.crystalline[-1] / (math.pi * self.grains)) ** (1.0 / 3.0) if self.grains > 0.0 else math.nan

    def to_dataset(self) -> xr.Dataset:
        """The history as an `xarray.Dataset` with the axis time, units as attributes."""
        return labelled.dataset(
            "pcmphys history of a film",
            {
                "temperature": (("time",), self.temperature, "K", "temperature"),
                "crystalline": (("time",), self.crystalline, "1", "crystalline fraction"),
                "grains": ((), self.grains, "1/m3", "grains a volume at the end"),
                "grain_diameter": ((), self.grain_diameter, "m", "sphere of the mean grain volume at the end"),
            },
            {"time": (("time",), self.time, "s", "time")},
        )


class FilmCell(NumberedCell[FilmParameters]):
    """A film: no electrodes, no devices.

    Attributes
    ----------
    parameters : FilmParameters
        The numbers, by effect.
    technology : Technology
        The same numbers with unit, source and kind, as read from the parameter file.
    """

    def anneal(self, time: ArrayLike, temperature: ArrayLike) -> FilmHistory:
        """Crystallize an amorphous film along a history of temperatures, linear between the given points.

        Nucleation and growth in the volume with impingement after Kolmogorov, Johnson, Mehl and Avrami:
        X = 1 - exp(-integral of I(t') (4 pi/3) (integral of v from t' to t)^3 dt').

        Parameters
        ----------
        time : array_like [s]
            Increasing.
        temperature : array_like [K]
            At these times, below melting.

        Returns
        -------
        FilmHistory

        Examples
        --------
        A film of Ge2Sb2Te5 heated at 80 C a minute is still amorphous at 138 C:

        >>> import pcmphys as pcm
        >>> film = pcm.load_cell("gst225-film").anneal([0.0, 90.0], [293.15, 411.15])
        >>> bool(film.crystalline[-1] < 0.01)
        True
        """
        time = check.increasing("time", check.array("time", time, "s", 0.0, ndim=1), "s")
        melting = self.parameters.crystallization.melting_temperature
        temperature = check.array("temperature", temperature, "K", 77.0, melting, shape=time.shape)
        if time.size < 2:
            raise ParameterError("time must hold at least two points; got 1")
        # equal steps on each piece, more on longer ones, at least a hundred
        share = np.diff(time) / (time[-1] - time[0])
        pieces = [
            np.linspace(a, b, max(100, math.ceil(_STEPS * part)), endpoint=False)
            for a, b, part in zip(time[:-1], time[1:], share, strict=True)
        ]
        fine = np.append(np.concatenate(pieces), time[-1])
        crystalline, grains = np.empty(fine.size), np.zeros(1)
        path = np.interp(fine, time, temperature)
        _crystallize(0, fine.size, self.parameters.crystallization.pack(), fine, path, crystalline, grains)
        return FilmHistory(fine, path, crystalline, float(grains[0]))


@kernel
def _crystallize(start, stop, p, time, temperature, crystalline, grains):
    """Moments of the nuclei's radii, step by step: number, and sums of the first three powers a volume."""
    number, first, second, third = 0.0, 0.0, 0.0, 0.0
    crystalline[start] = 0.0
    for k in range(start + 1, stop):
        duration = time[k] - time[k - 1]
        middle = 0.5 * (temperature[k] + temperature[k - 1])
        born = nucleation_rate(middle, p) * duration
        step = max(growth_velocity(middle, p), 0.0) * duration
        # all radii grow by the step; those born within it by half of it
        third += 3.0 * step * second + 3.0 * step * step * first + step**3 * number + born * (0.5 * step) ** 3
        second += 2.0 * step * first + step * step * number + born * (0.5 * step) ** 2
        first += step * number + born * 0.5 * step
        number += born
        crystalline[k] = 1.0 - math.exp(-4.0 * math.pi / 3.0 * third)
        grains[0] += born * (1.0 - crystalline[k])
