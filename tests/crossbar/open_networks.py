"""Random arrays with open lines, leaks and steep selectors, and a check that needs no second solver.

All laws rise with the voltage, so that one set of voltages alone obeys Kirchhoff's laws: whoever obeys them is right.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar import Diode, Exponential, Transistor
from tests.crossbar.networks import logarithmic

EPS = np.finfo(float).eps


def random_selector(rng, kind):
    if kind == "diode":
        return Diode(logarithmic(rng, 1e-18, 1e-9), ideality=rng.uniform(1.0, 2.0))
    if kind == "sinh":
        return Exponential(logarithmic(rng, 1e-14, 1e-7), rng.uniform(0.03, 0.2))
    if kind == "transistor":
        return Transistor(threshold_voltage=0.4, transconductance=2e-4)
    return None


def random_array(rng, largest, kind, wires=(0.0, 1.0, 50.0)):
    """Cells from 1e-14 to 1e-3 S, some of them leaks, lines of 0, 1 or 50 ohm a segment; a third of them open."""
    rows, columns = (int(n) for n in rng.integers(1, largest + 1, 2))
    cells = logarithmic(rng, 1e-14, 1e-3, (rows, columns))
    if rng.random() < 0.3:
        cells[rng.random((rows, columns)) < 0.2] = logarithmic(rng, 1e-14, 1e-12)
    wire = float(rng.choice(wires))
    size = float(rng.choice([0.2, 1.0, 2.0, 5.0]))
    left, bottom = size * rng.uniform(-1.0, 1.0, rows), size * rng.uniform(-1.0, 1.0, columns)
    bottom[rng.random(columns) < 0.5] = 0.0
    left[rng.random(rows) < 1 / 3], bottom[rng.random(columns) < 1 / 3] = np.nan, np.nan
    if np.isnan(left).all() and np.isnan(bottom).all():
        left[0] = size
    gate = rng.uniform(0.0, 1.5, rows) if kind == "transistor" else None
    xbar = Crossbar(cells, Wires(row=wire, column=wire), random_selector(rng, kind))
    return xbar, Bias.voltages(rows=left, columns=bottom, gate=gate)


def unbalanced(solution):
    """Largest sum of currents on a line without terminal, over what its cells carry, beyond rounding."""
    bias, current, worst = solution.bias, solution.cell_current, 0.0
    volts = np.nanmax(np.abs(np.concatenate([bias.left, bias.right, bias.bottom, bias.top])))
    for axis, ends in enumerate(((bias.left, bias.right), (bias.bottom, bias.top))):
        is_open = np.isnan(ends[0]) & np.isnan(ends[1])
        if is_open.any():
            own, slope = np.abs(current).sum(axis=1 - axis), solution.slope.sum(axis=1 - axis)
            rounding = 4.0 * EPS * (slope * volts + own * current.shape[1 - axis])
            miss = np.abs(current.sum(axis=1 - axis)) - rounding
            worst = max(worst, float((miss / np.maximum(own, 1e-300))[is_open].max()))
    return worst


def leaking(solution):
    """Largest sum of currents over the border of a block of lines without terminal, over what crosses it.

    A block is what cells above a slope join, for every decade of slopes. The cells inside, whose rounding drowns the
    leaks of a block in any sum over a line, are not part of this sum.
    """
    bias, current, slope, worst = solution.bias, solution.cell_current, solution.slope, 0.0
    volts = np.nanmax(np.abs(np.concatenate([bias.left, bias.right, bias.bottom, bias.top])))
    ended = ~np.concatenate([np.isnan(bias.left) & np.isnan(bias.right), np.isnan(bias.bottom) & np.isnan(bias.top)])
    rows, columns = current.shape
    if ended.all():
        return 0.0
    for decade in range(-20, -2):
        i, j = np.nonzero(slope > 10.0**decade)
        graph = coo_array((np.ones(i.size), (i, rows + j)), shape=(rows + columns,) * 2)
        _, block = connected_components(graph, directed=False)
        for one in set(block) - set(block[ended]):
            inside_row, inside_column = block[:rows, None] == one, block[None, rows:] == one
            border = inside_row != inside_column
            out = np.where(inside_row, current, -current)[border]
            rounding = 8.0 * EPS * volts * slope[border].sum()
            worst = max(worst, (abs(out.sum()) - rounding) / max(np.abs(out).sum(), 1e-300))
    return worst


def law_missed(xbar, solution):
    """Largest difference of a cell's current from that of its device, over what rounding allows."""
    device = xbar.conductance * solution.device_voltage
    volts = np.abs(solution.row_voltage) + np.abs(solution.column_voltage)
    allowed = 1e-9 * np.abs(solution.cell_current) + 8.0 * EPS * xbar.conductance * volts
    return float((np.abs(device - solution.cell_current) / np.maximum(allowed, 1e-300)).max())


def drops_missed(xbar, solution):
    """Largest violation of the voltage law on a segment, over the largest terminal voltage.

    Currents are summed up from the far ends, in extended precision.
    """
    bias, current = solution.bias, solution.cell_current.astype(np.longdouble)
    volts = np.nanmax(np.abs(np.concatenate([bias.left, bias.right, bias.bottom, bias.top]))) or 1.0
    along_row = np.flip(np.cumsum(np.flip(current, 1), axis=1), 1)[:, 1:] - solution.right_current[:, None]
    along_column = np.cumsum(current, axis=0)[:-1] + solution.top_current
    row = -np.diff(solution.row_voltage, axis=1) - np.asarray(xbar.wires.row) * along_row
    column = -np.diff(solution.column_voltage, axis=0) - np.asarray(xbar.wires.column) * along_column
    return float(max(np.abs(part).max(initial=0.0) for part in (row, column)) / volts)


def assert_kirchhoff(xbar, solution):
    assert solution.residual <= 4e-12
    assert unbalanced(solution) < 1e-6
    assert leaking(solution) < 1e-6
    assert drops_missed(xbar, solution) < 1e-11
    assert law_missed(xbar, solution) <= 1.0
