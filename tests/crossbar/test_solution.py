"""Solutions: node arrays of a batch, their memory, inputs that leave different lines open, pickling, starts."""

import pickle
import tracemalloc

import numba
import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import OTS, Bias, Crossbar, Diode, Exponential, Wires
from pcmphys.crossbar import Solution, problem, solution
from pcmphys.errors import ConvergenceError, ParameterError
from tests.crossbar.networks import logarithmic

WIRES = Wires(row=2.0, column=3.0)
FIELDS = (
    "row_voltage",
    "column_voltage",
    "cell_current",
    "slope",
    "selector_voltage",
    "cell_voltage",
    "device_voltage",
)
CURRENTS = ("row_current", "column_current", "right_current", "top_current")
SWITCH = OTS(threshold_voltage=0.9, hold_voltage=0.3, holding_current=1e-7)


def cells(rows, columns, seed=5):
    return logarithmic(np.random.default_rng(seed), 1e-6, 2.5e-5, (rows, columns))


def physical(shape=(3, 4)):
    devices = pcm.load_cell("ibm-90nm-doped-gst").population(shape, seed=2)
    devices.program(np.linspace(1e-6, 20e-6, devices.size).reshape(shape))
    return devices


def statistical(shape=(3, 4)):
    devices = pcm.load_cell("ibm-90nm-statistical").population(shape, seed=2)
    devices.program(np.linspace(1e-6, 20e-6, devices.size).reshape(shape))
    return devices


ARRAYS = {
    "ohmic": lambda: Crossbar(cells(3, 4), WIRES),
    "ideal": lambda: Crossbar(cells(3, 4)),
    "statistical": lambda: Crossbar(statistical(), WIRES),
    "diode": lambda: Crossbar(cells(3, 4), WIRES, Diode(1e-12)),
    "switch": lambda: Crossbar(cells(3, 4), WIRES, SWITCH),
    "physical": lambda: Crossbar(physical(), WIRES),
    "physical behind a diode": lambda: Crossbar(physical(), WIRES, Diode(1e-9)),
}
BATCH = np.array([[0.1, 1.0, 0.5, 0.4], [0.2, 0.9, -0.5, 0.4], [0.0, 0.1, 0.5, 0.3]])


@pytest.fixture(params=ARRAYS)
def array(request):
    return ARRAYS[request.param]()


@pytest.fixture
def one_at_a_time(monkeypatch):
    """As for a batch that is too large for all its node arrays together."""
    monkeypatch.setattr(solution, "_TOGETHER", 0)


def assert_batch_is_its_inputs(array):
    found = array.solve(Bias.matvec(0.3 * BATCH))
    on = None
    for k in range(BATCH.shape[1]):
        alone = array.solve(Bias.matvec(0.3 * BATCH[:, k]), on=on)
        on = alone.on
        for name in FIELDS:
            assert getattr(found, name).shape == (3, 4, 4)
            largest = np.abs(getattr(alone, name)).max()
            np.testing.assert_allclose(getattr(found, name)[..., k], getattr(alone, name), 0, 1e-10 * largest, name)
        assert (on is None) == (found.on is None)
        assert on is None or (found.on[..., k] == on).all()


def test_node_arrays_of_a_batch(array):
    assert_batch_is_its_inputs(array)


@pytest.fixture
def none_kept(monkeypatch):
    """As for a batch of so many inputs that the cells are kept instead of the node voltages."""
    monkeypatch.setattr(problem, "_FEW", 1)


def test_node_arrays_of_a_large_batch(array, one_at_a_time, none_kept):
    assert_batch_is_its_inputs(array)


@pytest.mark.parametrize("make", [physical, statistical])
@pytest.mark.parametrize("selector", [None, Diode(1e-9)])
@pytest.mark.parametrize("few", [1, 20])
def test_node_arrays_belong_to_the_devices_of_then(make, selector, few, monkeypatch):
    monkeypatch.setattr(problem, "_FEW", few)
    devices = make()
    array = Crossbar(devices, WIRES, selector)
    voltage = 0.15 * np.ones((3, 2)) if selector is None else 0.6 * np.ones((3, 2))
    found = array.solve(Bias.matvec(voltage))
    devices.wait(1e6)
    assert (array.solve(Bias.matvec(voltage)).column_current < 0.99 * found.column_current).all()
    np.testing.assert_allclose(found.cell_current.sum(axis=0), found.column_current, rtol=1e-9)


def test_a_batch_of_one(array):
    found, alone = array.solve(Bias.matvec(0.3 * BATCH[:, :1])), array.solve(Bias.matvec(0.3 * BATCH[:, 0]))
    for name in FIELDS:
        assert (getattr(found, name)[..., 0] == getattr(alone, name)).all()
    assert found.column_current.shape == (4, 1)


# --- inputs that leave different ends open


def batch_with_open_lines(rows, columns, inputs, seed=3):
    rng = np.random.default_rng(seed)
    left, bottom = rng.uniform(-0.3, 0.3, (rows, inputs)), np.zeros((columns, inputs))
    left[rng.random(left.shape) < 0.3] = np.nan
    bottom[rng.random(bottom.shape) < 0.3] = np.nan
    left[0], bottom[-1] = 0.2, 0.0
    left[:, 3], bottom[:, 3] = left[:, 1], bottom[:, 1]  # two that leave the same ends open
    return left, bottom


@pytest.mark.parametrize("zero", [False, True])
def test_inputs_with_different_open_ends(zero):
    left, bottom = batch_with_open_lines(12, 9, 30)
    given = cells(12, 9)
    if zero:
        given[3, 4] = 0.0
    array = Crossbar(given, WIRES)
    found = array.solve(Bias(left, bottom))
    for k in range(30):
        alone = array.solve(Bias(left[:, k], bottom[:, k]))
        for name in CURRENTS:
            largest = np.abs(getattr(alone, name)).max()
            np.testing.assert_allclose(getattr(found, name)[:, k], getattr(alone, name), 0, 1e-11 * largest)
        assert (found.cell_voltage[..., k] == alone.cell_voltage).all()
    assert found.residual < 1e-11


def test_the_number_of_threads_changes_nothing():
    left, bottom = batch_with_open_lines(12, 9, 30)
    answers = []
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(threads)
        try:
            found = Crossbar(cells(12, 9), WIRES).solve(Bias(left, bottom))
            answers.append([getattr(found, name) for name in (*CURRENTS, *FIELDS)])
        finally:
            numba.set_num_threads(before)
    for one, two in zip(*answers, strict=True):
        assert (one == two).all()


def test_transfer_matrices_of_many_arrays_are_those_of_each():
    for shape in ((1, 1), (1, 5), (7, 4), (4, 7)):
        arrays = np.stack([cells(*shape, seed=k) for k in range(3)])
        for wires in (Wires(), WIRES, Wires(row=np.arange(shape[0], dtype=float), sense=5.0)):
            for given, found in zip(arrays, problem.transfers(arrays, wires), strict=True):
                assert (found == Crossbar(given, wires).transfer()).all()


def test_islands_are_named_in_a_batch():
    given = cells(3, 3)
    given[2] = 0.0
    bias = Bias.voltages(rows=np.array([[1.0, 1.0], [1.0, np.nan], [1.0, np.nan]]), columns=0.0)
    with pytest.raises(ParameterError, match="no path to a terminal: word line 2"):
        Crossbar(given).solve(bias)
    nothing = Bias.voltages(rows=np.array([[1.0, np.nan], [1.0, np.nan]]), columns=np.array([[0.0, np.nan]] * 2))
    with pytest.raises(ParameterError, match="no path to a terminal: word line 0, word line 1"):
        Crossbar(cells(2, 2)).solve(nothing)


def peak(run) -> int:
    before = numba.get_num_threads()
    numba.set_num_threads(2)  # each thread more keeps memory of its own
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        numba.set_num_threads(before)


def test_memory_of_inputs_with_different_open_ends():
    """One network at a time and thread, not one an input: a few arrays for 200 inputs."""
    left, bottom = batch_with_open_lines(64, 64, 200)
    array, bias = Crossbar(cells(64, 64), WIRES), Bias(left, bottom)
    array.solve(Bias(left[:, :2], bottom[:, :2]))  # what threads keep is theirs
    most = peak(lambda: array.solve(bias))
    inputs_and_answers = 8 * 200 * 64 * 2 * 12
    assert most < 40 * 64 * 64 * 8 + inputs_and_answers


@pytest.mark.parametrize("selector", [None, Exponential(1e-9, 0.1)])
def test_memory_of_one_node_array(one_at_a_time, selector):
    array, voltage = Crossbar(cells(48, 48), WIRES, selector), np.random.default_rng(0).uniform(0.0, 0.5, (48, 300))
    found = array.solve(Bias.matvec(voltage))
    most = peak(lambda: found.cell_current)
    assert most < 1.5 * found.cell_current.nbytes


# --- pickling


def back(thing):
    return pickle.loads(pickle.dumps(thing))


@pytest.mark.parametrize("few", [1, 20])
def test_solutions_cross_processes(array, few, monkeypatch):
    monkeypatch.setattr(problem, "_FEW", few)
    for bias in (Bias.matvec(0.3 * BATCH[:, 0]), Bias.matvec(0.3 * BATCH)):
        found = array.solve(bias)
        copy = back(found)
        assert isinstance(copy, Solution)
        for name in (*CURRENTS, *FIELDS):
            assert (getattr(copy, name) == getattr(found, name)).all(), name
        assert (copy.residual, copy.iterations, copy.history) == (found.residual, found.iterations, found.history)
        assert np.all(copy.power == found.power)
        assert (copy.on is None) == (found.on is None)
        assert copy.on is None or (copy.on == found.on).all()
    # from a copy a ramp goes on
    assert array.solve(Bias.matvec(0.3 * BATCH[:, 0]), start=back(array.solve(Bias.matvec(0.3 * BATCH[:, 0]))))


def test_pickles_are_small():
    """Of one input at most its node arrays; of a batch the cells and the terminals, whatever was asked of it."""
    nodes = 8 * 40 * 40
    for selector, arrays in ((None, 3.5), (Diode(1e-12), 5.5)):
        array = Crossbar(cells(40, 40), WIRES, selector)
        assert len(pickle.dumps(array)) < 1.5 * nodes
        array.solve(Bias.matvec(np.full(40, 0.3)))
        assert len(pickle.dumps(array)) < 1.5 * nodes
        one = array.solve(Bias.matvec(np.full(40, 0.3)))
        assert one.cell_current.shape == (40, 40)
        assert len(pickle.dumps(one)) < arrays * nodes
        many = array.solve(Bias.matvec(np.full((40, 50), 0.3)))
        before = len(pickle.dumps(many))
        assert many.cell_current.shape == (40, 40, 50)
        assert len(pickle.dumps(many)) == before < 6 * nodes + 8 * 50 * 40 * 10


def test_everything_public_crosses_processes():
    array = Crossbar(cells(3, 4), WIRES, SWITCH)
    devices = physical((2, 2))
    pulse = pcm.Pulse(voltage=2.05, width=1e-6, fall=5e-9)
    select = Bias.select(1, 1, 2.05, "half")
    things = {
        "noise": array.noise(Bias.matvec([0.1, 0.2, 0.3]), 0.01),
        "bias": Bias.matvec(BATCH),
        "selection": select,
        "wires": Wires(row=[1.0, 2.0]),
        "crossbar": array,
        "write margin": pcm.write_margin(array, 1.0),
        "read margin": pcm.read_margin((3, 4), 1e-5, 1e-7, 0.2),
        "write report": Crossbar(devices, WIRES).write(select, pulse),
    }
    for name, thing in things.items():
        assert repr(back(thing)) == repr(thing), name
    report = things["write report"]
    assert (back(report).solution.cell_current == report.current).all()


def test_errors_cross_processes():
    with pytest.raises(ConvergenceError) as caught:
        Crossbar(cells(30, 30), Wires(row=100.0, column=100.0)).solve(Bias.matvec(np.ones(30)), max_iterations=1)
    copy = back(caught.value)
    assert copy.residual == caught.value.residual > 0.0
    assert copy.iterations == caught.value.iterations == 1


# --- where a solve begins


@pytest.mark.parametrize("selector", [None, Diode(1e-12)])
def test_bad_starts_are_named(selector):
    array, bias = Crossbar(cells(3, 4), WIRES, selector), Bias.matvec([0.1, 0.2, 0.3])
    other = Crossbar(cells(4, 3), WIRES, selector).solve(Bias.matvec(np.full(4, 0.1)))
    for start, shown in (
        (5, "got 5"),
        ("before", "got 'before'"),
        (other, r"got one of shape \(4, 3\)"),
        (array.solve(Bias.matvec(BATCH)), r"got one of shape \(3, 4, 4\)"),
    ):
        with pytest.raises(ParameterError, match=r"start must be a Solution of one input.*\(3, 4\); " + shown):
            array.solve(bias, start=start)
        with pytest.raises(ParameterError, match="start must be"):
            array.ramp(bias, [0.0, 1.0], start=start)
    assert array.solve(bias, start=array.solve(bias)).residual < 1e-11


def test_ramps_of_what_is_no_single_bias_are_named():
    array = Crossbar(cells(3, 4), WIRES, SWITCH)
    with pytest.raises(ParameterError, match="bias: a ramp goes through one bias; got a batch of 4"):
        array.ramp(Bias.matvec(BATCH), [0.0, 1.0])
    with pytest.raises(ParameterError, match="bias must be a Bias"):
        array.ramp(BATCH[:, 0], [0.0, 1.0])
    with pytest.raises(ParameterError, match="factors"):
        array.ramp(Bias.matvec(BATCH[:, 0]), [0.0, np.nan])


def test_a_ramp_of_a_selection_goes_on_from_states():
    array = Crossbar(np.full((3, 3), 1e-5), None, SWITCH)
    select = Bias.select(1, 2, 1.0, "half")
    up = array.ramp(select, [0.5, 1.2])
    down = array.ramp(select, [0.6, 0.1], start=up[-1])
    assert [bool(found.on[1, 2]) for found in up + down] == [False, True, True, False]
    assert [bool(found.on[1, 2]) for found in array.ramp(select, [0.6, 0.1], on=up[-1].on)] == [True, False]
