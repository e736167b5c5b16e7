"""Laws are compiled once, as parts of kernels."""

import gc

import numba
import numpy as np

from pcmphys.numerics.callee import quickly
from pcmphys.numerics.compile import law
from pcmphys.numerics.random import words


@law
def shifted(value, by):
    return value + by


def made():
    """A kernel that is on no disk."""

    def fill(start, stop, out):
        for i in range(start, stop):
            out[i] = shifted(out[i], 1) + shifted(out[i], 2) + shifted(out[i], i)

    return quickly(numba.njit(fill))


def test_constants_are_no_reason_to_compile_again():
    out = np.ones(3)
    made()(0, 3, out)
    assert out.tolist() == [6.0, 7.0, 8.0]
    assert len(shifted.parts.signatures) == 1
    # and from Python it is compiled when it is called
    assert shifted.signatures == []
    assert shifted(1.5, 2) == 3.5
    assert len(shifted.signatures) == 1


def test_a_law_called_from_python_sees_its_own_constants():
    assert words(1, 2, 3, 4, 5) == words(np.uint64(1), np.uint64(2), np.uint64(3), 4, 5)


def test_compiling_leaves_the_collector_as_it_was():
    assert gc.isenabled()
    made()(0, 3, np.ones(3, dtype=np.float32))
    assert gc.isenabled()
    gc.disable()
    try:
        made()(0, 3, np.ones(3, dtype=np.int64))
        assert not gc.isenabled()
    finally:
        gc.enable()
