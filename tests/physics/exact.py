"""What the tests of the laws share: constants with all their digits, and the error of a float against 30 of them."""

from __future__ import annotations

import mpmath

DIGITS = 30
BOLTZMANN = mpmath.mpf("1380649") * mpmath.mpf(10) ** -29
CHARGE = mpmath.mpf("1602176634") * mpmath.mpf(10) ** -28
EPS = 2.0**-52
"""One unit in the last place of a float64 at one."""


def exact(formula):
    """Evaluate a formula of plain numbers with 30 digits: every float goes in as the number it is."""

    def evaluated(*numbers):
        with mpmath.workdps(DIGITS):
            return +mpmath.mpf(formula(*(mpmath.mpf(x) for x in numbers)))

    return evaluated


def error(value, reference) -> float:
    """Error of ``value`` relative to a number of 30 digits; the plain error where that is zero."""
    with mpmath.workdps(DIGITS):
        difference = abs(mpmath.mpf(value) - reference)
        return float(difference / abs(reference) if reference != 0 else difference)
