"""The power law through the logarithms of binned densities, with or without a floor."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pcmphys.fit.engine.noise import Scatter
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.profile import profile
from pcmphys.fit.engine.solve import Fitted, fitted
from pcmphys.fit.spectrum.density import Density

_WHAT = "power law of a spectrum"
_FLAT = 2.0
"""Standard errors of the exponent of the law by itself within which a spectrum is flat."""
_LEAST_EXPONENT = 0.1
"""Of a law with a floor: below, the two are one thing."""


@dataclass(frozen=True, eq=False)
class Law:
    """What is fitted: the logarithm of each bin's density, over the square of the mean.

    Attributes
    ----------
    logs : (bins,) array
        Without the mean of the logarithm of a chi-square.
    factor : (bins, bins) array
        Lower Cholesky factor of their covariance.
    inside : (frequencies,) array
        Frequencies over the reference frequency, bin by bin.
    first : (bins,) array of int
        Place of each bin's first one.
    reference : float
        f_0 [Hz].
    """

    logs: np.ndarray
    factor: np.ndarray
    inside: np.ndarray
    first: np.ndarray
    reference: float

    @classmethod
    def of(cls, found: Density, used: np.ndarray, mean: float) -> Law:
        """From the densities of the bins that are used, about the trace's mean."""
        from scipy.special import digamma, polygamma

        half = 0.5 * found.dof[used]
        logs = np.log(found.density[used] / mean**2) - (digamma(half) - np.log(half))
        spread = np.sqrt(polygamma(1, half))
        covariance = found.correlation[np.ix_(used, used)] * np.outer(spread, spread)
        middle = float(np.exp(np.log(found.frequency[used]).mean()))
        chosen = [here for here, wanted in zip(found.inside, used, strict=True) if wanted]
        first = np.cumsum([0] + [here.size for here in chosen[:-1]])
        return cls(logs, np.linalg.cholesky(covariance), np.concatenate(chosen) / middle, first, middle)

    def residual(self, values: dict[str, float]) -> np.ndarray:
        """Logarithms less those of the law, averaged over each bin; NaN where a negative floor leaves no density."""
        level = values["amplitude"] ** 2 / self.reference
        model = level * self._means(self.inside ** -values["exponent"]) + values.get("white", 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.logs - np.log(model)

    def fit(self, white: str) -> Fitted:
        """With a floor ("yes"), without ("no"), or with one unless the spectrum is flat ("auto")."""
        scatter = Scatter(self.factor, "linear")
        slope, level = self._line()
        start = math.exp(0.5 * level) * math.sqrt(self.reference)
        plain = [Parameter("amplitude", start, low=0.0), Parameter("exponent", -slope, low=-3.0, high=5.0)]
        if white != "yes":
            alone = fitted(self.residual, plain, scatter, _WHAT)
            exponent = alone.estimates[1]
            if white == "no" or abs(exponent.value) < _FLAT * exponent.error:
                return alone
        floor = Parameter("white", 0.3 * float(np.exp(self.logs.min())), unit="1/Hz")
        steeper = Parameter("exponent", max(1.0, -slope), low=_LEAST_EXPONENT, high=5.0)
        return _opened(fitted(self.residual, [plain[0], steeper, floor], scatter, _WHAT))

    def interval(self, white: str, name: str, probability: float) -> tuple[float, float]:
        """Of a parameter, by profile."""
        found = self.fit(white)
        for held in found.solution.at_bound:  # not the bound of another's interval
            one = found.solution.parameters[held]
            inwards = 0.05 if one.value == one.min else -0.05
            one.set(value=one.value + (0.0 if held == name else inwards), vary=True)
        return profile(found, name, probability)

    def _line(self) -> tuple[float, float]:
        middles = self._means(np.log(self.inside))
        return np.polyfit(middles, self.logs, 1, w=1.0 / np.diag(self.factor))

    def _means(self, each: np.ndarray) -> np.ndarray:
        """Of each bin."""
        return np.add.reduceat(each, self.first) / np.diff(self.first, append=each.size)


def _opened(found: Fitted) -> Fitted:
    """An exponent at a bound: the spectrum does not tell a law from a floor, and no error is one."""
    if not found.solution.at_bound:
        return found
    estimates = tuple(replace(one, error=math.inf, bound="") for one in found.estimates)
    covariance = np.where(np.eye(len(estimates)), np.inf, np.nan)
    words = "exponent, amplitude and floor, each by itself: the spectrum is too short to tell law from floor"
    return found._replace(estimates=estimates, covariance=covariance, undetermined=(words,), notes=())
