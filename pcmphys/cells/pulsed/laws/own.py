"""What an update law is told of one device."""

from __future__ import annotations

from typing import NamedTuple


class Own(NamedTuple):
    """One device as the update laws see it, in units of weight.

    Attributes
    ----------
    up, down : float
        Size of its steps; of laws that have steps of their own, a factor on them.
    low, high : float
        Its bounds.
    first, second : float
        What else it has of its own, by the law: decreases of a linear one, exponents of a power law, the reference.
    memory : float
        What its pulses since the last RESET have left, 1 without any.
    """

    up: float
    down: float
    low: float
    high: float
    first: float
    second: float
    memory: float
