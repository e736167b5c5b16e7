"""What a suite says: a claim that holds, or an AssertionError with numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Check = Callable[[Any], None]
"""One claim of a suite; the first line of its docstring is what it claims."""


def claim(holds: object, words: str) -> None:
    """An AssertionError with these words if it does not hold, also where Python leaves out its own assertions."""
    if not holds:
        raise AssertionError(words)


def same_bits(words: str, one: Any, other: Any) -> None:
    """Claim that two arrays hold the same bits."""
    one, other = np.asarray(one), np.asarray(other)
    claim(one.shape == other.shape, f"{words}: shape {one.shape} against {other.shape}")
    differ = one.tobytes() != other.tobytes()
    if differ:
        worst = float(np.max(np.abs(one.astype(float) - other.astype(float))))
        raise AssertionError(f"{words}: not the same bits; they differ by up to {worst:.3g}")


def refused(words: str, question: Callable[[], object]) -> None:
    """Claim that something is refused with a ValueError (such as `pcmphys.ParameterError`) or a TypeError."""
    try:
        question()
    except (ValueError, TypeError):
        return
    raise AssertionError(f"{words} must be refused with a ParameterError; it was taken")


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Kernels on at most so many threads, of those that there are."""
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def run(checks: Sequence[Check], subject: Any) -> list[str]:
    """Make all checks; the claims that hold."""
    done = []
    for check in checks:
        words = (check.__doc__ or check.__name__).splitlines()[0].rstrip(".")
        try:
            check(subject)
        except AssertionError as error:
            raise AssertionError(f"{words.partition(':')[0]}: {error}") from None
        done.append(words)
    return done
