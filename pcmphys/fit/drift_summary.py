"""Drift fits as plain text."""

from __future__ import annotations


def summary(fits, population) -> str:
    """A table with one line a device and, for a population, its mean and spread.

    Parameters
    ----------
    fits : sequence of DriftFit
        Devices to list, at least one unless ``population`` is given.
    population : DriftPopulation or None
        Adds the lines of the population.

    Returns
    -------
    str
    """
    first = fits[0] if fits else population
    factor, unit = (1e6, "uS") if first.unit == "S" else (1.0, "1")
    heads = ("device", "nu", "+-", f"g0 [{unit}]", "+-", "Q (1/f)", "slope", f"white [{unit}]")
    lines = [
        (
            fit.name,
            f"{fit.exponent:.4f}",
            f"{fit.exponent_error:.4f}",
            f"{fit.g0 * factor:.4g}",
            f"{fit.g0_error * factor:.2g}",
            f"{fit.noise_amplitude:.2g}",
            f"{fit.noise_slope:.2f}",
            f"{fit.white_noise * factor:.2g}",
        )
        for fit in fits
    ]
    widths = [max(len(row[k]) for row in [heads, *lines]) for k in range(len(heads))]
    text = [
        f"drift G = g0 (t / {first.reference_time:g} s)^-nu, {first.time.size} reads from {first.time[0]:g} s to "
        f"{first.time[-1]:g} s",
        "errors: 68.3 % intervals, noise taken as 1/f-like and white, averaged over its models by REML",
    ]
    if fits:
        text += [
            "  ".join(cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths)))
            for row in [heads, *lines]
        ]
    if population is not None:
        if len(fits) < len(population):
            text.append(f"... {len(population)} devices in all, {len(fits)} shown")
        text += [
            f"population mean of nu:  {population.exponent_mean:.4f} +- {population.exponent_mean_error:.4f}",
            f"intrinsic spread of nu: {population.exponent_spread:.4f} +- {population.exponent_spread_error:.4f} "
            "(fit error removed)",
        ]
    return "\n".join(text)
