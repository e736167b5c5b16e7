"""Memory called for: nothing changes by it, also beyond the end of an array."""

import numpy as np
import pytest

from pcmphys.numerics.ahead import NUMBERS, call
from pcmphys.numerics.compile import kernel


@kernel
def doubled(x, soon):
    for begin in range(0, x.size // NUMBERS * NUMBERS, NUMBERS):
        call(soon, begin)
        for i in range(begin, begin + NUMBERS):
            x[i] = 2.0 * x[i]


@pytest.mark.parametrize("size", [0, 1, NUMBERS, 5 * NUMBERS])
def test_what_is_called_for_stays_as_it_is(size):
    x = np.linspace(1.0, 2.0, 5 * NUMBERS)
    numbers, bits = np.linspace(3.0, 4.0, size), np.arange(size, dtype=np.uint32)
    soon = numbers.copy(), bits.copy()
    doubled(x, soon)
    assert np.array_equal(x, 2.0 * np.linspace(1.0, 2.0, 5 * NUMBERS))
    assert np.array_equal(soon[0], numbers)
    assert np.array_equal(soon[1], bits)


def test_lines_of_memory_are_called_for():
    """Eight for 64 numbers of eight bytes, four for those of four."""
    doubled(np.zeros(NUMBERS), (np.zeros(NUMBERS), np.zeros(NUMBERS, dtype=np.uint32)))
    (code,) = (text for kinds, text in doubled.inspect_llvm().items() if len(kinds[1].types) == 2)
    assert code.count("call void @llvm.prefetch") % 12 == 0
    assert "call void @llvm.prefetch" in code
