"""Each kernel and each law is compiled once, whatever a user does: first uses take half as long as with two versions."""

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

found = {}
for module in [m for name, m in sys.modules.items() if name.startswith("pcmphys.")]:
    for function in vars(module).values():
        if hasattr(getattr(function, "parts", None), "signatures"):
            for role, versions in (("kernel", function.signatures), ("part", function.parts.signatures)):
                found[function.__module__, function.__name__, role] = len(versions)
print(len(found) // 2, sum(found.values()))
for name, count in found.items():
    if count > 1:
        print("more than once:", *name, count)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="one platform is enough to count")
def test_nothing_is_compiled_twice():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    first, *more = done.stdout.splitlines()
    functions, versions = map(int, first.split())
    assert functions > 150
    assert versions > 150  # the count sees compilations
    assert more == []
