"""Curves that begin or end on the way: what they leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.result import Estimate
from pcmphys.fit.programming.levels import Branches, LevelReads
from pcmphys.fit.programming.ramp import share

_REACHED = 0.95
"""Share of the contact that the last level but one (the second one) must have closed (open) for its end to be shown."""


def shares_of(table: LevelReads, values: Mapping[str, float], kind: str, what: str) -> np.ndarray:
    """Share that each level has molten (``kind`` "melting") or crystallized ("set")."""
    return share(table.amplitude, values[f"{kind}_{what}"], values[f"{kind}_width"], values[f"{kind}_spread"])


def held_at_zero(table: LevelReads, values: Mapping[str, float], seen: Branches, what: str) -> dict[str, str]:
    """Conductances that the curve does not come to, with what is to be said of each."""
    held = {}
    if seen.falls and shares_of(table, values, "melting", what)[-2] < _REACHED:
        held["reset_conductance"] = (
            "reset_conductance: the curve ends on its way down; it is taken as 0 S, and melting_width and "
            f"full_reset_{what} stand and fall with that"
        )
    if seen.rises and shares_of(table, values, "set", what)[1] > 1.0 - _REACHED:
        held["start_conductance"] = (
            "start_conductance: the curve begins on its way up; it is taken as 0 S, and "
            f"set_{what} and set_width stand and fall with that"
        )
    return held


def with_held(parameters: Sequence[Parameter], held: Mapping[str, str]) -> list[Parameter]:
    """The same parameters, some of them held at 0."""
    return [replace(one, start=0.0, fixed=True) if one.name in held else one for one in parameters]


def lost_with_the_top(table: LevelReads, values: Mapping[str, float], seen: Branches, what: str) -> dict[str, str]:
    """Names that mean nothing because the curve does not show its top, with what is to be said."""
    if seen.falls and not seen.rises and shares_of(table, values, "melting", what)[1] > 1.0 - _REACHED:
        words = f"melting_{what}: the curve begins on its way down; lower levels would show from where it falls"
        return dict.fromkeys((f"melting_{what}", "melting_width", "melting_spread", "set_conductance"), words)
    if seen.rises and not seen.falls and shares_of(table, values, "set", what)[-2] < _REACHED:
        words = f"full_set_{what}: the curve ends on its way up; higher levels would show where it stops to rise"
        return dict.fromkeys((f"full_set_{what}", "set_width", "set_spread", "set_conductance"), words)
    return {}


def without(
    estimates: tuple[Estimate, ...], covariance: np.ndarray, lost: Mapping[str, str]
) -> tuple[tuple[Estimate, ...], np.ndarray]:
    """Estimates and covariance with what is lost open: an infinite error."""
    places = [k for k, one in enumerate(estimates) if one.name in lost]
    covariance = covariance.copy()
    covariance[places, :] = covariance[:, places] = np.nan
    covariance[places, places] = np.inf
    return tuple(replace(one, error=np.inf) if one.name in lost else one for one in estimates), covariance
