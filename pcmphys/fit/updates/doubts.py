"""What speaks against measured trains of pulses: noise alone, directions that are shifted, read errors out of place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.updates.given import NORMAL

_NONE, _SURE = 1.0, 3.0
"""Standard errors from zero below which steps are refused, and below which they are doubted."""
_SHIFTED = 0.5
"""Part of a mean step by which steps at turns go the wrong way where directions are shifted."""
_TOO_LARGE, _LARGE = 2.0, 5.0
"""Read errors over the scatter of steps that are refused; standard errors above it from which on they are noted."""
_MATTERS = 0.1
"""Part of a mean step below which a read error is not refused: it may be told of reads without noise."""


class UpdateReads(NamedTuple):
    """Pulses before each read, (reads, devices) conductances [S], direction of the pulse before each read."""

    numbers: np.ndarray
    reads: np.ndarray
    towards: np.ndarray


def doubts(given: UpdateReads, read_error: float) -> list[str]:
    """Notes on the steps up and, if there are any, down.

    Raises
    ------
    ParameterError
        Steps that are not different from zero, or a read error that the steps do not have.
    """
    notes = []
    for name, sign in (("up", 1.0), ("down", -1.0)):
        here = np.flatnonzero((np.diff(given.numbers) == 1) & (given.towards[1:] == sign))
        if not here.size:
            continue
        change = sign * np.diff(given.reads, axis=0)[here]
        mean, error = change.mean(), _error_of_mean(change, np.diff(here) == 1)
        if mean < _NONE * error:
            raise ParameterError(
                f"pulses {name} must move the conductance {name} by more than noise does; they change it by "
                f"{mean:.2g} +- {error:.2g} S a pulse on average"
            )
        if mean < _SURE * error:
            notes.append(
                f"steps {name} are hardly different from zero: {mean:.2g} +- {error:.2g} S a pulse on average; what is "
                "fitted may be noise"
            )
        notes += _read_errors(name, change, read_error, mean)
    return notes + _shifted(given)


def _error_of_mean(change: np.ndarray, follows: np.ndarray) -> float:
    """Standard error of the mean step [S].

    Read errors come and go: what one adds to a step, the next step lacks, so that the ends alone are left of them in
    the mean of a train. Noise of the pulses adds up. How much more the change by several pulses differs from that by
    as many others than the change by one from that by the next tells which it is; medians, as steps may fade.
    """
    trains = np.split(change, np.flatnonzero(~follows) + 1)
    several = int(np.sqrt(max(len(train) for train in trains)))
    if several < 2:
        return float(change.std() / np.sqrt(change.size))
    paths = [np.cumsum(np.vstack([np.zeros_like(train[:1]), train]), axis=0) for train in trains]
    one, more = (
        (NORMAL * np.median(np.abs(np.concatenate([_bends(path, pulses) for path in paths])))) ** 2
        for pulses in (1, several)
    )
    # of the pulses' noise s and the reads' r, the square of a bend over n pulses is 2 n s^2 + 6 r^2
    kept = 0.5 * (more - one) / (several - 1)
    ends = one / 3.0 * len(trains) * change.shape[1] / change.size
    return float(np.sqrt(max(kept, ends) / change.size))


def _bends(path: np.ndarray, pulses: int) -> np.ndarray:
    """Change by so many pulses less that by as many before, wherever both are part of the train."""
    return (path[2 * pulses :] - 2.0 * path[pulses : len(path) - pulses] + path[: len(path) - 2 * pulses]).ravel()


def _read_errors(name: str, change: np.ndarray, read_error: float, mean: float) -> list[str]:
    """Whether two read errors are more than what steps scatter by."""
    scatter, expected = float(change.std()), np.sqrt(2.0) * read_error
    said = (
        f"read_error of {read_error:.3g} S, of which two enter each step, is more than steps {name} scatter by, "
        f"{scatter:.3g} S"
    )
    sure = scatter * (1.0 + _LARGE / np.sqrt(2.0 * change.size))
    if expected > max(_TOO_LARGE * sure, _MATTERS * mean):
        raise ParameterError(f"{said}: it must be that of these reads")
    if expected > sure:
        return [f"{said}: their noise from pulse to pulse is given as 0"]
    return []


def _shifted(given: UpdateReads) -> list[str]:
    """Whether steps beside turns go the way of the other side of the turn."""
    numbers, reads, towards = given
    one, signs = np.diff(numbers) == 1, towards[1:]
    change = signs[:, None] * np.diff(reads, axis=0)
    turns = np.flatnonzero((signs[1:] != signs[:-1]) & one[1:] & one[:-1])
    scatter = min(float(change[one & (signs == sign)].std()) for sign in np.unique(signs[one]))
    for beside, words in ((turns, "last step before"), (turns + 1, "first step after")):
        found = change[beside]
        if not found.size:
            continue
        wrong = -found.mean()
        if wrong > _SHIFTED * change[one].mean() and wrong > _SURE * scatter / np.sqrt(found.size):
            return [
                f"the {words} each turn goes the other way, by {wrong:.2g} S on average: direction is that of the "
                "pulse before a read, and may be shifted by one read here"
            ]
    return []
