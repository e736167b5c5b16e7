"""Lines left open: weak leaks, selectors, high-ohmic ends; resistor nets with exact answers, built from a crossbar."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import Bias, Crossbar, Wires
from pcmphys.crossbar import Diode, Exponential, Transistor
from pcmphys.crossbar.solver import loose
from pcmphys.errors import ConvergenceError, ParameterError
from tests.crossbar.nonlinear_networks import SCHEMES, random_bias
from tests.crossbar.nonlinear_networks import reference as slow_reference
from tests.crossbar.open_networks import assert_kirchhoff, leaking, random_array, unbalanced

KINDS = ("none", "diode", "sinh", "transistor")


def test_a_floating_block_on_a_weak_leak():
    """255 x 255 cells of 10 uS, held by two leaks of 0.1 pS: it stands at half the voltage, 50 fA flow."""
    n = 256
    cells = np.full((n, n), 1e-5)
    cells[0], cells[:, -1] = 0.0, 0.0
    cells[0, 0] = cells[1, -1] = 1e-13
    rows, columns = np.full(n, np.nan), np.full(n, np.nan)
    rows[0], columns[-1] = 1.0, 0.0
    solution = Crossbar(cells, Wires(row=1.0, column=1.0)).solve(Bias.voltages(rows=rows, columns=columns))
    np.testing.assert_allclose(solution.row_voltage[1], 0.5, rtol=1e-9)
    np.testing.assert_allclose([solution.row_current[0], solution.column_current[-1]], 5e-14, rtol=1e-9)
    assert solution.residual <= 4e-12


def test_the_check_sees_what_the_iteration_alone_gets_wrong(monkeypatch):
    """The twin that must fail: without the balance of loose lines the same network gets a wrong answer, silently."""
    cells = np.full((24, 24), 1e-3)
    cells[0], cells[:, -1] = 0.0, 0.0
    cells[0, 0], cells[1, -1] = 1e-14, 3e-14
    rows, columns = np.full(24, np.nan), np.full(24, np.nan)
    rows[0], columns[-1] = 1.0, 0.0
    xbar, bias = Crossbar(cells, Wires(row=1.0, column=1.0)), Bias.voltages(rows=rows, columns=columns)
    assert leaking(xbar.solve(bias)) < 1e-6
    monkeypatch.setattr(loose, "find", lambda net, **_: None)
    assert leaking(xbar.solve(bias)) > 1e-3


def test_a_leak_below_the_rounding_of_what_it_holds():
    """1e-14 S hold cells of 1 S: of their sum the leak is less than the last digit. Exactly half the voltage."""
    cells = [[1e-17, 0.0, 0.0], [1.0, 1.0, 1e-17]]
    solution = Crossbar(cells).solve(Bias.voltages(rows=[1.0, np.nan], columns=[np.nan, np.nan, 0.0]))
    assert solution.column_current[-1] == pytest.approx(5e-18, rel=1e-12)
    assert solution.row_voltage[1] == pytest.approx([0.5] * 3, rel=1e-12)


def test_leaks_at_every_scale():
    """Blocks within blocks: each pair of lines holds the next by a cell a thousand times weaker; 12 digits of each."""
    cells = np.zeros((5, 5))
    weak = 1e-3 ** np.arange(1, 6)
    for k in range(5):
        cells[k, k] = 1.0
        if k:
            cells[k, k - 1] = weak[k]
    rows, columns = np.full(5, np.nan), np.full(5, np.nan)
    rows[0] = 1.0
    cells[4, 0] = 1e-20
    columns[4] = 0.0
    solution = Crossbar(cells).solve(Bias.voltages(rows=rows, columns=columns))
    # row 4 is grounded through 1 S; the chain of weak links in series carries what the weakest lets through
    chain = 1.0 / (sum(1.0 / weak[1:]) + 5.0)
    assert -solution.column_current[4] == pytest.approx(-(chain + 1e-20), rel=1e-9)


@pytest.mark.parametrize("ohm", [1e5, 1e7, 1e10])
def test_high_ohmic_meters(ohm):
    one = Crossbar([[7e-5]], Wires(sense=ohm)).solve(Bias.matvec([0.1]))
    assert one.column_current[0] == pytest.approx(0.1 / (ohm + 1 / 7e-5), rel=1e-12)
    many = Crossbar(np.full((64, 64), 1e-5), Wires(row=1.0, column=1.0, sense=ohm)).solve(Bias.matvec(np.full(64, 0.1)))
    # all meters alike: no current leaves sideways, and the wires hardly count
    expected = 0.1 / (ohm + 1.0 / (64 * 1e-5))
    np.testing.assert_allclose(many.column_current, expected, rtol=5e-2 if ohm == 1e5 else 1e-3)
    assert (np.diff(many.column_current) <= 1e-12 * expected).all()
    far = Crossbar([[7e-5]], Wires(right=ohm, top=ohm)).solve(Bias(np.nan, np.nan, right=[0.1], top=[0.0]))
    assert far.right_current[0] == pytest.approx(0.1 / (2 * ohm + 1 / 7e-5), rel=1e-9)


def test_diodes_and_transistors_at_ordinary_numbers():
    # reverse biased diodes let the same little current through, whatever the device
    assert pcm.read_margin((2, 2), 1e-5, 1e-7, -2.0, selector=Diode(1e-12), scheme="float").margin == pytest.approx(0.0)
    cells = [[8e-6, 5e-6], [7e-6, 8e-6]]
    found = Crossbar(cells, selector=Diode(1e-15)).solve(Bias.voltages(rows=[-0.3, np.nan], columns=0.0))
    np.testing.assert_allclose(found.row_voltage[1], 0.0, atol=1e-15)
    np.testing.assert_allclose(found.row_current, [-2e-15, 0.0], rtol=1e-4, atol=1e-25)
    found = Crossbar([[6e-6, 2e-5], [2e-5, 6e-6]], selector=Transistor(0.4, 2e-4)).solve(
        Bias.voltages(rows=[3.0, np.nan], columns=[0.0, np.nan], gate=[0.0, 0.0])
    )
    assert unbalanced(found) < 1e-6


def test_a_line_between_two_diodes_is_exact():
    """A floating word line, one bit line at 5 V and one at 0 V: a ln(2 / (1 + exp(-5 V / a))), a = n kT/q."""
    diode = Diode(1e-30, ideality=1.5, temperature=300.0)
    found = Crossbar(np.ones((1, 2)), selector=diode).solve(Bias.voltages(rows=[np.nan], columns=[5.0, 0.0]))
    assert found.row_voltage[0, 0] == pytest.approx(0.026878861146, abs=1e-11)


def test_no_current_anywhere_is_no_residual():
    xbar = Crossbar([[1e-6]], Wires(row=3.0), Exponential(1e-8, 0.1))
    solution = xbar.solve(Bias.voltages(rows=[0.3], columns=[np.nan], right=[0.2]))
    assert solution.residual < 1e-12
    assert solution.row_current[0] == pytest.approx(0.1 / 6.0)
    still = Crossbar(np.full((2, 2), 1e-5), None, Diode(1e-12)).solve(Bias.voltages(rows=[0.0, np.nan], columns=0.0))
    assert still.residual == 0.0
    assert (still.cell_current == 0.0).all()


def test_random_arrays_with_a_third_of_the_lines_open():
    """600 arrays of 1 to 8 lines: every one that is solved obeys Kirchhoff's laws; at most 3 are not solved."""
    not_solved = 0
    for k in range(600):
        xbar, bias = random_array(np.random.default_rng([101, k]), 8, KINDS[k % 4])
        try:
            solution = xbar.solve(bias)
        except ConvergenceError:
            not_solved += 1
            continue
        assert_kirchhoff(xbar, solution)
    assert not_solved <= 3


@pytest.mark.parametrize("seed", range(24))
def test_random_arrays_against_forty_digits(seed):
    """The whole answer of small ones, terminal currents to 1e-6 of themselves or the rounding of their voltages."""
    rng = np.random.default_rng([102, seed])
    xbar, bias = random_array(rng, 3, KINDS[seed % 4])
    solution, answer = xbar.solve(bias), slow_reference(xbar, bias, digits=40)
    volts = np.nanmax(np.abs(np.concatenate([solution.bias.left, solution.bias.bottom])))
    np.testing.assert_allclose(solution.row_voltage, answer.row_voltage, rtol=0, atol=1e-9 * volts)
    for name, axis in (("row_current", 1), ("column_current", 0)):
        rounding = 1e-14 * volts * solution.slope.sum(axis=axis)
        error = np.abs(getattr(solution, name) - getattr(answer, name))
        assert (error <= 1e-6 * np.abs(getattr(answer, name)) + rounding).all()


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_networks(block):
    """500 each: 1 to 64 lines, eleven decades, 0 to 1 kohm, every bias: none wrong, at most 1 in 200 not solved."""
    solved, not_solved, refused = 0, 0, set()
    for k in range(500):
        rng = np.random.default_rng([103, block, k])
        kind = KINDS[k % 4]
        xbar, bias = random_array(rng, int(rng.choice([8, 64])), kind, wires=(0.0, 0.01, 1.0, 50.0, 1000.0))
        if rng.random() < 0.6:
            scheme = SCHEMES[int(rng.integers(len(SCHEMES)))]
            bias = random_bias(rng, *xbar.shape, scheme, bias.gate)
        try:
            solution = xbar.solve(bias)
        except ConvergenceError:
            not_solved += 1
            continue
        except ParameterError as error:
            refused.add(str(error).split(":")[0][:12])
            continue
        assert_kirchhoff(xbar, solution)
        solved += 1
    print(f"block {block}: {solved} solved, {not_solved} not")
    assert solved > 400
    assert not_solved <= 2
    assert all(text.startswith(("word line", "bit line", "no path")) for text in refused)


# resistor nets: the lines of a crossbar are the nodes, its cells the resistors of a net in two colours


def resistance(edges, one, other):
    """Resistance between two nodes of a net of 1 ohm edges, measured on a crossbar of open lines."""
    colour, waiting = {one: 0}, [one]
    neighbours = {}
    for a, b in edges:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    while waiting:
        node = waiting.pop()
        for near in neighbours[node]:
            if near not in colour:
                colour[near] = 1 - colour[node]
                waiting.append(near)
            assert colour[near] != colour[node], "not a net in two colours"
    place = {node: k for c in (0, 1) for k, node in enumerate(n for n in colour if colour[n] == c)}
    shape = [sum(c == colour_ for c in colour.values()) for colour_ in (0, 1)]
    cells = np.zeros(shape)
    for a, b in edges:
        row, column = (a, b) if colour[a] == 0 else (b, a)
        cells[place[row], place[column]] += 1.0
    ends = [np.full(count, np.nan) for count in shape]
    ends[0][place[one]], ends[colour[other]][place[other]] = 1.0, 0.0
    solution = Crossbar(cells).solve(Bias.voltages(rows=ends[0], columns=ends[1]))
    return 1.0 / solution.row_current[place[one]]


def grid(n):
    along = [((i, j), (i, j + 1)) for i in range(n) for j in range(n - 1)]
    return along + [((j, i), (j + 1, i)) for i in range(n) for j in range(n - 1)]


def test_ten_by_ten_grid_off_its_diagonal():
    """From (1, 1) to (6, 7) on a 10 x 10 grid of 1 ohm: 455859137025721 / 283319837425200 ohm."""
    exact = Fraction(455859137025721, 283319837425200)
    assert resistance(grid(10), (1, 1), (6, 7)) == pytest.approx(float(exact), rel=1e-12)


def exact_resistance(edges, one, other):
    """The same by elimination of fractions."""
    nodes = sorted({n for e in edges for n in e} - {other})
    place = {n: k for k, n in enumerate(nodes)}
    matrix = [[Fraction(0)] * len(nodes) for _ in nodes]
    for a, b in edges:
        for here, there in ((a, b), (b, a)):
            if here in place:
                matrix[place[here]][place[here]] += 1
                if there in place:
                    matrix[place[here]][place[there]] -= 1
    # the node asked for last: what is left of it is its conductance to the other
    order = [k for k in range(len(nodes)) if k != place[one]]
    for k in order:
        for i in range(len(nodes)):
            if i != k and matrix[i][k]:
                part = matrix[i][k] / matrix[k][k]
                matrix[i] = [a - part * b for a, b in zip(matrix[i], matrix[k], strict=True)]
    return 1 / matrix[place[one]][place[one]]


@pytest.mark.parametrize("end", [(1, 2), (2, 1), (3, 6), (4, 4)])
def test_a_grid_across_a_knights_move(end):
    net = grid(5 if max(end) < 5 else 7)
    assert resistance(net, (0, 0), end) == pytest.approx(float(exact_resistance(net, (0, 0), end)), rel=1e-12)


@pytest.mark.parametrize("n", range(1, 10))
def test_hypercubes(n):
    """Across: sum of 1 / ((n - k) C(n, k)); along an edge: (2^n - 1) / (n 2^(n-1)), by symmetry."""
    nodes = list(itertools.product((0, 1), repeat=n))
    edges = [(a, (*a[:k], 1, *a[k + 1 :])) for a in nodes for k in range(n) if a[k] == 0]
    across = sum(Fraction(1, (n - k) * math.comb(n, k)) for k in range(n))
    assert resistance(edges, (0,) * n, (1,) * n) == pytest.approx(float(across), rel=1e-12)
    along = Fraction(2**n - 1, n * 2 ** (n - 1))
    assert resistance(edges, (0,) * n, (1,) + (0,) * (n - 1)) == pytest.approx(float(along), rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 40])
def test_fibonacci_ladders(n):
    """n sections of 1 ohm along and 1 ohm to ground: F(2n + 1) / F(2n) ohm. Nodes are word and bit lines by turns."""
    fibonacci = [0, 1]
    while len(fibonacci) < 2 * n + 2:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    # node k is word line k / 2 or bit line k / 2; the last word line and the last bit line are ground
    size = n // 2 + 2
    cells = np.zeros((size, size))
    for k in range(n):
        row, column = ((k + 1) // 2, k // 2) if k % 2 else (k // 2, k // 2)
        cells[row, column] = 1.0
    for k in range(1, n + 1):
        place = (size - 1, k // 2) if k % 2 else (k // 2, size - 1)
        cells[place] = 1.0
    rows, columns = np.full(size, np.nan), np.full(size, np.nan)
    rows[0], rows[-1], columns[-1] = 1.0, 0.0, 0.0
    # lines beyond the ladder's end are cut off: give them a place to be
    rows[np.flatnonzero(cells.sum(axis=1) == 0.0)], columns[np.flatnonzero(cells.sum(axis=0) == 0.0)] = 0.0, 0.0
    solution = Crossbar(cells).solve(Bias.voltages(rows=rows, columns=columns))
    exact = Fraction(fibonacci[2 * n + 1], fibonacci[2 * n])
    assert 1.0 / solution.row_current[0] == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("voltage", [-1.0, -2.0, -3.0])
@pytest.mark.parametrize("n", [4, 16, 48])
def test_two_rows_of_reverse_diodes_in_series(n, voltage):
    """Floating lines between two cuts of n - 1 saturated diodes: what flows is n times the saturation current."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        levels = np.where(rng.random((n, n)) < 0.5, 5e-5, 5e-7)
        cells = levels if seed % 2 else 10 ** rng.normal(-5.5, 0.5, (n, n))
        xbar = Crossbar(cells, Wires(row=1.0, column=1.0), Diode(1e-12, ideality=1.5 if seed < 2 else 1.0))
        solution = xbar.solve(Bias.select(0, 0, voltage, "float"))
        np.testing.assert_allclose(solution.row_current[0], -n * 1e-12, rtol=1e-3)
        assert_kirchhoff(xbar, solution)


def test_what_reaches_the_array_through_a_large_resistance_keeps_its_digits():
    """A driver behind 150 Gohm beside grounded lines: its 20 pA to all digits; all terminals together give nothing."""
    nan = np.nan
    xbar = Crossbar(
        [[1.0, 1.0, 0.03], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]], Wires(row=1.0, source=[0, 0, 1.5e11], top=1e5)
    )
    found = xbar.solve(Bias(left=[nan, 0.0, 3.0], bottom=nan, top=[0.0, nan, nan]))
    np.testing.assert_allclose(found.row_current[2], 3.0 / 1.5e11, rtol=1e-9)
    assert abs(found.row_current.sum() + found.top_current.sum()) < 1e-12 * found.row_current[2]
    batch = xbar.solve(Bias(left=[[nan] * 2, [0.0] * 2, [3.0, 1.0]], bottom=nan, top=[[0.0] * 2, [nan] * 2, [nan] * 2]))
    np.testing.assert_allclose(batch.row_current[:, 0], found.row_current, rtol=1e-12)


@pytest.mark.parametrize("selector", [None, Diode(1e-12, ideality=1.5), Transistor(0.4, 2e-4), Exponential(1e-9, 0.1)])
def test_one_terminal_alone_gives_its_voltage_to_all(selector):
    for volts in (-1.8, 2.0):
        xbar = Crossbar([[7e-6, 5e-3]], Wires(row=500.0, column=500.0, sense=1e9), selector)
        gate = [1.2] if isinstance(selector, Transistor) else None
        solution = xbar.solve(Bias.voltages(columns=[volts, np.nan], gate=gate))
        np.testing.assert_allclose(solution.column_voltage, volts, rtol=1e-12)
        np.testing.assert_allclose(solution.column_current, 0.0, atol=1e-23)


def test_cells_far_better_than_the_wires_between_them():
    """Rows of 1 kohm a segment under cells of 0.1 S, columns without wires: nothing divides by zero."""
    n, g = 14, 0.1
    cells = np.zeros((2, n))
    cells[1, :-1] = g * np.linspace(0.9, 1.0, n)[:-1]
    cells[0, 0] = cells[0, -1] = g / 100
    columns = np.full(n, np.nan)
    columns[-1] = 0.0
    solution = Crossbar(cells, Wires(row=1000.0)).solve(Bias.voltages(rows=[1.0, np.nan], columns=columns))
    # word line 0 from its driver to its last cell, nothing on the way
    assert solution.row_current[0] == pytest.approx(1.0 / (n * 1000.0 + 100.0 / g), rel=1e-9)
    assert solution.column_current[-1] == pytest.approx(solution.row_current[0], rel=1e-9)
