"""The mushroom population: pulses with melting and grains, structure, reads with traps, closed loop, memory, its twin.

Everything runs on one thread but where a row says so. "Programmed" devices have lived through a RESET and one SET of
a height of their own, so that they cover the whole range of conductance.
"""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np

import pcmphys as pcm
from pcmphys.cells import MushroomCell
from pcmphys.cells.mushroom import pulse as pulses
from pcmphys.cells.mushroom import read as reads
from pcmphys.cells.mushroom.draws import draw_normals, draw_quench, draw_texture
from pcmphys.numerics.compile import kernel, launch
from pcmphys.numerics.random import U64, Stream, draw_of
from pcmphys.physics.state import SECTORS
from pcmphys.physics.telegraph.traps import melt_traps
from tests.oracles.mushroom_cell import Device
from validation.bench.measure import Bench, alternate, at_least, at_most, scaled, seconds, shown, table

CELL = "ibm-90nm-doped-gst"
PROJECTED = "ibm-90nm-projected"
RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
SET = pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9)
COOLING = 4
"""Steps at the end of every pulse without drive."""
_FRONT, _QUENCH, _TEXTURE, _TRAP_STATE = (
    int(stream) for stream in (Stream.FRONT, Stream.QUENCH, Stream.TEXTURE, Stream.TRAP_STATE)
)
_ASKED = {"RESET": 350e3, "SET": 350e3}
"""Pulses a second of one core [1/s]."""


def run(quick: bool) -> list[Bench]:
    """Measure everything; small sizes in quick runs."""
    count = 2_000 if quick else 20_000
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        rows = _pulses(count, quick)
        rows += _parts(count)
        rows += _structure(count, quick)
        rows += _reads(5 * count, quick)
        rows += _disturb(5 * count)
        rows += _memory(count, quick)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        rows += _twin(count, quick)
        rows += _closed_loop(32 if quick else 256, quick)
    finally:
        numba.set_num_threads(before)
    return rows


def _programmed(count: int, name: str = CELL):
    devices = pcm.load_cell(name).population(count, seed=1)
    devices.apply(RESET)
    devices.apply(SET, amplitude=np.linspace(40e-6, 300e-6, count))
    devices.conductance()
    return devices


def _many_grains() -> MushroomCell:
    """The cell with so much nucleation that grains fill most sectors: what many grains cost."""
    cell = pcm.load_cell(CELL)
    crystallization = cell.parameters.crystallization
    more = replace(crystallization, nucleation_factor=100.0 * crystallization.nucleation_factor)
    return MushroomCell(replace(cell.parameters, crystallization=more), cell.technology)


def _pulses(count: int, quick: bool) -> list[Bench]:
    devices, grainy = _programmed(count), _many_grains().population(count, seed=1)
    heated = {"RESET": 0, "SET": 0}

    def send(name, pulse):
        heated[name] = int((devices.apply(pulse).energy > 0.0).sum())

    # in turn, so that every RESET meets a device in its SET state and every SET one in its RESET state
    tasks = {
        "RESET": (lambda: send("RESET", RESET), 1),
        "SET": (lambda: send("SET", SET), 1),
        "grainy RESET": (lambda: grainy.apply(RESET), 1),
        "grainy SET": (lambda: grainy.apply(SET), 1),
    }
    times = alternate(tasks, 3 if quick else 9)
    grains = devices.now().state.count.sum() / count
    rows = []
    for name, pulse, note in (
        ("RESET", RESET, "440 uA for 1 us: switching, melting, cooling, fresh quench"),
        ("SET", SET, f"100 uA for 50 ns on RESET devices; {grains:.2f} grains a device after it"),
    ):
        steps = pulse.steps(devices.cell.parameters.heat.thermal_time).shape[0]
        note = f"{note}; {steps} steps, {1e6 * times[name] / count:.2g} us a pulse, {heated[name]} of {count} switched"
        rows.append(
            at_least(f"{name} pulses with grains, 1 thread", count / times[name], _ASKED[name], "pulses/s", note, quick)
        )
    grains = grainy.now().state.count.sum() / count
    note = (
        f"{grains:.1f} grains a device after it; RESET of these devices: {count / times['grainy RESET']:.3g} pulses/s"
    )
    rate = count / times["grainy SET"]
    rows.append(shown("SET pulses with a hundred times the nucleation, 1 thread", rate, "pulses/s", note))
    return rows


@kernel
def _draw_fronts(start, stop, address, out):
    """Roughness of the front of devices start..stop, as every pulse draws it."""
    rough = np.empty(SECTORS)
    for i in range(start, stop):
        draw_normals(draw_of(address, i), _FRONT, rough)
        out[i] = rough[0]


@kernel
def _draw_quenches(start, stop, address, p, state):
    """What a melt of all sectors draws anew for devices start..stop: traps, texture, exponents, filament."""
    deviate, whole = np.empty(SECTORS), np.ones(SECTORS)
    for i in range(start, stop):
        draw = draw_of(address, i)
        draw_texture(draw, whole, deviate, p.conduction, state.texture[i])
        state.filament[i] = draw_quench(draw, whole, state.deviate[i])
        state.traps[i] = melt_traps(draw, whole, state.kind[i], state.traps[i], p.telegraph)


def _parts(count: int) -> list[Bench]:
    """What a pulse is made of; its steps from pulses whose driven part is gone through once and twice.

    Of a RESET, whose rims come to rest at once, that is the part after the plateau.
    """
    devices = _programmed(count)
    reset = devices.copy()
    reset.apply(RESET)
    start, spare = reset.now().state, devices.now().state.copied()
    p = devices.cell.parameters.pack()
    address, tables = (U64(1), U64(0), U64(5)), pulses.tables(devices.cell.parameters)
    out = np.empty(count)
    found, cells = np.empty((count, 2)), np.arange(count)
    lists, driven = {}, {}
    for name, pulse in (("RESET", RESET), ("SET", SET)):
        steps = pulse.steps(p.heat.thermal_time)
        first = int(steps[:, 0].argmax()) + 1 if name == "RESET" else 0
        driven[name] = steps.shape[0] - COOLING - first
        lists[name, 1] = (pulse, steps)
        lists[name, 2] = (pulse, np.concatenate([steps[:-COOLING], steps[first:]]))

    def put_back():
        spare.rim[:] = start.rim
        spare.count[:] = start.count

    def send(pulse, steps):
        put_back()
        chosen = cells, np.full(count, pulse.peak)
        launch(pulses.pulse, count, address, (p, tables), (steps, False, 300.0), chosen, spare, found)

    tasks = {key: (lambda pulse=pulse, steps=steps: send(pulse, steps), 2) for key, (pulse, steps) in lists.items()}
    tasks["put back"] = (put_back, 2)
    tasks["front"] = (lambda: launch(_draw_fronts, count, address, out), 2)
    tasks["quench"] = (lambda: launch(_draw_quenches, count, address, p, spare), 2)
    times = alternate(tasks, 3)
    return _part_rows(driven, times, count)


def _part_rows(driven: dict[str, int], times: dict, count: int) -> list[Bench]:
    rows = []
    for name in ("RESET", "SET"):
        steps = driven[name]
        whole = times[name, 1] - times["put back"]
        a_step = (times[name, 2] - times[name, 1]) / steps
        left = whole - steps * a_step - times["front"] - (times["quench"] if name == "RESET" else 0.0)
        note = (
            f"{steps} such steps {1e6 * steps * a_step / count:.2g} us; the rest, mostly "
            f"{'rims put to rest' if name == 'RESET' else 'threshold'} and {COOLING} steps of cooling, "
            f"{1e6 * left / count:.2g} us; kernel in all {1e6 * whole / count:.2g} us"
        )
        rows.append(shown(f"part of a {name}: one driven step of heat and growth", 1e9 * a_step / count, "ns", note))
    rows.append(shown("part of every pulse: draw of the front", 1e9 * times["front"] / count, "ns", "16 normals"))
    note = "32 trap states, 16 textures, 2 exponents, filament: after a melt"
    rows.append(shown("part of a RESET: draws of the quench", 1e9 * times["quench"] / count, "ns", note))
    return rows


def _structure(count: int, quick: bool) -> list[Bench]:
    devices = {"programmed": _programmed(count), "projected": _programmed(count, PROJECTED)}
    devices["RESET"] = devices["programmed"].copy()
    devices["RESET"].apply(RESET)

    given = {kind: (some.cell.parameters.pack(), some.now().state.copied()) for kind, some in devices.items()}

    def evaluate(kind):
        p, state = given[kind]
        state.stale[:] = 1
        launch(reads.evaluate, count, p, state)

    tasks = {kind: (lambda kind=kind: evaluate(kind), 2) for kind in devices}
    tasks["current"] = (lambda: devices["programmed"].current(0.2), 2)
    times = {kind: 1e6 * spent / count for kind, spent in alternate(tasks, 3).items()}
    return [
        at_most(
            "conduction of a changed structure, 1 thread", times["programmed"], 10, "us",
            f"16 sectors of 24 shells, programmed devices; {times['RESET']:.2g} us right after RESET, "
            f"{times['projected']:.2g} us with a liner", quick,
        ),
        shown(
            "current and slope at 0.2 V of a device, 1 thread", times["current"], "us", "to rounding, structure at hand"
        ),
    ]  # fmt: skip


def _reads(count: int, quick: bool) -> list[Bench]:
    devices = _programmed(count)
    traps = round(devices.cell.parameters.telegraph.traps)

    def read():
        devices.wait(3600.0)
        devices.read()

    times = alternate({"read": (read, 2), "wait": (lambda: (devices.wait(3600.0), devices.disturb(0.0, 300.0)), 2)}, 3)
    note = f"{traps} traps, {count} programmed devices; of it {1e9 * times['wait'] / count:.0f} ns for drift alone"
    rate = 1e-6 * count / times["read"]
    return [at_least("drift and read of a device, 1 thread", rate, 2, "million reads/s", note, quick)]


def _disturb(count: int) -> list[Bench]:
    """Heat from outside, a temperature for each device: what a pulse elsewhere in the array costs the others."""
    devices = _programmed(count)
    warm, hot = np.linspace(300.0, 380.0, count), np.linspace(500.0, 600.0, count)
    branch = devices.copy()
    tasks = {
        "warm": (lambda: devices.disturb(1e-6, warm), 2),
        "hot": (lambda: branch.disturb(1e-8, hot), 2),
    }
    times = {name: 1e9 * spent / count for name, spent in alternate(tasks, 3).items()}
    note = f"a microsecond at 300 to 380 K; {times['hot']:.3g} ns where rims move (500 to 600 K)"
    return [shown("a device at a temperature of its own, 1 thread", times["warm"], "ns", note)]


def _twin(count: int, quick: bool) -> list[Bench]:
    """RESET, SET and read against the tests' oracle."""
    cell = pcm.load_cell(CELL)
    few = 2 if quick else 10

    def ours():
        devices = cell.population(count, seed=1)
        devices.apply(RESET)
        devices.apply(SET)
        devices.read()

    def theirs():
        for i in range(few):
            device = Device(cell.parameters, 1, i)
            for pulse in (RESET, SET):
                device.apply(pulse.time.tolist(), pulse.drive.tolist(), pulse.kind)
            device.read()

    theirs()  # its tables
    threads = numba.get_num_threads()

    def alone():
        numba.set_num_threads(1)
        ours()
        numba.set_num_threads(threads)

    times = alternate({"ours": (ours, 2), "alone": (alone, 2), "theirs": (theirs, 1)}, 3)
    own, one, other = times["ours"] / count, times["alone"] / count, times["theirs"] / few
    note = f"making, RESET, SET and read: {1e6 * own:.3g} us against {1e3 * other:.3g} ms a device"
    name = "faster than its plain-Python twin"
    return [
        at_least(f"{name}, {threads} threads", other / own, 1000, "times", note, quick),
        shown(f"{name}, 1 thread", other / one, "times", f"{1e6 * one:.3g} us a device"),
    ]


def _memory(count: int, quick: bool) -> list[Bench]:
    devices = pcm.load_cell(CELL).population(count, seed=1)
    state = sum(part.nbytes for part in devices.now().state)
    rest = devices.nbytes - state
    note = f"{state / count:.0f} of state, {rest / count:.0f} of the clock's look and the mark of stuck devices"
    return [at_most("memory of a mushroom device", (state + rest) / count, 1200, "bytes", note, quick)]


def _closed_loop(side: int, quick: bool) -> list[Bench]:
    """A differential pair array: each weight on one of two devices, the other at zero."""
    cell = pcm.load_cell(CELL)
    weights = np.random.default_rng(3).normal(size=(side, side))
    weights *= cell.conductance_maximum / np.abs(weights).max()
    targets = np.stack([np.maximum(weights, 0.0), np.maximum(-weights, 0.0)])
    reports = []

    def program():
        reports[:] = [cell.population(targets.shape, seed=2).program(targets)]

    pcm.load_cell(CELL).population(64, seed=2).program(10e-6)
    spent = sorted(seconds(program) for _ in range(1 if quick else 3))[0 if quick else 1]
    report = reports[0]
    note = (
        f"{targets.size} devices, {numba.get_num_threads()} threads, half of them at zero: {scaled(spent)}, "
        f"{report.iterations.mean():.1f} pulses a device, {100 * report.converged.mean():.1f} % converged"
    )
    return [at_most(f"closed loop of {side} × {side} pairs", spent, 5, "s", note, quick)]


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
