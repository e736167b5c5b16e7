"""The linear crossbar solve against badcrossbar, CHOLMOD and its own floor: cells 0.1-25 uS, 1 ohm a segment.

Every timed solve of pcmphys starts from the conductances: checks, elimination, iteration, node voltages, residual.
badcrossbar is asked for output currents only (its faster way); CHOLMOD is given the assembled matrix, and its time is
that of factorisation and solution.
"""

from __future__ import annotations

import numpy as np

import pcmphys as pcm
from pcmphys.crossbar.solver import linear
from pcmphys.crossbar.solver.ends import joined
from pcmphys.numerics.compile import thread_count
from pcmphys.study.chip_scale.floors import double_sweep
from validation import outside, sparse_direct
from validation.bench.measure import Bench, alternate, at_least, at_most, grown, has_peak, peak_of, scaled, shown, table
from validation.result import MissingProgram

SWEEPS = 12
_BATCH = {"CHOLMOD": 35, "badcrossbar": 60}
"""How many times faster a batch is asked to be."""
_PEAK = "from validation.bench.linear_solve import peak; print(peak({size}))"


def run(quick: bool) -> list[Bench]:
    """Measure everything; small sizes in quick runs."""
    small, large, largest, inputs = (32, 64, 256, 10) if quick else (256, 512, 1024, 100)
    rows = _accuracy(small, quick)
    try:
        rows += _against_badcrossbar(small, 3, quick) + _against_badcrossbar(large, 2, quick)
    except MissingProgram as error:
        rows.append(shown("one input against badcrossbar", None, "", f"not run: {error}"))
    rows += _batch(small, inputs, quick) + _transfer(small, quick) + _floor(largest, quick)
    return rows + _iterations(*((64, 128) if quick else (256, 2048)), quick) + _whole(128 if quick else 4096, quick)


def _array(size: int, batch: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(size)
    cells = draw.uniform(0.1e-6, 25e-6, (size, size))
    return cells, draw.uniform(0.05, 0.2, size if batch is None else (size, batch))


def _solve(cells: np.ndarray, voltage: np.ndarray):
    return pcm.Crossbar(cells, pcm.Wires(row=1.0, column=1.0)).solve(pcm.Bias.matvec(voltage))


def _accuracy(size: int, quick: bool) -> list[Bench]:
    cells, voltage = _array(size)
    reference = sparse_direct.solve(cells, voltage, row=1.0, column=1.0).column_current
    error = np.abs(_solve(cells, voltage).column_current / reference - 1.0).max()
    name = f"linear solve {size} × {size}: relative error against a sparse direct solve"
    return [at_most(name, error, 1e-9, "", "worst column current", quick)]


def _against_badcrossbar(size: int, rounds: int, quick: bool) -> list[Bench]:
    cells, voltage = _array(size)
    theirs: list[np.ndarray] = []

    def badcrossbar():
        answer = outside.badcrossbar_solve(cells, voltage[:, None], 1.0, 1.0, everything=False)
        theirs[:] = [answer.currents.output[0]]

    times = alternate({"ours": (lambda: _solve(cells, voltage), 15), "theirs": (badcrossbar, 1)}, rounds)
    error = np.abs(_solve(cells, voltage).column_current / theirs[0] - 1.0).max()
    note = f"{scaled(times['ours'])} against {scaled(times['theirs'])}; column currents agree to {error:.0e}"
    name = f"one input {size} × {size}: faster than badcrossbar 1.1"
    return [at_least(name, times["theirs"] / times["ours"], 300, "times", note, quick)]


def _batch(size: int, inputs: int, quick: bool) -> list[Bench]:
    cells, voltage = _array(size, inputs)
    tasks = {"pcmphys": (lambda: _solve(cells, voltage).column_current, 5)}
    cholesky, missing = outside.cholmod(), {}
    if cholesky is None:
        missing["CHOLMOD"] = "scikit-sparse is not installed"
    else:
        inner, coupling = sparse_direct.matrix(sparse_direct.circuit(cells, row=1.0, column=1.0))
        right = -(coupling @ np.vstack([voltage, np.zeros((1, inputs))]))
        tasks["CHOLMOD"] = (lambda: cholesky(inner)(right), 1)
    try:
        outside.badcrossbar()
        tasks["badcrossbar"] = (lambda: outside.badcrossbar_solve(cells, voltage, 1.0, 1.0, everything=False), 1)
    except MissingProgram as error:
        missing["badcrossbar"] = str(error)
    times = alternate(tasks, 3)
    ours = times.pop("pcmphys")
    name = f"{inputs} inputs {size} × {size}: faster than"
    return [
        at_least(
            f"{name} {other}", theirs / ours, _BATCH[other], "times", f"{scaled(ours)} against {scaled(theirs)}", quick
        )
        for other, theirs in times.items()
    ] + [shown(f"{name} {other}", None, "", f"not run: {why}") for other, why in missing.items()]  # fmt: skip


def _transfer(size: int, quick: bool) -> list[Bench]:
    cells, _ = _array(size)
    wires = pcm.Wires(row=1.0, column=1.0)
    crossbar = pcm.Crossbar(cells, wires)
    resistances = wires.per_line(size, size)
    ((ends, _, drives),) = joined(pcm.Bias.matvec(np.eye(size)).sized(size, size), resistances)
    net = linear.network(np.array(cells), ends)
    x, work = np.zeros_like(cells), np.zeros_like(cells)

    def floor() -> None:
        for drive in drives:
            double_sweep(net, drive, x, work)

    times = alternate({"transfer": (crossbar.transfer, 3), "floor": (floor, 1)}, 3)
    note = f"{thread_count()} threads; floor: one double sweep for each of the {size} inputs, {scaled(times['floor'])}"
    row = at_most(f"transfer matrix {size} × {size}: time", 1e3 * times["transfer"], 110, "ms", note, quick)
    return [row.over(times["transfer"] / times["floor"])]


def _iterations(small: int, large: int, quick: bool) -> list[Bench]:
    found = {}
    for size in (small, large):
        cells, voltage = _array(size)
        for wire in (0.25, 5.0, 500.0):
            wires = pcm.Wires(row=wire, column=wire)
            found[size, wire] = pcm.Crossbar(cells, wires).solve(pcm.Bias.matvec(voltage)).iterations
    usual = max(count for (_, wire), count in found.items() if wire <= 5.0)
    note = ", ".join(f"{size} × {size} at {wire:g} ohm: {count}" for (size, wire), count in found.items())
    return [
        at_most(f"iterations to 1e-12, {small} to {large} square, 0.25 to 5 ohm", usual, 8, "", note, quick),
        at_most("the same at 500 ohm", max(found[size, 500.0] for size in (small, large)), 20, "", "", quick),
    ]


def _whole(size: int, quick: bool) -> list[Bench]:
    cells, voltage = _array(size)
    net, drive = _network(cells, voltage)
    x, work = np.zeros_like(cells), np.zeros_like(cells)
    tasks = {
        "ours": (lambda: _solve(cells, voltage), 2),
        "sweep": (lambda: double_sweep(net, drive, x, work), 3),
    }
    times = alternate(tasks, 2)
    count = _solve(cells, voltage).iterations
    note = f"{thread_count()} threads; floor: one double sweep for each of {count} iterations"
    rows = [
        at_most(f"one input {size} × {size}: time", times["ours"], 1.3, "s", note, quick).over(
            times["ours"] / (count * times["sweep"])
        )
    ]
    name = f"one input {size} × {size}: peak memory, cells and answer included"
    if not has_peak():
        return [*rows, shown(name, None, "GB", "not measured: needs Linux")]
    note = "growth of the process' peak over what it held before"
    return [*rows, at_most(name, grown(_PEAK.format(size=size)) / 1e9, 1.3, "GB", note, quick)]


def peak(size: int) -> float:
    """Peak memory [bytes] that a linear array of a size takes; in a process of its own."""
    _solve(*_array(512))  # compiles
    return peak_of(lambda: _solve(*_array(size)))


def _network(cells: np.ndarray, voltage: np.ndarray):
    """The eliminated network of an array, and what drives it."""
    resistances = pcm.Wires(row=1.0, column=1.0).per_line(*cells.shape)
    ((ends, _, (drive,)),) = joined(pcm.Bias.matvec(voltage).sized(*cells.shape), resistances)
    return linear.network(np.array(cells), ends), drive


def _double_sweeps(net, drive, x, work) -> None:
    for _ in range(SWEEPS):
        double_sweep(net, drive, x, work)


def _floor(size: int, quick: bool) -> list[Bench]:
    cells, voltage = _array(size)
    crossbar = pcm.Crossbar(cells, pcm.Wires(row=1.0, column=1.0))
    net, drive = _network(cells, voltage)
    x, work = np.zeros_like(cells), np.zeros_like(cells)
    tasks = {
        "solve": (lambda: _solve(cells, voltage), 3),
        "again": (lambda: crossbar.solve(pcm.Bias.matvec(voltage)), 3),
        "floor": (lambda: _double_sweeps(net, drive, x, work), 3),
    }
    times = alternate(tasks, 5)
    solution = crossbar.solve(pcm.Bias.matvec(voltage))
    note = (
        f"{scaled(times['solve'])} from the conductances on ({scaled(times['again'])} once eliminated), "
        f"floor {scaled(times['floor'])}, {thread_count()} threads; {solution.iterations} iterations, residual "
        f"{solution.residual:.0e}"
    )
    name = f"one input {size} × {size}: time over that of {SWEEPS} double sweeps of its ladders"
    over = times["solve"] / times["floor"]
    return [at_most(name, over, 1.5, "times", note, quick).over(over)]


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
