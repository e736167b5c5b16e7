"""The shape of a population, as users give it."""

from __future__ import annotations

from collections.abc import Sequence

from pcmphys.errors import ParameterError


def one_shape(shape: int | Sequence[int], more: tuple[int, ...]) -> None:
    """Refuse ``population(256, 256)``, which could mean two axes or a seed.

    Examples
    --------
    >>> one_shape(256, (256,))
    Traceback (most recent call last):
    pcmphys.errors.ParameterError: population takes one shape, and the seed by name: population(shape=(256, 256)) ...
    """
    if more:
        dims = (*shape, *more) if isinstance(shape, (tuple, list)) else (shape, *more)
        raise ParameterError(
            f"population takes one shape, and the seed by name: population(shape={dims}) for {len(dims)} axes, "
            f"population({shape!r}, seed={more[0]!r}) for a seed"
        )
