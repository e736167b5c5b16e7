"""Each kernel and each law is compiled once, whatever a user does: two versions would double the first use."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys

import numpy as np

import pcmphys as pcm

n = 8
cells, wires = np.linspace(1e-7, 25e-6, n * n).reshape(n, n), pcm.Wires(row=1.0, column=1.0)
level = np.full(n, 0.5)
biases = (
    pcm.Bias.matvec(level), pcm.Bias.matvec(np.full((n, 3), 0.5)), pcm.Bias(level, 0.0, right=0.5, top=0.0),
    pcm.Bias.select(1, 2, 0.8, "float"), pcm.Bias.select(1, 2, 0.8, "half"),
)
selectors = (
    None, pcm.Diode(1e-12), pcm.Exponential(1e-9, 0.1), pcm.Transistor(0.4, 2e-4, gate_voltage=1.2), pcm.OTS(),
)
for selector in selectors:
    for resistances in (wires, None):
        array = pcm.Crossbar(cells, resistances, selector)
        for bias in biases:
            array.solve(bias).cell_current
        array.noise(biases[0], 0.01)
        array.sensitivity(biases[0], 1)
    pcm.read_margin((n, n), 1e-5, 1e-7, 0.8, wires=wires, selector=selector)
pcm.Crossbar(cells, wires).transfer()
for name in ("ibm-90nm-statistical", "ibm-90nm-doped-gst", "ibm-90nm-projected"):
    cell = pcm.load_cell(name)
    devices = cell.population((n, n), seed=1)
    devices.program(np.full((n, n), 5e-6))
    devices.wait(3600.0)
    devices.read()
    devices.conductance()
    array = pcm.Crossbar(devices, wires)
    array.solve(biases[0])
    if name != "ibm-90nm-statistical":
        devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
        devices.apply(pcm.Pulse(current=100e-6, width=50e-9), repeat=3)
        devices.current(0.2)
        devices.threshold_voltage()
        devices.wait(10.0, temperature=400.0)
        pulse, warm = pcm.Pulse(voltage=2.05, width=1e-6, fall=5e-9), pcm.ThermalCrosstalk(pitch=200e-9)
        array.write(pcm.Bias.select(1, 2, 2.05, "half"), pulse, crosstalk=warm)
        pcm.Crossbar(devices, wires, pcm.Diode(1e-12)).solve(biases[0])
    matrix = pcm.AnalogMatrix(np.eye(6), cell, seed=3, wires=wires)
    matrix.program()
    matrix.wait(60.0)
    matrix.calibrate()
    matrix.matvec(np.ones(6)), matrix.matvec(np.ones((3, 6)))

role = sys.argv[1]
found = {}
for module in [m for name, m in sys.modules.items() if name.startswith("pcmphys.")]:
    for function in vars(module).values():
        if hasattr(getattr(function, "parts", None), "signatures"):
            versions = function.signatures if role == "kernel" else function.parts.signatures
            found[f"{function.__module__}.{function.__name__}"] = len(versions)
print(sum(found.values()), *(name for name, count in found.items() if count > 1))
"""


def compiled(role, **environment):
    """How many versions there are of all kernels (or of parts of kernels), and of what there is more than one."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, role], capture_output=True, text=True, timeout=900, check=False,
        env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    count, *more = done.stdout.split()
    return int(count), more


def test_no_kernel_is_compiled_twice():
    count, more = compiled("kernel")
    assert count > 30
    assert more == []


@pytest.mark.slow
def test_no_part_of_a_kernel_is_compiled_twice(tmp_path):
    count, more = compiled("part", NUMBA_CACHE_DIR=str(tmp_path))
    assert count > 150
    # grains as they are kept (single precision) and as they will be (double); counters with and without sign
    two = {
        "physics.geometry.grain_share",
        "physics.crystallization.anneal._free",
        "numerics.random.words",
        "numerics.random.words_of",
    }
    assert {name.removeprefix("pcmphys.") for name in more} <= two
