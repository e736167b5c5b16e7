"""Numbers and tables as plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence


def with_error(value: float, error: float) -> tuple[str, str]:
    """A value and its error with the digits that the error has two of.

    Examples
    --------
    >>> with_error(0.0500123, 0.00042), with_error(156.9, 381.0), with_error(0.05, 3e-17)
    (('0.05001', '0.00042'), ('157', '381'), ('0.05', '3e-17'))
    """
    if not math.isfinite(error) or error <= 1e-9 * abs(value):
        return f"{value:.10g}", f"{error:.2g}"
    places = max(0, 1 - math.floor(math.log10(error)))
    if places > 12:
        return f"{value:.2g}", f"{error:.1e}"
    return f"{value:.{places}f}", f"{error:.{places}f}"


def value_and_error(value: float, error: float) -> tuple[str, str]:
    """As `with_error`, but very small and very large numbers with a power of ten, the same for both.

    Examples
    --------
    >>> value_and_error(2.345e-7, 1.2e-9), value_and_error(0.0512, 0.0021)
    (('2.345e-07', '0.012e-07'), ('0.0512', '0.0021'))
    """
    if not math.isfinite(error) or not math.isfinite(value) or error <= 0.0:
        return f"{value:.6g}", "" if math.isnan(error) else f"{error:.2g}"
    larger = max(abs(value), error)
    if 1e-3 <= larger < 1e6:
        return with_error(value, error)
    power = math.floor(math.log10(larger))
    parts = with_error(value / 10.0**power, error / 10.0**power)
    if "e" in parts[1]:
        return f"{value:.6g}", f"{error:.2g}"
    return f"{parts[0]}e{power:+03d}", f"{parts[1]}e{power:+03d}"


def listed(words: Sequence[str]) -> str:
    """Words as a list that is read out.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines of columns: the first column to the left, the others to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths))).rstrip()
        for row in rows
    ]
