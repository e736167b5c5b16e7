"""What `pcmphys.fit.spectrum` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.result import FitResult
from pcmphys.fit.engine.words import value_and_error
from pcmphys.fit.spectrum.law import Law
from pcmphys.numerics import check

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


_SCALED = ("log_slope", "offset", "power_factor", "low", "high", "polynomial")
"""What makes the size of a published moment."""


def _times(factor: float, value: Any) -> Any:
    return tuple(factor * one for one in value) if isinstance(value, tuple) else factor * value


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SpectrumFit(FitResult):
    r"""Spectrum of a trace and its power law; everything of `FitResult` too.

    The parameters are ``amplitude`` (Q), ``exponent`` (beta) and, unless the spectrum is flat, ``white`` (w) of

    .. math:: S(f) / \bar{G}^2 = Q^2 / f_0 \, (f / f_0)^{-\beta} + w .

    Attributes
    ----------
    frequency : (bins,) array
        Middle of each bin [Hz].
    density : (bins,) array
        One-sided power spectral density [unit of the trace, squared, over Hz].
    dof : (bins,) array
        Effective number of independent squares in each.
    used : (bins,) array of bool
        Whether the power law was fitted to it.
    mean : float
        Of the trace [its unit].
    unit : str
        Of the trace; empty where it was given as an array.
    reference_frequency : float
        f_0 [Hz], the geometric middle of the fitted band.
    nyquist : float
        Half the (mean) rate of reads [Hz]: noise above it is folded below it.
    segments : int
    window : str
    regular : bool
        Whether by Welch's method; else by that of Lomb and Scargle.
    """

    frequency: np.ndarray
    density: np.ndarray
    dof: np.ndarray
    used: np.ndarray
    mean: float
    reference_frequency: float
    nyquist: float
    segments: int
    window: str
    regular: bool
    unit: str = ""
    law: InitVar[Law]
    white: InitVar[str]

    def __post_init__(self, law: Law, white: str) -> None:
        object.__setattr__(self, "_law", law)
        object.__setattr__(self, "_white", white)

    @property
    def exponent(self) -> float:
        """Slope beta of f^-beta [1]."""
        return self["exponent"].value

    @property
    def exponent_error(self) -> float:
        """Its standard error [1]."""
        return self["exponent"].error

    @property
    def noise_amplitude(self) -> float:
        """Q, relative to the mean [1]: of the 1/f noise that is as strong at the reference frequency."""
        return self["amplitude"].value

    @property
    def noise_amplitude_error(self) -> float:
        """Its standard error [1]."""
        return self["amplitude"].error

    @property
    def relative(self) -> np.ndarray:
        """Density over the square of the mean, (bins,) [1/Hz]."""
        return self.density / self.mean**2

    def interval(self, name: str, probability: float = 0.95) -> tuple[float, float]:
        """Confidence interval ``(low, high)`` of a parameter [its unit] by profile: all others fitted anew.

        In short traces it is lopsided, and narrower than value and error say. An end of an exponent's interval at 0.1,
        or 5, is the last that was tried.
        """
        estimate = self[name]
        chance = check.number("probability", probability, "", 0.0, 1.0, low_open=True)
        if chance == 1.0:
            raise ParameterError("probability must be below 1")
        return self._law.interval(self._white, estimate.name, chance)

    def band(self, probability: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Confidence band of the density, each bin by itself: ``(low, high)``, each (bins,) [as the density]."""
        from scipy.stats import chi2

        chance = check.number("probability", probability, "", 0.0, 1.0, low_open=True)
        if chance == 1.0:
            raise ParameterError("probability must be below 1")
        low, high = (chi2.ppf(0.5 + side * 0.5 * chance, self.dof) for side in (1.0, -1.0))
        return self.density * self.dof / low, self.density * self.dof / high

    def curve(self, frequency: ArrayLike) -> np.ndarray:
        """The fitted density at frequencies [Hz], same shape [as the density]; 0 where a negative floor leaves none."""
        f = np.asarray(check.array("frequency", frequency, "Hz", low=0.0))
        values = self.values
        with np.errstate(divide="ignore"):
            law = (f / self.reference_frequency) ** -values["exponent"]
        relative = values["amplitude"] ** 2 / self.reference_frequency * law + values.get("white", 0.0)
        return self.mean**2 * np.maximum(relative, 0.0)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the density with its 95 % band and the fitted law; write it to ``path`` if one is given.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from pcmphys.fit.spectrum.figure import spectrum_figure

        return spectrum_figure(self, path)

    def to_dataset(self) -> xr.Dataset:
        """As `FitResult.to_dataset`, with the density, its 95 % band and the degrees of freedom by frequency [Hz]."""
        low, high = self.band()
        axis, unit = ("frequency",), "1/Hz" if self.unit == "1" else f"{self.unit or 'trace'}^2/Hz"
        columns = {
            "density": (axis, self.density, unit, "one-sided power spectral density"),
            "density_low": (axis, low, unit, "lower end of its 95 % interval"),
            "density_high": (axis, high, unit, "upper end of its 95 % interval"),
            "dof": (axis, self.dof, "1", "effective number of independent squares"),
            "used": (axis, self.used, "1", "whether the power law was fitted to it"),
        }
        return self.with_data(
            columns,
            {"frequency": (axis, self.frequency, "Hz", "middle of the bin")},
            mean=self.mean,
            reference_frequency=self.reference_frequency,
            nyquist=self.nyquist,
            segments=self.segments,
            window=self.window,
            method="Welch" if self.regular else "Lomb-Scargle",
        )

    def cell_changes(self, cell: Any) -> Mapping[str, Any]:
        """Read noise of a statistical cell: its law, scaled so that it is Q at the conductance of the trace."""
        parameters = getattr(cell, "parameters", None)
        noise = getattr(parameters, "read_noise", None)
        if not hasattr(noise, "power_factor"):
            return {}
        if self.unit not in ("", "S"):
            raise ParameterError(f"the trace is in {self.unit}; a cell's read noise is told at a conductance [S]")
        share = self.mean / parameters.conductance_maximum
        if not 0.0 < share <= 1.0:
            raise ParameterError(
                f"the trace's mean, {self.mean:g}, must be a conductance [S] of the cell: above 0 and at most "
                f"{parameters.conductance_maximum:g} S"
            )
        now = float(cell.moments(self.mean)["read_noise"])
        if now <= 0.0:
            raise ParameterError(f"{cell!r} has no read noise at {self.mean:g} S that could be scaled")
        factor, shown = self.noise_amplitude / now, " +- ".join(value_and_error(*self._q()))
        note = f"scaled to Q = {shown} at {self.mean:.4g} S"
        own = [key for key in _SCALED if f"read_noise.{key}" in cell.technology.quantities]
        return {f"read_noise.{key}": {"value": _times(factor, getattr(noise, key)), "note": note} for key in own}

    def _q(self) -> tuple[float, float]:
        return self.noise_amplitude, self.noise_amplitude_error
