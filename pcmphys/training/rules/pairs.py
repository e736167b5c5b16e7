"""Weights as differences of two devices that can only be pulsed up, and how full pairs are written anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.training.plane import Plane
from pcmphys.training.rules.rule import Trained


def check_refresh(refresh: int, high: float, low: float) -> None:
    """Refuse what is no refresh."""
    check.integer("refresh", refresh, 1)
    check.number("high", high, "", 0.0, 1.0)
    check.number("low", low, "", 0.0, 1.0)
    if low > high:
        raise ParameterError(f"low must be no more than high ({high:g}); got {low:g}")


class PairedTrained(Trained):
    """Devices that count up and devices that count down.

    Parameters
    ----------
    rule : Rule
        With ``refresh``, ``high`` and ``low`` as of `OneSided`.
    planes : tuple of Plane
        Both arrays.
    """

    def __init__(self, rule: Any, *planes: Plane):
        super().__init__(*planes)
        self.rule: Any = rule
        self.samples: int = 0
        self.refreshed: int = 0

    @property
    def parts(self) -> tuple[tuple[float, Plane], ...]:
        """Their difference."""
        return ((-1.0, self.planes[1]), (1.0, self.planes[0]))

    @property
    def reach(self) -> tuple[float, float]:
        """All on one of the two devices, the other at rest."""
        most = self.planes[0].cell.parameters.window.weight_maximum
        return -most, most

    def program(self, weights: np.ndarray) -> None:
        """Write weights on pairs, one device of each at rest."""
        for plane, part in zip(self.planes, (weights, -weights), strict=True):
            plane.write(np.maximum(part, 0.0))

    def seen(self, count: int) -> None:
        """Count samples, which do not pass the next refresh, and refresh when it is due."""
        self.samples += count
        if self.samples % self.rule.refresh == 0:
            self._refresh()

    def left(self, count: int) -> int:
        """How many of so many samples come before the next refresh, and with it."""
        return min(self.rule.refresh - self.samples % self.rule.refresh, count)

    def _refresh(self) -> None:
        plus, minus = (plane.seen() for plane in self.planes)
        top = self.planes[0].cell.parameters.window.weight_maximum
        full = (np.maximum(plus, minus) > self.rule.high * top) & (np.minimum(plus, minus) > self.rule.low * top)
        if not full.any():
            return
        self.refreshed += int(full.sum())
        difference = plus - minus
        for plane, part in zip(self.planes, (difference, -difference), strict=True):
            plane.rewrite(full, np.maximum(part, 0.0))
