"""A selector: I = c w^3."""

from __future__ import annotations

from dataclasses import dataclass

import pcmphys as pcm


@dataclass(frozen=True)
class Cubic(pcm.Selector):
    """A symmetric selector; ``coefficient`` in A/V^3."""

    coefficient: float = 1e-3

    def current(self, voltage):
        """Current [A] and slope [S]."""
        return self.coefficient * voltage**3, 3.0 * self.coefficient * voltage**2
