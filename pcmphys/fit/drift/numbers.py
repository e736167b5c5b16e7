"""The numbers of a statistical cell that a population's drift gives: mean and spread of nu, by conductance if it tells.

The published form is a clipped logarithm, ``nu = clip(a ln g + b, low, high)`` with ``g = G / conductance_maximum``
(V. Joshi et al., Nat. Commun. 11, 2473 (2020), as applied in aihwkit). A slope a is kept where the devices tell it from
none by three standard errors; beyond the conductances that were measured the law stays at its ends.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.engine.words import with_error

_SIGNIFICANT = 3.0
_FEWEST = 10
"""Devices from which on a slope is looked for."""
_BEYOND = 1e9
"""A split of the published law that no conductance reaches: the logarithm holds everywhere."""


class Slope(NamedTuple):
    """nu = a ln g + b with what differs from device to device about it."""

    slope: float
    slope_error: float
    offset: float
    offset_error: float
    spread: float
    spread_error: float


def drift_numbers(population: Any, cell: Any) -> dict[str, dict[str, Any]]:
    """Numbers of a statistical cell, as ``cell.but`` takes them.

    Raises
    ------
    ParameterError
        No statistical cell, fewer than two devices with a fit, normalised conductances or some above the cell's.
    """
    parameters = getattr(cell, "parameters", None)
    if not hasattr(parameters, "drift_exponent_mean"):
        raise ParameterError(
            f"{cell!r} has no drift exponents among its numbers: its drift follows from its glass, and fit.calibrate "
            "finds that; statistical cells have them, such as ibm-90nm-statistical"
        )
    known = np.isfinite(population.exponent)
    if known.sum() < 2 or not np.isfinite(population.exponent_spread):
        raise ParameterError(f"{int(known.sum())} devices with a fit tell no spread of drift exponents; two are needed")
    law = _by_conductance(population, parameters, known)
    words = f"drift of {int(known.sum())} devices"
    if law is None:
        mean = population.exponent_mean, population.exponent_mean_error
        spread = population.exponent_spread, population.exponent_spread_error
        found = _law(0.0, mean[0], mean[0], mean[0], f"mean of nu {_shown(*mean)}, {words}, at all conductances")
    else:
        fit, (low, high) = law
        ends = sorted((fit.slope * low + fit.offset, fit.slope * high + fit.offset))
        spread = fit.spread, fit.spread_error
        span = f"{np.exp(low):.3g} <= g <= {np.exp(high):.3g}"
        shown = f"slope {_shown(fit.slope, fit.slope_error)}, offset {_shown(fit.offset, fit.offset_error)}"
        found = _law(fit.slope, fit.offset, *ends, f"{shown}, {words}, {span}")
    changes = {f"drift_exponent_mean.{key}": one for key, one in found.items()}
    flat = _law(0.0, spread[0], spread[0], spread[0], f"spread of nu {_shown(*spread)}, {words}, fit errors removed")
    changes |= {f"drift_exponent_spread.{key}": one for key, one in flat.items()}
    have = cell.technology.quantities
    return {
        key: one for key, one in changes.items() if key in have or key.rpartition(".")[2] in ("log_slope", "offset")
    }


def _law(slope: float, offset: float, low: float, high: float, note: str) -> dict[str, dict[str, Any]]:
    values = {
        "log_slope": slope, "offset": offset, "low": low, "high": high, "power_factor": 0.0, "split": _BEYOND
    }  # fmt: skip
    return {key: {"value": float(value), "note": note} for key, value in values.items()}


def _shown(value: float, error: float) -> str:
    return " +- ".join(with_error(value, error))


def _by_conductance(population: Any, parameters: Any, known: np.ndarray) -> tuple[Slope, tuple[float, float]] | None:
    """The law in ln g and the range of ln g, if devices have conductances and these make a difference."""
    if population.unit != "S":
        return None
    # the conductance that the cell is programmed to is that at its own reference time
    age = parameters.reference_time / population.reference_time
    level = population.g0[known] * age ** -population.exponent[known] / parameters.conductance_maximum
    if not (level > 0).all() or level.max() > 1.5:
        worst = level.max() * parameters.conductance_maximum
        raise ParameterError(
            f"conductances of the devices reach {worst:.4g} S at {parameters.reference_time:g} s, and the cell's "
            f"largest is {parameters.conductance_maximum:g} S; cell.but({{'conductance_maximum': ...}}) has another"
        )
    x = np.log(level)
    if known.sum() < _FEWEST or np.ptp(x) < 0.1:
        return None
    weighted = population.exponent_method != "plain"
    fit = slope_of(x, population.exponent[known], population.exponent_error[known] ** 2, weighted)
    return (fit, (float(x.min()), float(x.max()))) if abs(fit.slope) > _SIGNIFICANT * fit.slope_error else None


def slope_of(x: np.ndarray, value: np.ndarray, variance: np.ndarray, weighted: bool) -> Slope:
    """A straight line with a spread about it beyond the variance of each value.

    Weighted by precision, the spread by restricted likelihood; or plain, with errors from the scatter itself and the
    mean variance taken off the spread.
    """
    from scipy.optimize import minimize_scalar

    design = np.stack([x, np.ones_like(x)], axis=1)
    freedom = x.size - 2

    def solved(weight: np.ndarray):
        information = design.T @ (weight[:, None] * design)
        line = np.linalg.solve(information, design.T @ (weight * value))
        return line, information, value - design @ line

    if not weighted:
        line, information, rest = solved(np.ones_like(x))
        inverse = np.linalg.inv(information)
        leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
        scatter = rest / (1.0 - leverage)  # White's errors, with a device left out (HC3)
        covariance = inverse @ (design.T @ (scatter[:, None] ** 2 * design)) @ inverse
        spread = np.sqrt(max(rest @ rest / freedom - variance.mean(), 0.0))
        total = rest @ rest / freedom
        error = total / (max(spread, 0.1 * np.sqrt(total)) * np.sqrt(2.0 * freedom))
        return Slope(line[0], covariance[0, 0] ** 0.5, line[1], covariance[1, 1] ** 0.5, float(spread), float(error))

    size = float(value.std()) + 1e-12

    def lost(logarithm: float) -> float:
        total = variance + np.exp(2.0 * logarithm)
        _, information, rest = solved(1.0 / total)
        return float(np.log(total).sum() + np.linalg.slogdet(information)[1] + (rest**2 / total).sum())

    best = minimize_scalar(lost, bounds=(np.log(1e-4 * size), np.log(3.0 * size)), method="bounded")
    spread = float(np.exp(best.x))
    weight = 1.0 / (variance + spread**2)
    line, information, _ = solved(weight)
    covariance = np.linalg.inv(information)
    # from the expected curvature of the restricted likelihood in the variance, 1/2 sum w^2
    error = 1.0 / (2.0 * spread * np.sqrt(0.5 * (weight**2).sum() * freedom / x.size))
    return Slope(line[0], covariance[0, 0] ** 0.5, line[1], covariance[1, 1] ** 0.5, spread, float(error))
