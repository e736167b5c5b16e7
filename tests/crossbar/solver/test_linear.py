"""Linear crossbars against a slow reference, against hand calculation, and at the edge of double precision."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcmphys import Bias, Crossbar, Wires
from pcmphys.errors import ConvergenceError
from tests.crossbar.networks import RANDOM, Network, assert_right, logarithmic, networks, random_network

EPS = np.finfo(float).eps
SHAPES = [(60, 60), (60, 33), (17, 58), (1, 200), (200, 1), (1, 60), (45, 2), (3, 60)]


@settings(max_examples=40, deadline=None)
@given(networks(largest=4))
def test_reference_equals_thirty_digits(network):
    sparse, exact = network.reference(), network.reference(digits=30)
    largest = np.abs(network.voltage).max()
    for name in ("row_voltage", "column_voltage"):
        np.testing.assert_allclose(getattr(sparse, name), getattr(exact, name), rtol=0, atol=1e-14 * largest)
    for name, axis in (("row_current", 1), ("column_current", 0)):
        error = np.abs(getattr(sparse, name) - getattr(exact, name))
        assert (error <= 1e-14 * largest * network.cells.sum(axis=axis) + 1e-300).all()


@settings(max_examples=60, deadline=None)
@given(networks(largest=4))
def test_small_networks_equal_thirty_digits(network):
    assert_right(network, network.solve(), network.reference(digits=30), RANDOM)


@settings(max_examples=150, deadline=None)
@given(networks())
def test_random_networks(network):
    assert_right(network, network.solve(), network.reference(), RANDOM)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", SHAPES)
def test_larger_networks(shape, seed):
    network = random_network(np.random.default_rng([seed, *shape]), *shape)
    assert_right(network, network.solve(), network.reference(), RANDOM)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_many_networks(block):
    rng = np.random.default_rng([11, block])
    for _ in range(100):
        network = random_network(rng, *rng.integers(1, 41, 2))
        assert_right(network, network.solve(), network.reference(), RANDOM)


# --- special cases


def test_no_wires_is_a_product():
    rng = np.random.default_rng(1)
    cells, voltage = logarithmic(rng, 1e-12, 1e-3, (9, 7)), rng.normal(size=9)
    solution = Crossbar(cells).solve(Bias.matvec(voltage))
    exact = [float(sum(Fraction(g) * Fraction(v) for g, v in zip(line, voltage))) for line in cells.T]
    rounding = 9 * EPS * (cells * np.abs(voltage)[:, None]).sum(axis=0)
    assert (np.abs(solution.column_current - exact) <= rounding).all()
    np.testing.assert_allclose(solution.row_current, cells.sum(axis=1) * voltage, rtol=20 * EPS)
    assert solution.residual == 0.0
    assert solution.iterations == 0
    assert (solution.row_voltage == voltage[:, None]).all()
    assert (solution.column_voltage == 0.0).all()


def row_ladder(cells, voltage, wire, source):
    """Currents of one word line with its cells to ground, exactly: (into the line, through each cell)."""
    wire, cells = Fraction(wire), [Fraction(g) for g in cells]
    load, loads = Fraction(0), []
    for g in reversed(cells):
        load = g + load / (1 + wire * load)
        loads.insert(0, load)
    node, before, currents = Fraction(voltage), wire + Fraction(source), []
    for g, load in zip(cells, loads):
        node = node / (1 + before * load)
        before = wire
        currents.append(node * g)
    return sum(currents), currents


def column_ladder(cells, voltage, wire, sense):
    """Current into the virtual ground of one bit line whose cells hang on ideal sources, exactly."""
    wire = Fraction(wire)
    load = current = Fraction(0)
    for k, (g, v) in enumerate(zip(cells, voltage)):
        share = 1 / (1 + (wire if k else 0) * load)
        load, current = Fraction(g) + load * share, Fraction(g) * Fraction(v) + current * share
    return current / (1 + (wire + Fraction(sense)) * load)


@pytest.mark.parametrize("seed", range(4))
def test_row_wires_only(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 6, 9, ("per line", "zero", "some zero", "zero"))
    solution = network.solve()
    hand = [
        row_ladder(network.cells[i], network.voltage[i], network.wires["row"][i], network.wires["source"][i])
        for i in range(6)
    ]
    np.testing.assert_allclose(solution.row_current, [float(total) for total, _ in hand], rtol=1e-14)
    scale = (network.cells * np.abs(network.voltage)[:, None]).sum(axis=0)
    exact = np.array([float(sum(cells[j] for _, cells in hand)) for j in range(9)])
    assert (np.abs(solution.column_current - exact) <= 1e-14 * scale).all()
    assert (solution.column_voltage == 0.0).all()


@pytest.mark.parametrize("seed", range(4))
def test_column_wires_only(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, 9, 6, ("zero", "per line", "zero", "some zero"))
    solution = network.solve()
    wires = network.wires
    exact = np.array(
        [
            float(column_ladder(network.cells[:, j], network.voltage, wires["column"][j], wires["sense"][j]))
            for j in range(6)
        ]
    )
    allowed = RANDOM * np.abs(network.voltage).max() * network.cells.sum(axis=0)
    assert (np.abs(solution.column_current - exact) <= allowed).all()
    assert (solution.row_voltage == network.voltage[:, None]).all()


@pytest.mark.parametrize("wires", [{"row": 2.0}, {"column": 3.0}, {"row": 2.0, "column": 3.0, "source": 5.0}])
def test_single_row_by_hand(wires):
    rng = np.random.default_rng(5)
    cells = logarithmic(rng, 1e-6, 1e-2, (1, 40))
    wires = {"row": 0.0, "column": 0.0, "source": 0.0, "sense": 7.0} | wires
    # a cell with its bit line is one resistor to ground
    branch = [1 / (1 / Fraction(g) + Fraction(wires["column"]) + Fraction(wires["sense"])) for g in cells[0]]
    total, currents = row_ladder(branch, 0.3, wires["row"], wires["source"])
    solution = Crossbar(cells, Wires(**wires)).solve(Bias.matvec([0.3]))
    np.testing.assert_allclose(solution.row_current, [float(total)], rtol=1e-11)
    np.testing.assert_allclose(solution.column_current, [float(c) for c in currents], rtol=1e-10)


@pytest.mark.parametrize("wires", [{"row": 2.0}, {"column": 3.0}, {"row": 2.0, "column": 3.0, "sense": 5.0}])
def test_single_column_by_hand(wires):
    rng = np.random.default_rng(6)
    cells, voltage = logarithmic(rng, 1e-6, 1e-2, (40, 1)), rng.random(40)
    wires = {"row": 0.0, "column": 0.0, "source": 7.0, "sense": 0.0} | wires
    branch = [1 / (1 / Fraction(g) + Fraction(wires["row"]) + Fraction(wires["source"])) for g in cells[:, 0]]
    exact = column_ladder(branch, voltage, wires["column"], wires["sense"])
    solution = Crossbar(cells, Wires(**wires)).solve(Bias.matvec(voltage))
    np.testing.assert_allclose(solution.column_current, [float(exact)], rtol=1e-11)


def test_voltage_divider():
    # 0.5 V over 1 + 10 ohm, a cell of 1 kohm and 2 + 20 ohm
    solution = Crossbar([[1e-3]], Wires(row=1.0, column=2.0, source=10.0, sense=20.0)).solve(Bias.matvec([0.5]))
    current = 0.5 / 1033.0
    np.testing.assert_allclose(solution.column_current, [current], rtol=1e-12)
    np.testing.assert_allclose(solution.row_current, [current], rtol=1e-12)
    np.testing.assert_allclose(solution.row_voltage, [[0.5 - 11 * current]], rtol=1e-12)
    np.testing.assert_allclose(solution.column_voltage, [[22 * current]], rtol=1e-12)
    np.testing.assert_allclose(solution.cell_voltage, [[1000 * current]], rtol=1e-12)
    np.testing.assert_allclose(solution.cell_current, [[current]], rtol=1e-12)
    assert solution.power == pytest.approx(0.5 * current, rel=1e-12)


@pytest.mark.parametrize("wires", [{}, {"row": 3.0, "column": 2.0}, {"source": 1e3}, {"column": 1.0, "sense": 1e3}])
@pytest.mark.parametrize("batch", [None, 3])
def test_fully_open(wires, batch):
    voltage = np.full((4,) if batch is None else (4, batch), 0.2)
    solution = Crossbar(np.zeros((4, 6)), Wires(**wires)).solve(Bias.matvec(voltage))
    for current in (solution.row_current, solution.column_current, solution.power, solution.column_voltage):
        assert np.all(current == 0.0)
    assert np.all(solution.row_voltage == 0.2)


def test_open_lines():
    rng = np.random.default_rng(7)
    cells = logarithmic(rng, 1e-6, 1e-4, (8, 9))
    cells[3], cells[:, 5], cells[:, 8] = 0.0, 0.0, 0.0
    network = Network(cells, {"row": 5.0, "column": 7.0}, rng.random(8))
    solution = network.solve()
    assert_right(network, solution, network.reference(), RANDOM)
    assert solution.row_current[3] == 0.0
    assert (solution.column_current[[5, 8]] == 0.0).all()


@pytest.mark.parametrize("batch", [(5,), (5, 1), (5, 3)])
def test_zero_input(batch):
    network = random_network(np.random.default_rng(8), 5, 4, ("scalar",) * 4)
    solution = Crossbar(network.cells, Wires(**network.wires)).solve(Bias.matvec(np.zeros(batch)))
    for field in (solution.row_current, solution.column_current, solution.row_voltage, solution.column_voltage):
        assert np.all(field == 0.0)
    assert solution.residual == 0.0


@pytest.mark.parametrize("power", [-300, -40, 40, 300])
def test_scaling_the_input_scales_every_bit(power):
    network = random_network(np.random.default_rng(9), 7, 6, ("scalar",) * 4)
    plain = network.solve()
    scaled = network._replace(voltage=network.voltage * 2.0**power).solve()
    assert (scaled.column_current == plain.column_current * 2.0**power).all()
    assert (scaled.row_voltage == plain.row_voltage * 2.0**power).all()


def test_scaling_resistances_against_conductances():
    network = random_network(np.random.default_rng(10), 7, 6, ("per line",) * 4)
    plain = network.solve()
    scaled = Network(network.cells / 8, {k: 8 * v for k, v in network.wires.items()}, network.voltage).solve()
    assert (scaled.column_voltage == plain.column_voltage).all()
    assert (scaled.column_current == plain.column_current / 8).all()


# --- hard networks: right, or an error that says so


def hard(name):
    rng = np.random.default_rng(12)
    voltage = 0.1 + rng.random(100)
    mixed = logarithmic(rng, 1e-6, 3e-5, (100, 100))
    mixed[::2], mixed[1::3] = 1e-12, 1e-3
    shorts = logarithmic(rng, 1e-7, 1e-5, (100, 100))
    shorts[rng.random((100, 100)) < 0.02] = 1.0
    far = np.zeros(100)
    far[0] = 1.0
    both = {"row": 1e3, "column": 1e3}
    return {
        "loaded": Network(np.full((100, 100), 1e-3), both, voltage),
        "very loaded": Network(np.full((100, 100), 1e-2), both, voltage),
        "loaded by a good metal": Network(np.full((100, 100), 1.0), {"row": 10.0, "column": 10.0}, voltage),
        "mixed rows": Network(mixed, {"row": 1.0, "column": 1.0}, voltage),
        "mixed rows, bad wires": Network(mixed, both, voltage),
        "mixed columns": Network(mixed.T.copy(), {"row": 1.0, "column": 1.0}, voltage),
        "mixed columns, bad wires": Network(mixed.T.copy(), both, voltage),
        "mixed columns, weak sense": Network(mixed.T.copy(), {"row": 100.0, "column": 1e-3, "sense": 1e3}, voltage),
        "mixed rows, weak source": Network(mixed, {"row": 1e-3, "column": 1e3, "source": 1e3}, voltage),
        "shorts": Network(shorts, {"row": 1.0, "column": 1.0}, voltage),
        "shorts, good wires": Network(shorts, {"row": 1e-3, "column": 1e-3}, voltage),
        "shorts, bad wires": Network(shorts, both, voltage),
        "shorts, weak ends": Network(shorts, {"row": 1e-3, "column": 1e-3, "source": 1e3, "sense": 1e3}, voltage),
        "long loaded column": Network(np.full((1000, 1), 1e-3), both, np.resize(far, 1000)),
    }[name]


HARD = [
    "loaded", "very loaded", "loaded by a good metal", "mixed rows", "mixed rows, bad wires", "mixed columns",
    "mixed columns, bad wires", "mixed columns, weak sense", "mixed rows, weak source", "shorts",
    "shorts, good wires", "shorts, bad wires", "shorts, weak ends", "long loaded column",
]  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_hard_networks(name):
    network = hard(name)
    solution, reference = network.solve(), network.reference()
    assert_right(network, solution, reference)
    if name == "long loaded column":
        return  # all of its input is lost on the way: 1e-22 A is left, far below what the tolerance promises
    # also a column whose current is tiny beside the others is right in its own measure
    np.testing.assert_allclose(solution.column_current, reference.column_current, rtol=1e-7)
    np.testing.assert_allclose(solution.row_current, reference.row_current, rtol=1e-7, atol=1e-7 * 1e-3)


@pytest.mark.parametrize("name", ["loaded", "mixed columns, weak sense", "shorts"])
def test_hard_networks_in_a_batch(name):
    network = hard(name)
    voltage = np.stack([network.voltage, -network.voltage[::-1], np.eye(100)[3]], axis=1)
    batch = network._replace(voltage=voltage).solve()
    for k in range(3):
        one = network._replace(voltage=voltage[:, k])
        allowed = 8e-10 * np.abs(voltage[:, k]).max() * network.cells.sum(axis=0)
        assert (np.abs(batch.column_current[:, k] - one.reference().column_current) <= allowed).all()


@pytest.mark.filterwarnings("ignore:cells. conductances up to")
@pytest.mark.parametrize("seed", range(40))
def test_right_or_refused_beyond_double_precision(seed):
    """Near shorts under huge resistances: the rounding of a cell voltage alone may exceed the tolerance."""
    rng = np.random.default_rng([13, seed])
    network = random_network(rng, *rng.integers(1, 13, 2))
    network.cells[rng.random(network.cells.shape) < 0.3] = 10.0 ** rng.choice([0, 3, 9, 30])
    wires = {name: np.asarray(value) * 10.0 ** rng.choice([0, 3, 6]) for name, value in network.wires.items()}
    network = network._replace(wires=wires)
    for voltage in (network.voltage, np.stack([network.voltage] * 2, axis=1)):
        try:
            solution = network._replace(voltage=voltage).solve()
        except ConvergenceError:
            continue
        assert solution.residual <= 4e-12
        if network.cells.max() <= 1e3:
            reference = network.reference()
            fields = solution.column_voltage.reshape(*network.cells.shape, -1)
            allowed = 4e-12 * sum(network.cells.shape) * np.abs(network.voltage).max()
            np.testing.assert_allclose(fields[:, :, 0], reference.column_voltage, rtol=0, atol=allowed)


@pytest.mark.filterwarnings("ignore:cells. conductances up to")
@pytest.mark.parametrize("seed", [0, 26, 44])
def test_breakdown_in_a_batch_is_a_convergence_error(seed):
    """Cells up to 1 TS: the iteration that looks for the polynomial of the batch breaks down."""
    cells = 10.0 ** np.random.default_rng(seed).uniform(-12, 12, (10, 7))
    with pytest.raises(ConvergenceError):
        Crossbar(cells, Wires(row=1e3, sense=300.0)).solve(Bias.matvec(np.ones((10, 2))))


@pytest.mark.parametrize("batch", [1, 3])
def test_convergence_error(batch):
    network = hard("loaded")
    voltage = np.stack([network.voltage] * batch, axis=1)
    with pytest.raises(ConvergenceError, match="did not converge") as caught:
        network._replace(voltage=voltage).solve(max_iterations=1)
    error = caught.value
    assert error.iterations == 1
    assert 4e-12 < error.residual < 10.0
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (ConvergenceError, str(error))
    assert (copy.residual, copy.iterations) == (error.residual, error.iterations)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-9, 1e-13])
def test_tolerance_is_kept(tolerance):
    network = random_network(np.random.default_rng(14), 40, 30, ("scalar",) * 4, 0.1)
    network = network._replace(cells=network.cells * 10)
    solution, reference = network.solve(tolerance=tolerance), network.reference()
    assert solution.residual <= 4 * tolerance
    error = np.abs(solution.column_voltage - reference.column_voltage).max() / np.abs(network.voltage).max()
    assert error <= 4 * tolerance * 70


# --- batches and threads


@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(2, 7))
def test_batch_equals_one_by_one(network, batch):
    rng = np.random.default_rng(15)
    voltage = rng.normal(size=(network.voltage.size, batch))
    solution = network._replace(voltage=voltage).solve()
    assert solution.column_current.shape == (network.cells.shape[1], batch)
    assert solution.row_current.shape == (network.cells.shape[0], batch)
    assert solution.row_voltage.shape == solution.cell_current.shape == (*network.cells.shape, batch)
    assert solution.power.shape == (batch,)
    for k in range(batch):
        one = network._replace(voltage=voltage[:, k]).solve()
        largest = np.abs(voltage[:, k]).max()
        for name in ("row_voltage", "column_voltage", "cell_voltage"):
            np.testing.assert_allclose(
                getattr(solution, name)[..., k], getattr(one, name), rtol=0, atol=1e-11 * largest, err_msg=name
            )
        for name, axis in (("row_current", 1), ("column_current", 0)):
            error = np.abs(getattr(solution, name)[:, k] - getattr(one, name))
            assert (error <= 1e-11 * largest * network.cells.sum(axis=axis)).all()
        assert abs(solution.power[k] - one.power) <= 1e-11 * largest**2 * network.cells.sum()
        error = np.abs(solution.cell_current[..., k].sum(axis=0) - solution.column_current[:, k])
        assert (error <= 1e-11 * largest * network.cells.sum(axis=0)).all()


@pytest.mark.parametrize("wires", [{"row": 1.0, "column": 2.0}, {"row": 1e3, "column": 1e3, "sense": 10.0}, {}])
def test_answer_in_a_batch_does_not_depend_on_the_others(wires):
    rng = np.random.default_rng(16)
    xbar = Crossbar(logarithmic(rng, 1e-7, 3e-5, (37, 29)), Wires(**wires))
    voltage = rng.normal(size=(37, 9))
    other = rng.normal(size=(37, 9)) * 1e3
    other[:, 4] = voltage[:, 4]
    current = xbar.solve(Bias.matvec(voltage)).column_current
    assert (current[:, 4] == xbar.solve(Bias.matvec(other)).column_current[:, 4]).all()
    order = rng.permutation(9)
    assert (current[:, order] == xbar.solve(Bias.matvec(voltage[:, order])).column_current).all()


@pytest.mark.parametrize("wires", [{"row": 1.0, "column": 2.0}, {"row": 1e3, "column": 1e3, "sense": 10.0}])
def test_answer_does_not_depend_on_the_size_of_the_batch(wires):
    rng = np.random.default_rng(17)
    xbar = Crossbar(logarithmic(rng, 1e-7, 3e-5, (37, 29)), Wires(**wires))
    voltage = rng.normal(size=(37, 9))
    current = xbar.solve(Bias.matvec(voltage)).column_current
    assert (current[:, :4] == xbar.solve(Bias.matvec(voltage[:, :4])).column_current).all()


def test_batch_of_one_keeps_its_axis():
    network = random_network(np.random.default_rng(18), 5, 4, ("scalar",) * 4)
    batch = network._replace(voltage=network.voltage[:, None]).solve()
    one = network.solve()
    assert batch.power.shape == (1,)
    assert batch.power[0] == one.power
    assert isinstance(one.power, float)
    for name in ("row_current", "column_current", "row_voltage", "column_voltage", "cell_voltage", "cell_current"):
        assert getattr(batch, name).shape == (*getattr(one, name).shape, 1)
        assert (getattr(batch, name)[..., 0] == getattr(one, name)).all()


@pytest.mark.parametrize("kinds", [("scalar",) * 4, ("some zero",) * 4, ("zero",) * 4])
def test_transfer_is_the_whole_map(kinds):
    network = random_network(np.random.default_rng(19), 11, 8, kinds)
    xbar = Crossbar(network.cells, Wires(**network.wires))
    transfer = xbar.transfer()
    assert transfer.shape == (8, 11)
    current = network.solve().column_current
    allowed = 1e-11 * np.abs(network.voltage).sum() * network.cells.sum(axis=0)
    assert (np.abs(transfer @ network.voltage - current) <= allowed).all()
    if kinds[0] == "zero":
        assert (transfer == network.cells.T).all()


def test_solutions_do_not_share_memory():
    network = random_network(np.random.default_rng(20), 20, 20, ("scalar",) * 4)
    names = ("row_current", "column_current", "row_voltage", "column_voltage")
    first = network.solve()
    kept = {name: getattr(first, name).copy() for name in names}
    network._replace(voltage=-3 * network.voltage).solve()
    network._replace(voltage=np.eye(20)).solve()
    assert all((getattr(first, name) == kept[name]).all() for name in names)
