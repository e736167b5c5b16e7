"""The linear crossbar solve against badcrossbar, CHOLMOD and its own floor: cells 0.1-25 uS, 1 ohm a segment.

Every timed solve of pcmphys starts from the conductances: checks, elimination, iteration, node voltages, residual.
badcrossbar is asked for output currents only (its faster way); CHOLMOD is given the assembled matrix, and its time is
that of factorisation and solution.
"""

from __future__ import annotations

import numpy as np

import pcmphys as pcm
from pcmphys.crossbar.solver import linear, lines
from pcmphys.crossbar.solver.ends import joined
from pcmphys.numerics.compile import kernel, launch, thread_count
from validation import outside, sparse_direct
from validation.bench.measure import Bench, alternate, at_least, at_most, scaled, shown, table
from validation.result import MissingProgram

SWEEPS = 12


def run(quick: bool) -> list[Bench]:
    """Measure everything; small sizes in quick runs."""
    small, large, largest, inputs = (32, 64, 256, 10) if quick else (256, 512, 1024, 100)
    rows = _accuracy(small, quick)
    try:
        rows += _against_badcrossbar(small, 3, quick) + _against_badcrossbar(large, 2, quick)
    except MissingProgram as error:
        rows.append(shown("one input against badcrossbar", None, "", f"not run: {error}"))
    return rows + _batch(small, inputs, quick) + _floor(largest, quick)


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
    cholesky = outside.cholmod()
    if cholesky is not None:
        inner, coupling = sparse_direct.matrix(sparse_direct.circuit(cells, row=1.0, column=1.0))
        right = -(coupling @ np.vstack([voltage, np.zeros((1, inputs))]))
        tasks["CHOLMOD"] = (lambda: cholesky(inner)(right), 1)
    try:
        outside.badcrossbar()
        tasks["badcrossbar"] = (lambda: outside.badcrossbar_solve(cells, voltage, 1.0, 1.0, everything=False), 1)
    except MissingProgram:
        pass
    times = alternate(tasks, 3)
    return [
        at_least(
            f"{inputs} inputs {size} × {size}: faster than {name}", times[name] / times["pcmphys"], 20, "times",
            f"{scaled(times['pcmphys'])} against {scaled(times[name])}", quick,
        )
        for name in times if name != "pcmphys"
    ]  # fmt: skip


@kernel
def _row_half(start, stop, net, drive, x, out):
    """Row ladders of one double sweep: word-line voltages at bit-line voltages ``x``."""
    scratch = np.zeros((lines.ROOM, x.shape[1]))
    for first in range(start, stop, lines.ROWS_AT_ONCE):
        count = min(lines.ROWS_AT_ONCE, stop - first)
        lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            lines.multiply(net.conductance[first + k], scratch[k], out[first + k])


def _double_sweeps(net, drive, x, work) -> None:
    rows, columns = x.shape
    for _ in range(SWEEPS):
        launch(_row_half, rows, net, drive, x, work, align=lines.ROWS_AT_ONCE, grain=1)
        launch(lines.column_ladders, columns, net, drive, work, x, align=8, grain=1)


def _floor(size: int, quick: bool) -> list[Bench]:
    cells, voltage = _array(size)
    crossbar = pcm.Crossbar(cells, pcm.Wires(row=1.0, column=1.0))
    resistances = crossbar.wires.per_line(*crossbar.shape)
    ((ends, _, (drive,)),) = joined(pcm.Bias.matvec(voltage).sized(*crossbar.shape), resistances)
    net = linear.network(np.array(cells), ends)
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
    return [at_most(name, times["solve"] / times["floor"], 1.5, "times", note, quick)]


def main() -> None:
    """Print the full table."""
    print(table(run(quick=False)))


if __name__ == "__main__":
    main()
