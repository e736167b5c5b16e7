"""Interval of the temperature for a life: the likelihood's profile, with that temperature as a parameter."""

from __future__ import annotations

import math

import numpy as np

from pcmphys.fit.retention.model import PER_EV, Sample


def life_interval(
    sample: Sample,
    law: tuple[float, float, float],
    fixed: float | None,
    wanted: tuple[float, float],
    probability: float,
) -> tuple[float, float]:
    """Temperatures [K] at which the best likelihood falls by less than half the chi-square of ``probability``."""
    from scipy.optimize import brentq, minimize
    from scipy.special import ndtri
    from scipy.stats import chi2

    life, z = wanted[0], float(ndtri(wanted[1]))
    allowed = 0.5 * float(chi2.ppf(probability, 1))
    best = sample.objective(*law)
    centre = sample.life_temperature(life, z, *law)
    last = np.array([law[1], math.log(law[2])])

    def fall(temperature: float) -> float:
        nonlocal last

        def lost(theta):
            energy, spread = theta[0], math.exp(min(theta[1], 50.0))
            thermal = PER_EV * temperature
            if fixed is None:
                room = (energy + z * spread) / thermal if sample.energies else energy / thermal + z * spread
                prefactor = math.log(life) - room
            else:
                prefactor = fixed
                if sample.energies:
                    energy = thermal * (math.log(life) - fixed) - z * spread
                else:
                    energy = thermal * (math.log(life) - fixed - z * spread)
            value = -sample.objective(prefactor, energy, spread)
            return value if math.isfinite(value) else 1e300

        found = minimize(lost, last, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9, "maxiter": 2000})
        last = found.x
        return best + found.fun - allowed

    ends = []
    for side in (-1.0, 1.0):
        last = np.array([law[1], math.log(law[2])])
        inner, step = 0.0, 0.01 * centre
        end = 0.0 if side < 0 else math.inf
        for _ in range(30):
            outer = inner + step
            if centre + side * outer < 1.0:
                break
            if fall(centre + side * outer) > 0.0:
                end = brentq(lambda shift, side=side: fall(centre + side * shift), inner, outer, xtol=1e-6 * centre)
                end = centre + side * end
                break
            inner, step = outer, 1.5 * step
        ends.append(float(end))
    return ends[0], ends[1]
