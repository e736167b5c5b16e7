"""Laws are compiled once, as parts of kernels."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys._jit import kernel, law
from pcmphys.population import (
    _mushroom_growth,
    _mushroom_pulse,
    _mushroom_read,
    _mushroom_solve,
    _mushroom_state,
    _mushroom_structure,
    _mushroom_traps,
)
from pcmphys.rng import words

MODULES = (
    _mushroom_growth,
    _mushroom_pulse,
    _mushroom_read,
    _mushroom_solve,
    _mushroom_state,
    _mushroom_structure,
    _mushroom_traps,
)


@law
def shifted(value, by):
    return value + by


def made():
    @kernel
    def fill(start, stop, out):
        for i in range(start, stop):
            out[i] = shifted(out[i], 1) + shifted(out[i], 2) + shifted(out[i], i)

    return fill


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


@pytest.mark.slow
def test_physical_devices_compile_each_law_once(tmp_path):
    """One signature a law, whatever devices live through: a second one is seconds at the first use of a machine."""
    code = """
import pcmphys as pcm
from tests.test_callee import MODULES
devices = pcm.load_cell("ibm-90nm-doped-gst").population((4, 4), seed=1)
devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
devices.apply(pcm.Pulse(voltage=2.0, width=1e-6))
devices.read(); devices.program(1e-5); devices.wait(1.0); devices.conductance(); devices.threshold_voltage()
devices.disturb(1e-6, 600.0); devices.drift_exponent; devices.crystalline_fraction; devices.copy().current(0.1)
for module in MODULES:
    for name, value in vars(module).items():
        parts = getattr(value, "parts", None)
        if parts is not None and len(parts.signatures) > 1:
            print(name, len(parts.signatures))
        if len(getattr(value, "signatures", ())) > 1:
            print(name, len(value.signatures), "from Python")
"""
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert run.stdout == ""
