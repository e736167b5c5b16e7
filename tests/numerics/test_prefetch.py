"""Memory asked for: nothing changes by it, also beyond the end of an array."""

import numba
import numpy as np
import pytest

from pcmphys.numerics.compile import kernel
from pcmphys.numerics.prefetch import NUMBERS, fetch


def doubled(x, soon):
    for begin in range(0, x.size // NUMBERS * NUMBERS, NUMBERS):
        fetch(soon, begin)
        for i in range(begin, begin + NUMBERS):
            x[i] = 2.0 * x[i]


@pytest.mark.parametrize("size", [0, 1, NUMBERS, 5 * NUMBERS])
def test_what_is_asked_for_stays_as_it_is(size):
    x = np.linspace(1.0, 2.0, 5 * NUMBERS)
    numbers, bits = np.linspace(3.0, 4.0, size), np.arange(size, dtype=np.uint32)
    soon = numbers.copy(), bits.copy()
    kernel(doubled)(x, soon)
    assert np.array_equal(x, 2.0 * np.linspace(1.0, 2.0, 5 * NUMBERS))
    assert np.array_equal(soon[0], numbers)
    assert np.array_equal(soon[1], bits)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python asks for nothing")
def test_lines_of_memory_are_asked_for():
    """Eight lines for 64 numbers of eight bytes, four for those of four."""
    numbers = numba.float64[::1]
    compiled = numba.njit(numba.void(numbers, numba.types.Tuple((numbers, numba.uint32[::1]))))(doubled)
    (code,) = compiled.inspect_llvm().values()
    body = code[code.index("define") :].split("\n}\n")[0]
    # times the turns of a loop that LLVM writes out
    assert body.count("call void @llvm.prefetch") in range(12, 120, 12)
