"""The nonlinear crossbar solve against ngspice and a sparse Newton iteration, and its memory.

Cells of 1 to 25 uS (log-uniform) behind diodes (1 pA, ideality 1.5) or sinh selectors, 1 ohm a segment, inputs 0.5 to
1 V. Every timed solve of pcmphys starts from the conductances and ends with all node voltages and the residual. ngspice
is given the finished netlist; its time is that of the program from start to end, nearly all of it in the solution.
"""

from __future__ import annotations

import numpy as np

import pcmphys as pcm
from pcmphys.numerics.compile import thread_count
from validation.bench.measure import Bench, alternate, at_least, at_most, grown, has_peak, peak_of, scaled, shown, table
from validation.crossbar_growth.case import DIODE, SINH, array, by_scipy, ngspice_run, solve
from validation.result import MissingProgram

_NAMES = {DIODE: "diodes", SINH: "sinh selectors"}
_PEAK = "from validation.bench.nonlinear_solve import peak; print(peak({size}))"


def run(quick: bool) -> list[Bench]:
    """Measure everything; small sizes in quick runs."""
    tiny, small, medium, large = (16, 32, 64, 128) if quick else (64, 256, 512, 1024)
    rows = []
    for selector in (DIODE, SINH):
        try:
            rows.append(_against_ngspice(tiny, selector, quick))
        except MissingProgram as error:
            rows.append(shown(f"{_NAMES[selector]} {tiny} × {tiny} against ngspice", None, "", f"not run: {error}"))
    rows += [_against_scipy(small, selector, 60, 2, quick) for selector in (DIODE, SINH)]
    rows.append(_against_nested(small))
    rows.append(_against_scipy(medium, DIODE, 500, 1, quick))
    return [*rows, _large(large, quick), _memory(large, quick), *_physical(small, quick)]


def _compare(size: int, selector, name: str, theirs, rounds: int, repeats: int) -> tuple[dict[str, float], str]:
    """Times of ours and theirs, alternated, and a note with both and how well the currents agree."""
    cells, voltage = array(size)
    answer: list[np.ndarray] = []
    times = alternate(
        {
            "ours": (lambda: solve(cells, voltage, selector), repeats),
            "theirs": (lambda: answer.append(theirs(cells, voltage)), 1),
        },
        rounds,
    )
    error = np.abs(solve(cells, voltage, selector).column_current / answer[-1] - 1.0).max()
    note = f"{scaled(times['ours'])} against {scaled(times['theirs'])} ({name}); column currents agree to {error:.0e}"
    return times, note


def _against_ngspice(size: int, selector, quick: bool) -> Bench:
    task = ngspice_run(size, selector)
    times, note = _compare(size, selector, "ngspice", lambda *_: task(), 2, 25)
    name = f"{_NAMES[selector]} {size} × {size}: faster than ngspice"
    return at_least(name, times["theirs"] / times["ours"], 1000, "times", note, quick)


def _against_scipy(size: int, selector, limit: float, rounds: int, quick: bool) -> Bench:
    times, note = _compare(size, selector, "scipy", lambda *given: by_scipy(*given, selector).column_current, rounds, 7)
    name = f"{_NAMES[selector]} {size} × {size}: faster than a sparse Newton iteration of scipy"
    return at_least(name, times["theirs"] / times["ours"], limit, "times", note, quick)


def _against_nested(size: int) -> Bench:
    def theirs(cells, voltage):
        return by_scipy(cells, voltage, DIODE, nested=True).column_current

    times, note = _compare(size, DIODE, "scipy", theirs, 2, 7)
    name = f"diodes {size} × {size}: faster than the same with an ordering made by hand (nested dissection)"
    return shown(name, times["theirs"] / times["ours"], "times", note)


def _large(size: int, quick: bool) -> Bench:
    cells, voltage = array(size)
    time = alternate({"ours": (lambda: solve(cells, voltage, DIODE), 2)}, 2)["ours"]
    found = solve(cells, voltage, DIODE)
    note = (
        f"{thread_count()} threads; {len(found.history)} Newton steps, {found.iterations} iterations of conjugate "
        f"gradients, residual {found.residual:.0e}"
    )
    return at_most(f"diodes {size} × {size}: time of one solve", time, 2.0, "s", note, quick)


def _memory(size: int, quick: bool) -> Bench:
    name = f"diodes {size} × {size}: peak memory of a solve, cells and answer included"
    if not has_peak():
        return shown(name, None, "arrays", "not measured: needs Linux")
    arrays = grown(_PEAK.format(size=size)) / (8 * size * size)
    note = f"in arrays of {size} × {size} numbers of 8 bytes; growth of the process' peak over what it held before"
    return at_most(name, arrays, 20.0, "arrays", note, quick)


def _physical(size: int, quick: bool) -> list[Bench]:
    """Physical devices, half of them RESET, from the look on; the floor is one exact I-V of each."""
    draw = np.random.default_rng(size)
    devices = pcm.load_cell("ibm-90nm-doped-gst").population((size, size), seed=3)
    devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9), where=draw.random((size, size)) < 0.5)
    voltage, wires = draw.uniform(0.05, 0.2, size), pcm.Wires(row=1.0, column=1.0)
    rows = []
    for selector, name, rise, limit in (
        (None, "alone", 0.0, 80),
        (pcm.Diode(1e-9, ideality=1.3), "behind diodes", 0.3, 250),
    ):
        bias = pcm.Bias.matvec(voltage + rise)
        cells = devices.conductance()

        def physical(selector=selector, bias=bias):
            return pcm.Crossbar(devices.now(), wires, selector).solve(bias)

        def ohmic(selector=selector, bias=bias, cells=cells):
            return pcm.Crossbar(cells, wires, selector).solve(bias)

        def floor():
            return devices.now().current(0.1)

        times = alternate({"ours": (physical, 3), "ohmic": (ohmic, 3), "floor": (floor, 3)}, 3)
        note = (
            f"{thread_count()} threads; ohmic devices {scaled(times['ohmic'])}; floor: one look and one exact I-V of "
            f"each, {scaled(times['floor'])}"
        )
        title = f"physical cells {size} × {size} {name}: time of one solve"
        row = at_most(title, 1e3 * times["ours"], limit, "ms", note, quick)
        rows.append(row.over(times["ours"] / times["floor"]))
    return rows


def peak(size: int) -> float:
    """Peak memory [bytes] that a diode array of a size takes; in a process of its own."""
    solve(*array(512), DIODE)  # compiles, the iterations that small arrays do not need, too

    def whole() -> None:
        solution = solve(*array(size), DIODE)
        solution.row_voltage.sum()

    return peak_of(whole)


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
