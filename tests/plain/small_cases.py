"""Every kernel once or more, on a few devices or a small array: what comes out, by name.

``python -m tests.plain.small_cases FILE`` writes it to a file of ``numpy.savez``.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar import OTS, Diode, Exponential, Selector, Transistor
from pcmphys.crossbar.selectors import Series
from pcmphys.crossbar.solver.coarse import Places, add_spread
from pcmphys.crossbar.solver.merging import Merged
from pcmphys.matrix.flow import Flow, Patches
from pcmphys.numerics.extremes import extremes
from pcmphys.numerics.product import product
from pcmphys.numerics.random import poisson
from pcmphys.programming import SCHEMES
from pcmphys.study.chip_scale import floors
from tests.cells.mushroom.mushroom_cells import emitting, varied
from tests.cells.pulsed.technologies import EVERY
from tests.cells.pulsed.technologies import cell as cell_of

RESET = pcm.Pulse(current=460e-6, width=20e-9, fall=3e-9)
WEAK = pcm.Pulse(current=20e-6, width=1e-10)
BARE = pcm.load_cell("ibm-90nm-doped-gst")
CELLS = {
    "bare": BARE,
    "projected": pcm.load_cell("ibm-90nm-projected"),
    "emitting": emitting(BARE),
    # many grains, uneven traps that change within a read, a path along the edge
    "busy": varied(
        crystallization={"nucleation_factor": 60.0 * BARE.parameters.crystallization.nucleation_factor},
        conduction={"edge_conductance": 2e-7},
        telegraph={"fastest": 2e-9, "emission_over_capture": 0.4},
        switching={"compliance": 1.3},
    ),
}


class Own(Selector):
    """A selector of one's own, whose node is found by the base class."""

    def current(self, voltage):
        """A cubic."""
        return 1e-6 * voltage + 1e-4 * voltage**3, 1e-6 + 3e-4 * voltage**2


SELECTORS = {
    "own": Own(),
    "diode": Diode(1e-12, ideality=1.5),
    "exponential": Exponential(current=1e-9, voltage=0.1),
    "transistor": Transistor(threshold_voltage=0.45, transconductance=2e-4, modulation=0.05),
    "ots": OTS(threshold_voltage=0.6, hold_voltage=0.2, holding_current=1e-7, on_resistance=2e3),
}
SOLUTION = ("row_voltage", "column_voltage", "cell_current", "row_current", "column_current", "right_current")


def mushroom(cell) -> dict[str, np.ndarray]:
    """Devices of a physical cell through pulses, waits, heat, reads and a closed loop."""
    devices = cell.population(3, seed=9, stuck_low=0.2, limited=0.5, ceiling=8e-6)
    out = {"fresh": devices.conductance(), "whole": devices.crystalline_fraction}
    report = devices.apply(RESET)
    out |= {"hottest": report.peak_temperature, "energy": report.energy}
    out |= {"molten": devices.crystalline_fraction, "threshold": devices.threshold_voltage()}
    out["current"], out["slope"] = devices.current([5.0, -0.4, 12.0], warn=False)
    look = devices.now()
    out |= {f"fold {name}": part for name, part in look.folds(3e3)._asdict().items()}
    out["static"], out["on"] = look.voltage([0.0, -3e-6, 150e-6])
    for voltage in (0.7, 0.9, 1.3):  # off, between the folds, on; as circuits ask for them, and as a voltage rises
        out[f"held {voltage}"], _ = look.current(voltage, on=[True, False, True], load=3e3)
        out[f"raised {voltage}"], _ = look.current([voltage, voltage, -voltage], load=3e3)
    devices.apply(WEAK)
    devices.wait(1e-3)
    out["read"] = devices.read(where=[True, False, True])
    out["high read"] = devices.read(voltage=cell.parameters.read.largest_voltage)
    devices.apply(pcm.Pulse(voltage=1.6, width=15e-9, rise=2e-9, fall=2e-9))
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=3e-9))  # long enough for rims to come to rest
    devices.apply(pcm.Pulse(voltage=0.1, width=15e-9))
    devices.apply(pcm.Pulse(current=150e-6, width=40e-9, fall=2e-9), amplitude=[90e-6, 150e-6, 210e-6])
    out["grown"] = devices.crystalline_fraction
    devices.wait(3600.0, temperature=430.0)
    devices.disturb(1e-5, [300.0, 480.0, 620.0])
    out["long read"] = devices.read(duration=1e-3)
    scheme = SCHEMES["gradient"].but(pulses=2, prepare=(RESET,), verify_delay=15.0)
    programmed = devices.program([0.0, 6e-6, 12e-6], scheme=scheme)
    out |= {"error": programmed.error, "iterations": programmed.iterations}
    out |= {"fraction": devices.crystalline_fraction, "thickness": devices.amorphous_thickness}
    look = devices.now()
    out |= {"noise": look.relative_noise, "sectors": look.sector_conductance, "age": look.glass_age}
    return out | {"exponent": devices.drift_exponent, "ceiling": devices.ceiling}


def statistical() -> dict[str, np.ndarray]:
    """Devices of published moments."""
    cell = pcm.load_cell("ibm-90nm-statistical")
    devices = cell.population(5, seed=3)
    devices.program([0.0, 1e-6, 5e-6, 15e-6, 25e-6])
    devices.wait(3600.0)
    out = {"read": devices.read()}
    devices.program(1e-5, where=[True, False, False, True, False])
    devices.wait(1e9)
    return out | {"later": devices.read(duration=1e-5)} | cell.moments(np.linspace(0.0, 25e-6, 5))


def pulsed(cell) -> dict[str, np.ndarray]:
    """Devices that are trained in place through pulses, RESET, leak, reads and a closed loop."""
    devices = cell.population(5, seed=9, stuck=0.2)
    out = {"born": np.concatenate([part for part in devices.traits if part.size > 1])}
    counts = np.array([4, 0, -3, 7, 1])
    devices.pulse(np.abs(counts) if cell.one_sided else counts)
    devices.wait(1.0)
    out["read"] = devices.read()
    if cell.parameters.reset is not None:
        devices.reset(where=counts > 3)
    devices.leak(3e5)
    out["left"] = devices.weight
    devices.program(0.4 * cell.conductance_minimum + 0.6 * cell.conductance_maximum)
    window = cell.parameters.window
    out["curve"] = cell.response(up=5, down=0 if cell.one_sided else 5, start=window.zero).conductance
    return out | {"programmed": devices.now().conductance, "steps": np.stack(cell.steps([cell.conductance_maximum]))}


def trained(name: str, rule, **options) -> dict[str, np.ndarray]:
    """A matrix of ten bit lines that is trained, its products both ways."""
    rng = np.random.default_rng(3)
    x, d = rng.uniform(-1.0, 1.0, (6, 3)), rng.uniform(-1.0, 1.0, (6, 10))
    cell = cell_of(name)
    matrix = pcm.TrainableMatrix((3, 10), cell, rule, seed=2, **options)
    matrix.update(x, d, 8.0 * cell.granularity)
    return {"weights": matrix.weights, "forward": matrix.forward(x), "backward": matrix.backward(d)}


def long_lines(periphery: pcm.Periphery) -> dict[str, np.ndarray]:
    """Products with lines so long that they are added up in lanes, of four inputs at a time and one more."""
    rng = np.random.default_rng(4)
    matrix = pcm.TrainableMatrix((5, 130), cell_of("rram-gong2018"), pcm.Sgd(), seed=2, periphery=periphery)
    forward = matrix.forward(rng.uniform(-1.0, 1.0, (5, 5)))
    return {"forward": forward, "backward": matrix.backward(rng.uniform(-1.0, 1.0, (5, 130)))}


def crossbars() -> dict[str, np.ndarray]:
    """Linear arrays: one input, batches, open lines, transfer, noise."""
    rng = np.random.default_rng(7)
    cells, voltage = 10.0 ** rng.uniform(-7.0, -4.0, (6, 5)), rng.uniform(0.1, 0.3, 6)
    wires = Wires(row=3.0, column=2.0, source=10.0, sense=5.0, right=20.0, top=7.0)
    xbar, out = Crossbar(cells, wires), {}
    left = np.where(np.arange(6) == 2, np.nan, voltage)
    for name, bias in {
        "one": Bias.matvec(voltage),
        "batch": Bias.matvec(np.stack([voltage * k for k in (1.0, -0.5, 0.2)], axis=1)),
        "both ends": Bias(voltage, 0.0, right=voltage - 0.1, top=0.02),
        "far ends": Bias(np.nan, np.nan, right=voltage, top=0.0),
        "open line": Bias.voltages(left, 0.0),
        "half": Bias.select(1, 2, 0.4, "half"),
        "float": Bias.select(1, 2, 0.4, "float"),
    }.items():
        solution = xbar.solve(bias)
        out |= {f"{name}, {part}": getattr(solution, part) for part in SOLUTION}
    loose = Crossbar(cells, Wires(source=1e9)).solve(Bias.matvec(voltage))
    ideal = Crossbar(cells).solve(Bias.matvec(np.ones((6, 2))))
    out |= {"loose": loose.column_current, "ideal": ideal.column_current, "transfer": xbar.transfer()}
    smooth = Crossbar(rng.uniform(5e-6, 2e-5, (24, 25)), Wires(row=200.0, column=150.0))
    out["smooth"] = smooth.solve(Bias.matvec(rng.uniform(0.1, 0.3, 24))).column_current
    noise = xbar.noise(Bias.matvec(voltage), 0.01, bandwidth=1e6)
    return out | {"noise": noise.variance, "sensitivity": xbar.sensitivity(Bias.matvec(voltage), 1)}


def selectors() -> dict[str, np.ndarray]:
    """Small arrays behind each selector, and the selectors alone."""
    rng = np.random.default_rng(8)
    cells, voltage = 10.0 ** rng.uniform(-6.0, -4.0, (4, 3)), rng.uniform(0.5, 1.2, 4)
    out = {}
    for name, selector in SELECTORS.items():
        gate = 1.1 if name == "transistor" else None
        alone = {"gate": 1.1} if name == "transistor" else {}
        out[f"{name} alone"] = np.stack(selector.current(np.array([-1.0, 0.1, 0.5]), **alone))
        for scheme in ("matvec", "float"):
            bias = Bias.matvec(voltage, gate=gate) if scheme == "matvec" else Bias.select(1, 2, 1.0, "float", gate=gate)
            solution = Crossbar(cells, Wires(row=2.0, column=1.0), selector).solve(bias)
            out |= {f"{name}, {scheme}, {part}": getattr(solution, part) for part in SOLUTION}
    return out | merged_cells()


def merged_cells() -> dict[str, np.ndarray]:
    """Neighbours as one, equal ones and others, and what is added to their bit lines."""
    cells = np.full((3, 20), 2e-6)
    cells[1:] *= np.linspace(0.0, 5.0, 40).reshape(2, 20)
    found = Series(*np.empty((2, 3, 2)), np.full((3, 2), np.nan))
    merged = Merged(cells, 16, SELECTORS["diode"], None)
    merged.evaluate(np.linspace(0.5, 0.8, 6).reshape(3, 2), found)
    beyond, voltage = merged.beyond_mean(2), np.zeros((3, 20))
    add_spread(beyond, Places(np.zeros(3, dtype=np.int64), np.array([-0.2, 0.3, 0.8])), voltage)
    return {"merged": found.current, "merged, slope": found.slope, "merged, beyond": beyond, "merged, added": voltage}


def arrays_of_devices() -> dict[str, np.ndarray]:
    """Devices in an array, written with crosstalk, and a matrix."""
    devices = pcm.load_cell("ibm-90nm-doped-gst").population((2, 2), seed=3)
    xbar = Crossbar(devices, Wires(row=20.0, column=10.0))
    out = {"device array": xbar.solve(Bias.matvec([0.2, 0.1])).column_current}
    behind = Crossbar(devices, Wires(row=20.0, column=10.0), SELECTORS["diode"])
    out["device array behind diodes"] = behind.solve(Bias.matvec([0.45, 0.5])).column_current
    pulse = pcm.Pulse(voltage=1.0, width=15e-9, fall=2e-9)
    report = xbar.write(Bias.select(0, 1, 2.1), pulse, crosstalk=pcm.ThermalCrosstalk(pitch=200e-9))
    out |= {"written": devices.conductance(), "hottest": report.hottest}
    weights = np.random.default_rng(2).normal(size=(4, 3))
    matrix = pcm.AnalogMatrix(weights, pcm.load_cell("ibm-90nm-statistical"), tile=(3, 2), wires=Wires(row=1.0), seed=4)
    matrix.program()
    matrix.wait(3600.0)
    return out | {"gains": matrix.calibrate(), "product": matrix.matvec(np.eye(4))}


def flows() -> dict[str, np.ndarray]:
    """Vectors and patches of images through several tiles, with and without converters."""
    rng, found = np.random.default_rng(6), {}
    images, x = rng.normal(size=(3, 2, 7, 6)), rng.normal(size=(5, 12))
    for name, periphery in (
        ("converted", pcm.Periphery(dac_bits=4, adc_bits=5, adc_range=1e-6)),
        ("in a range", pcm.Periphery(dac_bits=6, input_range=1.0)),
        ("ideal", pcm.Periphery(dac_bits=None, adc_bits=None)),
    ):
        cell = pcm.load_cell("ibm-90nm-statistical")
        matrix = pcm.AnalogMatrix(rng.normal(size=(12, 5)), cell, tile=(7, 3), periphery=periphery)
        matrix.program()
        flow = Flow(matrix.snapshot())
        y, out = np.zeros((5, 5)), np.zeros((3, 6, 6))
        flow.multiply(x, y)
        done = flow.convolve(images, Patches(2, 3, 2, 2, 2, 1, 3, 0, 1), out)
        counts = np.array([done.dac, done.dac_clipped, done.adc, done.adc_clipped])
        found |= {f"vectors, {name}": y, f"patches, {name}": out, f"counts, {name}": counts}
    return found


def of_floors() -> dict[str, np.ndarray]:
    """What the floors of a whole chip are measured with: random words, normals, exponentials, copies, sweeps."""
    sinks = [np.zeros(2, dtype=np.uint64), np.zeros(2), np.zeros(2), np.zeros(9)]
    floors.philox_blocks(0, 2 * floors.BLOCK, sinks[0])
    floors.normals(0, 2 * floors.BLOCK, sinks[1])
    floors.exponentials(0, 2 * floors.BLOCK, sinks[2])
    floors.copy(0, 9, np.arange(9.0), sinks[3])
    floors.transfer_tasks(3, 4, 2.0)["sweeps"]()
    return dict(zip(("words", "normals", "exponentials", "copied"), (sinks[0].astype(float), *sinks[1:]), strict=True))


def fits() -> dict[str, np.ndarray]:
    """Drift of few devices, alike and with own times, noise that is known or ages, a delay; a trap."""
    rng, time = np.random.default_rng(4), np.geomspace(20.0, 1e4, 9)
    power_laws = np.array([[1e-5], [6e-6], [8e-6]]) * (time / 20.0) ** -np.array([[0.05], [0.08], [0.02]])
    reads = power_laws * (1.0 + 0.01 * rng.normal(size=(3, 9)))
    alike = pcm.fit.drift(time, reads)
    own = pcm.fit.drift([time, 1.1 * time, time[:7]], [reads[0], reads[1], reads[2, :7]])
    ageing = pcm.fit.drift(time, reads, conductance_error=1e-7, noise="ageing")
    late = pcm.fit.drift(time, reads[0], delay="fit")
    out = {"alike": alike.exponent, "alike error": alike.exponent_error, "own": own.exponent, "late": late.exponent}
    out |= {"predicted": alike.predict(1e5).mean, "ageing": np.stack(ageing.predict([30.0, 1e5]))}
    state = np.cumsum(rng.random(300) < 0.05) % 2
    trap = pcm.fit.telegraph(1e-5 - 2e-7 * state + 2e-8 * rng.normal(size=300), dt=1e-3)
    return out | {"trap": np.array([trap["amplitude_1"].value, trap["capture_time_1"].value])}


def results() -> dict[str, np.ndarray]:
    """All of them."""
    parts = {
        **{name: mushroom(cell) for name, cell in CELLS.items()},
        "statistical": statistical(),
        **{name: pulsed(cell_of(name)) for name in EVERY},
        "trained": trained("rram-gong2018-softbounds", pcm.Sgd()),
        "trained by long trains": trained("rram-gong2018", pcm.Sgd(), trains=pcm.UpdateTrains(60, managed=False)),
        "trained on average": trained("rpu-gokmen2016", pcm.Sgd(), trains=pcm.UpdateTrains(pulses="expected")),
        "trained in a narrow range": trained("rram-gong2018", pcm.Sgd(), periphery=pcm.Periphery(7, 9, adc_range=2e-8)),
        "long lines": long_lines(pcm.Periphery(7, 9, input_range=1.0)),
        "long lines without converters": long_lines(pcm.Periphery(None, None)),
        "trained pairs": trained("pcm-nandakumar2018", pcm.OneSided(refresh=1)),
        "trained by mixed precision": trained("pcm-nandakumar2018", pcm.MixedPrecision()),
        "trained pairs on average": trained(
            "pcm-nandakumar2018", pcm.OneSided(), trains=pcm.UpdateTrains(pulses="expected")
        ),
        "crossbar": crossbars(),
        "selector": selectors(),
        "arrays": arrays_of_devices(),
        "flow": flows(),
        "fits": fits(),
        "floors": of_floors(),
        "extremes": {"of many": np.array(extremes(np.sin(np.arange(2.0**17))))},
        "product": {"of six terms": product(np.arange(12.0).reshape(2, 6), np.sin(np.arange(18.0)).reshape(6, 3))},
        "random": {
            "poisson": np.array([poisson(mean, 1, k, 2, 3) for mean in (0.5, 20.0, 50.0, 5e3) for k in range(8)])
        },
    }
    return {f"{part}: {name}": np.asarray(value) for part, found in parts.items() for name, value in found.items()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.savez(sys.argv[1], **results())
