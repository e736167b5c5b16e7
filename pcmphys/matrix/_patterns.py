"""Known inputs of drift compensation."""

from __future__ import annotations

import functools

import numpy as np

from pcmphys._jit import kernel
from pcmphys.rng import U64, Stream, uniform, words


@functools.lru_cache(maxsize=8)
def patterns(count: int, inputs: int) -> np.ndarray:
    """Fixed signs, shape (count, inputs): the same for every matrix."""
    signs = np.empty((count, inputs))
    _draw_signs(np.uint64(Stream.CALIBRATION), signs)
    return signs


@kernel
def _draw_signs(stream, signs):
    for row in range(signs.shape[0]):
        for k in range(signs.shape[1]):
            w0, w1, _, _ = words(U64(0), U64(k), U64(row), stream, 0)
            signs[row, k] = 1.0 if uniform(w0, w1) < 0.5 else -1.0
