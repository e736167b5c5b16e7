"""The analog matrix: exact without noise and converters, a slow twin with them, drift and its compensation."""

import re
from importlib import resources

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

import pcmphys as pcm
from pcmphys import AnalogMatrix, Crossbar, ParameterError, Periphery, ValidityWarning, Wires
from pcmphys.matrix.compensation import column_gains, gain_of
from tests.oracles import analog_matrix as twin

IBM = pcm.load_cell("ibm-90nm-statistical")
IDEAL = Periphery(dac_bits=None, adc_bits=None)
WIRES = {"row": 2.0, "column": 3.0, "source": 20.0, "sense": 30.0}
DAY = 86400.0


def quiet_cell(folder, drift=0.0):
    """The IBM cell without programming error and noise, every device with the same drift exponent."""
    text = resources.files("pcmphys.parameters").joinpath(f"{IBM.name}.toml").read_text(encoding="utf-8")
    header, *tables = re.split(r"^(?=\[)", text, flags=re.M)
    nothing = 'programming_error = { value = [0.0], unit = "S", kind = "assumed" }'
    parts = [re.sub(r"^programming_error = .*$", nothing, header, flags=re.M)]
    for table in tables:
        name = re.match(r"\[(\w+)\]", table)[1]
        value = drift if name == "drift_exponent_mean" else 0.0
        parts.append(f"[{name}]")
        for key in re.findall(r"^(\w+) = ", table, flags=re.M):
            number = value if key in ("low", "high") else 0.0
            parts.append(f'{key} = {{ value = {number}, unit = "1", kind = "assumed" }}')
    path = folder / f"quiet-{drift}.toml"
    path.write_text("\n".join(parts))
    return pcm.load_cell(path)


@pytest.fixture
def threads():
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def programmed(weights, cell, **options):
    matrix = AnalogMatrix(weights, cell, **options)
    matrix.program()
    return matrix


def size_of(x, weights):
    """What rounding errors of x @ weights are relative to."""
    return np.abs(x).max(initial=1.0) * np.abs(weights).sum(axis=0).max()


def by_twin(matrix, snapshot, x, wires=None, compensate=True):
    tiles = [
        twin.TwinTile(
            part.rows.start, part.columns.start, *state.conductance.tolist(), part.adc_range,
            part.gain if compensate else 1.0,
        )
        for part, state in zip(matrix._tiles, snapshot.states, strict=True)
    ]  # fmt: skip
    p = matrix.periphery
    voltage = p.read_voltage or matrix.cell.read_voltage
    return twin.product(
        np.atleast_2d(x).tolist(), tiles, matrix.shape[1], matrix.scale, voltage, p.dac_bits, p.adc_bits,
        p.input_range, wires,
    )  # fmt: skip


# ---- exact without noise and converters


SHAPES = [
    ((10, 7), (4, 3)),
    ((10, 7), (256, 256)),
    ((10, 7), (1, 1)),
    ((10, 7), (10, 7)),
    ((10, 7), (10, 1)),
    ((10, 7), (1, 7)),
    ((8, 6), (4, 3)),
    ((1, 1), (5, 5)),
    ((1, 9), (2, 2)),
    ((9, 1), (2, 2)),
]


@pytest.mark.parametrize(("shape", "tile"), SHAPES)
@pytest.mark.parametrize("batch", [None, 0, 1, 3, 40])
def test_a_perfect_matrix_multiplies(quiet, shape, tile, batch):
    weights = normal(shape)
    x = normal(shape[0] if batch is None else (batch, shape[0]), seed=1)
    y = programmed(weights, quiet, tile=tile, periphery=IDEAL).matvec(x)
    assert y.shape == (x @ weights).shape
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, x @ weights, rtol=0.0, atol=1e-12 * size_of(x, weights))


@pytest.mark.parametrize("factor", [1e-200, 1e-9, 1e9, 1e200])
def test_units_of_weights_and_inputs_do_not_matter(quiet, factor):
    weights, x = normal((10, 7)), normal((3, 10), seed=1)
    plain = programmed(weights, quiet, tile=(4, 3))
    scaled = programmed(weights * factor, quiet, tile=(4, 3))
    np.testing.assert_allclose(scaled.matvec(x), plain.matvec(x) * factor, rtol=1e-12)
    np.testing.assert_allclose(plain.matvec(x * factor), plain.matvec(x) * factor, rtol=1e-12)


@pytest.mark.parametrize(
    "convert", [np.asfortranarray, lambda a: np.repeat(a, 2, axis=-1)[..., ::2], lambda a: a.tolist(), np.int32]
)
def test_any_kind_of_array_will_do(quiet, convert):
    weights, x = np.rint(3 * normal((10, 7))), np.rint(9 * normal((3, 10), seed=1))
    y = programmed(convert(weights), quiet, tile=(4, 3), periphery=IDEAL).matvec(convert(x))
    np.testing.assert_allclose(y, x @ weights, rtol=0.0, atol=1e-10)


def test_hermes_cell_too():
    weights, x = normal((40, 20)), normal((30, 40), seed=1)
    y = programmed(weights, pcm.load_cell("hermes-14nm-statistical")).matvec(x)
    assert np.corrcoef(y.ravel(), (x @ weights).ravel())[0, 1] > 0.95


# ---- wires


@pytest.mark.parametrize(("shape", "tile"), SHAPES)
@pytest.mark.parametrize("batch", [None, 0, 1, 3, 40])
def test_wires_act_in_every_tile(quiet, shape, tile, batch):
    weights = normal(shape)
    x = normal(shape[0] if batch is None else (batch, shape[0]), seed=1)
    matrix = programmed(weights, quiet, tile=tile, periphery=IDEAL, wires=Wires(**WIRES))
    wanted = np.zeros((x @ weights).shape)
    top = np.abs(weights).max()
    for i in range(0, shape[0], tile[0]):
        for j in range(0, shape[1], tile[1]):
            part = weights[i : i + tile[0], j : j + tile[1]]
            plus, minus = np.maximum(part, 0.0), np.maximum(-part, 0.0)
            lossy = [Crossbar(g / top * 25e-6, Wires(**WIRES)).transfer().T for g in (plus, minus)]
            wanted[..., j : j + tile[1]] += x[..., i : i + tile[0]] @ (lossy[0] - lossy[1]) * (top / 25e-6)
    np.testing.assert_allclose(matrix.matvec(x), wanted, rtol=0.0, atol=1e-10 * size_of(x, weights))
    if x.size:
        assert np.abs(wanted - x @ weights).max() > 1e-5  # the wires are worth their name


def test_wires_against_a_node_by_node_solve(quiet):
    weights, x = normal((6, 5)), normal((2, 6), seed=1)
    matrix = programmed(weights, quiet, tile=(4, 3), periphery=IDEAL, wires=Wires(**WIRES))
    snapshot = matrix.snapshot()
    np.testing.assert_allclose(snapshot.matvec(x), by_twin(matrix, snapshot, x, WIRES).y, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("name", ["row", "column", "source", "sense"])
def test_each_resistance_counts(quiet, name):
    # one device: cell and wire are in series
    matrix = programmed([[1.0]], quiet, periphery=IDEAL, wires=Wires(**{name: 4000.0}))
    assert matrix.matvec([1.0])[0] == pytest.approx(1.0 / (1.0 + 4000.0 * 25e-6), rel=1e-11)


def test_few_and_many_inputs_take_different_ways_to_one_answer(quiet):
    weights, x = normal((10, 7)), normal((40, 10), seed=1)
    matrix = programmed(weights, quiet, tile=(8, 7), periphery=IDEAL, wires=Wires(**WIRES))
    snapshot = matrix.snapshot()
    many = snapshot.matvec(x)
    assert all(state._difference is not None for state in snapshot.states)  # transfer matrices
    for size in (1, 2, 7, 8, 9):
        snapshots = [matrix.snapshot() for _ in range(0, 40, size)]
        few = np.concatenate([s.matvec(x[k * size : (k + 1) * size]) for k, s in enumerate(snapshots)])
        assert (snapshots[0].states[0]._difference is None) == (size < 8)
        np.testing.assert_allclose(few, many, rtol=0.0, atol=1e-10 * size_of(x, weights))


def test_wires_without_resistance_are_no_wires():
    weights, x = normal((10, 7)), normal((3, 10), seed=1)
    none, zero = (programmed(weights, IBM, wires=wires).matvec(x) for wires in (None, Wires()))
    assert (none == zero).all()


def test_resistances_of_each_line(quiet):
    weights, x = normal((8, 6)), normal((3, 8), seed=1)
    uniform = Wires(row=np.full(4, 2.0), column=np.full(3, 3.0), source=20.0, sense=np.full(3, 30.0))
    answers = [
        programmed(weights, quiet, tile=(4, 3), periphery=IDEAL, wires=wires).matvec(x)
        for wires in (Wires(**WIRES), uniform, Wires(row=np.linspace(1.0, 3.0, 4)))
    ]
    np.testing.assert_allclose(answers[1], answers[0], rtol=0.0, atol=1e-12 * size_of(x, weights))
    assert np.abs(answers[2] - answers[0]).max() > 1e-6


# ---- converters


@pytest.mark.filterwarnings("ignore:.*were clipped at the converter's range")
@pytest.mark.parametrize("bits", [(8, 8), (2, 3), (None, 6), (6, None), (None, None), (24, 24)])
@pytest.mark.parametrize("ranges", [(None, None), (1.3, 3e-6)], ids=["automatic", "fixed"])
def test_products_and_clipped_counts_of_the_slow_twin(bits, ranges):
    weights, x = normal((10, 7)), normal((20, 10), seed=1)
    periphery = Periphery(*bits, *ranges, read_voltage=0.31)
    matrix = programmed(weights, IBM, tile=(4, 3), periphery=periphery, seed=5)
    matrix.wait(DAY)
    matrix.calibrate()
    snapshot = matrix.snapshot()
    for compensate in (True, False):
        before = matrix.counts
        found, wanted = snapshot.matvec(x, compensate=compensate), by_twin(matrix, snapshot, x, None, compensate)
        np.testing.assert_allclose(found, wanted.y, rtol=0.0, atol=1e-12 * size_of(x, weights))
        assert matrix.counts.dac_clipped - before.dac_clipped == wanted.dac_clipped
        assert matrix.counts.adc_clipped - before.adc_clipped == wanted.adc_clipped
    assert (wanted.dac_clipped > 0) == (ranges[0] is not None and bits[0] is not None)
    assert (wanted.adc_clipped > 0) or ranges[1] is None or bits[1] is None


@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    tile=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    bits=st.tuples(*[st.none() | st.integers(2, 12)] * 2),
    batch=st.integers(0, 7),
    with_wires=st.booleans(),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=40)
def test_any_matrix_does_what_its_slow_twin_does(shape, tile, bits, batch, with_wires, seed):
    weights, x = normal(shape, seed), normal((batch, shape[0]), seed + 1)
    wires = WIRES if with_wires else None
    options = {"tile": tile, "seed": seed, "periphery": Periphery(*bits)}
    matrix = programmed(weights, IBM, wires=Wires(**WIRES) if with_wires else None, **options)
    snapshot = matrix.snapshot()
    wanted = np.reshape(by_twin(matrix, snapshot, x, wires).y, (batch, shape[1]))
    np.testing.assert_allclose(snapshot.matvec(x), wanted, rtol=0.0, atol=1e-10 * size_of(x, weights))


def test_converters_cost_half_a_step_each(quiet):
    weights, x = normal((10, 7)), normal((30, 10), seed=1)
    matrix = programmed(weights, quiet, tile=(4, 3))
    matrix.fit_range(x)
    error = np.abs(matrix.matvec(x) - x @ weights)
    full = np.abs(x).max(axis=1, keepdims=True)
    dac = 0.5 / 127 * full * np.abs(weights).sum(axis=0)
    ranges = np.array([part.adc_range for part in matrix._tiles]).reshape(3, 3).sum(axis=0)
    adc = 0.5 / 127 * full * matrix.scale / matrix.cell.read_voltage * np.repeat(ranges, 3)[:7]
    assert (error <= (dac + adc) * (1.0 + 1e-9)).all()
    assert error.max() > 0.1 * (dac + adc).max()


@pytest.mark.parametrize("voltage", [0.05, 0.2, 1.0])
def test_read_voltage_does_not_change_an_ohmic_product(quiet, voltage):
    weights, x = normal((10, 7)), normal((3, 10), seed=1)
    found = programmed(weights, quiet, periphery=Periphery(read_voltage=voltage)).matvec(x)
    np.testing.assert_allclose(found, programmed(weights, quiet).matvec(x), rtol=1e-12)


@pytest.mark.parametrize("factor", [-1.0, 2.0**-20, -(2.0**7)])
def test_without_input_range_only_the_direction_of_a_vector_matters(factor):
    # a factor that float64 multiplies without error: the same codes, so the same bits
    matrix = programmed(normal((10, 7)), IBM, tile=(4, 3))
    snapshot, x = matrix.snapshot(), normal((20, 10), seed=1)
    assert (snapshot.matvec(factor * x) == factor * snapshot.matvec(x)).all()
    assert matrix.counts.dac_clipped == 0


def test_each_vector_of_a_batch_is_scaled_alone():
    snapshot = programmed(normal((10, 7)), IBM, tile=(4, 3)).snapshot()
    x = normal((5, 10), seed=1) * np.array([[1e-12], [1.0], [0.0], [1e12], [3.0]])
    together = snapshot.matvec(x)
    for vector, y in zip(x, together, strict=True):
        np.testing.assert_allclose(snapshot.matvec(vector), y, rtol=1e-13)
    assert not together[2].any()


@pytest.mark.parametrize("periphery", [Periphery(), Periphery(input_range=2.0), IDEAL])
def test_no_input_no_output(periphery):
    matrix = programmed(normal((10, 7)), IBM, tile=(4, 3), periphery=periphery, wires=Wires(row=1.0, column=1.0))
    assert not matrix.matvec(np.zeros(10)).any()
    assert not matrix.matvec(np.zeros((30, 10))).any()


def test_a_fixed_input_range_clips_what_lies_outside(quiet):
    weights, x = np.eye(3), np.array([[0.5, -1.0, 1.003], [2.0, -2.0, 0.0]])
    matrix = programmed(weights, quiet, periphery=Periphery(input_range=1.0, adc_bits=None))
    with pytest.warns(ValidityWarning, match="2 of 6 converted inputs were clipped.*input_range"):
        y = matrix.matvec(x)
    np.testing.assert_allclose(y, [[64 / 127, -1.0, 1.0], [1.0, -1.0, 0.0]], rtol=1e-12)
    assert (matrix.counts.dac, matrix.counts.dac_clipped) == (6, 2)


def test_a_fixed_converter_range_clips_what_lies_outside(quiet):
    # full scale is 3 cells at full read voltage
    periphery = Periphery(dac_bits=None, adc_range=3 * 25e-6 * 0.2)
    matrix = programmed(np.ones((8, 2)), quiet, periphery=periphery)
    x = np.array([[1.0] * n + [0.0] * (8 - n) for n in (1, 3, 4, 8)])
    with pytest.warns(ValidityWarning, match="4 of 8 converted outputs were clipped.*fit_range"):
        y = matrix.matvec(x)
    np.testing.assert_allclose(y, [[42 / 127 * 3] * 2, [3.0] * 2, [3.0] * 2, [3.0] * 2], rtol=1e-12)
    assert (matrix.counts.adc, matrix.counts.adc_clipped) == (8, 4)


def test_the_default_range_is_twice_the_strongest_column(quiet):
    weights = normal((10, 7))
    for part in AnalogMatrix(weights, quiet, tile=(4, 3), periphery=Periphery(read_voltage=0.4))._tiles:
        norms = np.linalg.norm(weights[part.rows, part.columns], axis=0) / np.abs(weights).max()
        assert part.adc_range == pytest.approx(2.0 * norms.max() * 25e-6 * 0.4, rel=1e-12)


@pytest.mark.parametrize("tile", [(256, 256), (4, 3)])
def test_fitted_range_holds_the_sample_with_a_tenth_to_spare(quiet, tile):
    weights, x = normal((10, 7)), normal((30, 10), seed=1)
    matrix = programmed(weights, quiet, tile=tile, periphery=Periphery(dac_bits=None))
    matrix.fit_range(x)
    matrix.matvec(x)
    assert matrix.counts.adc_clipped == 0
    matrix.fit_range(0.1 * np.eye(10)[:1])  # far too small for what follows
    with pytest.warns(ValidityWarning, match="converted outputs were clipped"):
        matrix.matvec(x)
    matrix.fit_range(x)
    full = np.abs(x).max(axis=1, keepdims=True)
    for part in matrix._tiles:
        largest = np.abs((x / full)[:, part.rows] @ weights[part.rows, part.columns]).max() / matrix.scale
        assert part.adc_range == pytest.approx(1.1 * largest * 0.2, rel=1e-12)


def test_fitting_a_range_takes_one_vector_and_leaves_empty_tiles_alone(quiet):
    weights = normal((8, 3))
    weights[4:] = 0.0
    matrix = programmed(weights, quiet, tile=(4, 3))
    before = [part.adc_range for part in matrix._tiles]
    matrix.fit_range(np.ones(8))
    after = [part.adc_range for part in matrix._tiles]
    assert after[0] != before[0]
    assert after[1] == before[1] > 0.0


# ---- seeds, devices, threads


def trial(cell=IBM, weights=None, **options):
    """All that a matrix says in a short life."""
    weights = normal((10, 7)) if weights is None else weights
    matrix = AnalogMatrix(weights, cell, **({"tile": (4, 3)} | options))
    x = normal((20, len(weights)), seed=1)
    out = [matrix.program().error, matrix.matvec(x)]
    matrix.wait(DAY)
    return [*out, matrix.matvec(x), matrix.calibrate(), matrix.matvec(x[:2]), matrix.effective_weights]


def bits(arrays):
    return [a.tobytes() for a in arrays]


def test_same_seed_same_everything():
    assert bits(trial(seed=3)) == bits(trial(seed=3))


def test_other_seed_other_everything():
    for one, other in zip(trial(seed=3), trial(seed=4), strict=True):
        assert (one != other).mean() > 0.4  # half of the programming errors of zero targets are zero


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"wires": Wires(row=1.0, column=1.0)},
        {"weights": normal((300, 260)), "tile": (256, 256)},
        {"weights": normal((300, 260)), "tile": (512, 512)},
    ],
    ids=["small", "wires", "tiles", "one large tile"],
)
def test_the_number_of_threads_changes_nothing(threads, options):
    threads(1)
    one = trial(**options)
    threads(2)
    assert bits(trial(**options)) == bits(one)


def test_every_device_has_its_own_number():
    first = AnalogMatrix(normal((10, 7)), IBM, tile=(4, 3), seed=9, first_cell=100)
    second = AnalogMatrix(normal((5, 5)), IBM, tile=(2, 4), seed=9, first_cell=first.last_cell)
    numbers = [
        n
        for part in first._tiles + second._tiles
        for n in range(part.devices.first_cell, part.devices.first_cell + part.devices.size)
    ]
    assert sorted(numbers) == list(range(100, 100 + 2 * 70 + 2 * 25))
    assert second.last_cell == 290


def test_matrices_in_a_row_share_no_devices_but_those_at_one_place_do():
    weights = np.abs(normal((10, 7))) + 0.5
    first = AnalogMatrix(weights, IBM, tile=(4, 3), seed=9)
    follower = AnalogMatrix(weights, IBM, tile=(4, 3), seed=9, first_cell=first.last_cell)
    same_place = AnalogMatrix(weights, IBM, tile=(4, 3), seed=9)
    errors = [m.program().error[0] for m in (first, follower, same_place)]
    assert (errors[0] == errors[2]).all()
    assert not np.isin(errors[1], errors[0]).any()
    assert abs(np.corrcoef(errors[0].ravel(), errors[1].ravel())[0, 1]) < 0.4


def test_devices_are_those_of_a_plain_population():
    weights = normal((10, 7))
    matrix = AnalogMatrix(weights, IBM, tile=(10, 7), seed=9, first_cell=50)
    error = matrix.program().error
    devices = IBM.population((2, 10, 7), seed=9, first_cell=50)
    targets = np.stack([np.maximum(weights, 0.0), np.maximum(-weights, 0.0)]) / np.abs(weights).max() * 25e-6
    np.testing.assert_allclose(devices.program(np.minimum(targets, 25e-6)).error, error, rtol=0.0, atol=1e-18)


# ---- programming and time


@pytest.mark.parametrize(("shape", "tile"), SHAPES)
def test_program_report(shape, tile):
    weights = normal(shape)
    matrix = AnalogMatrix(weights, IBM, tile=tile)
    report = matrix.program()
    for array in (report.error, report.iterations, report.converged):
        assert array.shape == (2, *shape)
    assert (report.iterations == 1).all()
    assert report.converged.dtype == bool
    assert report.converged.all()
    assert report.clipped == 0
    # each error stands at its weight's place
    held = matrix.scale * (report.error[0] - report.error[1]) + weights
    np.testing.assert_allclose(matrix.effective_weights, held, rtol=0.0, atol=1e-13)
    assert np.abs(held - weights).max() > 1e-4
    unused = np.stack([weights < 0.0, weights > 0.0])
    assert (report.error[unused] >= 0.0).all()


def test_a_perfect_cell_has_no_programming_error(quiet):
    weights = normal((10, 7))
    matrix = AnalogMatrix(weights, quiet, tile=(4, 3))
    assert not matrix.program().error.any()
    np.testing.assert_allclose(matrix.effective_weights, weights, rtol=1e-14)


def test_programming_again_draws_new_errors():
    matrix = AnalogMatrix(normal((10, 7)), IBM, tile=(4, 3))
    first, second = matrix.program().error, matrix.program().error
    assert ((first != second) | (first == 0.0)).all()


def test_the_clock_counts_waits_and_reads():
    matrix = programmed(normal((10, 7)), IBM, tile=(4, 3), periphery=Periphery(read_duration=1e-3))
    assert matrix.time == 0.0
    matrix.wait(100.0)
    snapshot = matrix.snapshot()
    assert matrix.time == pytest.approx(100.001, abs=1e-9)
    snapshot.matvec(np.ones(10))
    _ = matrix.effective_weights, matrix.gains, matrix.counts
    matrix.fit_range(np.ones(10))
    assert matrix.time == pytest.approx(100.001, abs=1e-9)
    matrix.calibrate()
    matrix.matvec(0.5 * np.eye(10))
    assert matrix.time == pytest.approx(100.003, abs=1e-9)
    assert {part.devices.time for part in matrix._tiles} == {matrix.time}
    assert programmed([[1.0]], IBM).matvec([1.0]).shape == (1,)  # the cell's own duration


def test_counts_add_up():
    matrix = programmed(normal((10, 7)), IBM, tile=(4, 3))
    assert (matrix.counts.dac, matrix.counts.adc) == (0, 0)
    matrix.matvec(np.ones(10))
    assert (matrix.counts.dac, matrix.counts.adc) == (10, 3 * 7)  # three tiles below each other
    matrix.matvec(np.ones((5, 10)))
    matrix.snapshot().matvec(np.ones((0, 10)))
    matrix.calibrate()
    assert (matrix.counts.dac, matrix.counts.adc) == (60, 6 * 3 * 7)


def test_it_says_what_it_is():
    matrix = AnalogMatrix(normal((10, 7)), IBM, tile=(4, 3))
    assert repr(matrix) == "AnalogMatrix(10 x 7 on 9 tiles of 'ibm-90nm-statistical', time=0 s)"
    assert matrix.shape == (10, 7)
    assert matrix.tile == (4, 3)


# ---- snapshots


def test_a_snapshot_does_not_move():
    matrix = programmed(normal((10, 7)), IBM, tile=(4, 3))
    snapshot, x = matrix.snapshot(), normal((5, 10), seed=1)
    before = snapshot.matvec(x)
    matrix.wait(DAY)
    matrix.matvec(x)
    assert (snapshot.matvec(x) == before).all()
    assert not (matrix.matvec(x) == before).all()


def test_two_reads_differ_as_slow_noise_does():
    weights, x = normal((40, 30)), normal((50, 40), seed=1)
    matrix = programmed(weights, IBM, periphery=IDEAL)
    matrix.wait(DAY)
    still = x @ matrix.effective_weights
    first, second = matrix.matvec(x) - still, matrix.matvec(x) - still
    assert (first != second).all()
    assert first.std() > 0.01 * still.std()
    # 1/f noise: reads in a row share all but their fastest traps, reads a month apart much less
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.95
    matrix.wait(30 * DAY)
    late = matrix.matvec(x) - x @ matrix.effective_weights
    assert np.corrcoef(first.ravel(), late.ravel())[0, 1] < 0.9


# ---- drift and its compensation


def slope(y, ideal):
    return float((y * ideal).sum() / (ideal * ideal).sum())


@pytest.mark.parametrize("age", [0.0, 20.0, 3600.0, 1e8])
def test_one_drift_exponent_is_one_factor_and_calibration_takes_it_back(drifting, age):
    weights, x = normal((10, 7)), normal((20, 10), seed=1)
    matrix = programmed(weights, drifting, tile=(4, 3), periphery=IDEAL)
    matrix.wait(age)
    factor = (max(age, 20.0) / 20.0) ** -0.05
    np.testing.assert_allclose(matrix.effective_weights, factor * weights, rtol=1e-9)
    np.testing.assert_allclose(matrix.matvec(x), factor * (x @ weights), rtol=1e-6, atol=1e-12)
    gains = matrix.calibrate()
    np.testing.assert_allclose(gains, np.full(9, 1.0 / factor), rtol=1e-6)
    np.testing.assert_allclose(matrix.matvec(x), x @ weights, rtol=1e-6, atol=1e-12)
    snapshot = matrix.snapshot()
    plain = snapshot.matvec(x, compensate=False)
    np.testing.assert_allclose(plain, factor * (x @ weights), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("adc_bits", [6, 8, 12])
def test_calibration_is_as_exact_as_the_converter(drifting, adc_bits):
    matrix = programmed(normal((64, 20)), drifting, tile=(32, 10), periphery=Periphery(adc_bits=adc_bits))
    matrix.wait(DAY)
    np.testing.assert_allclose(matrix.calibrate(), np.full(4, (DAY / 20.0) ** 0.05), rtol=0.5 / 2 ** (adc_bits - 1))


def test_nothing_to_compensate(quiet):
    exact = programmed(normal((10, 7)), quiet, tile=(4, 3), periphery=IDEAL)
    assert (exact.gains == 1.0).all()
    np.testing.assert_allclose(exact.calibrate(), np.ones(9), rtol=1e-14)
    converted = programmed(normal((64, 20)), quiet, tile=(32, 10))
    np.testing.assert_allclose(converted.calibrate(), np.ones(4), rtol=0.5 / 127)


@pytest.mark.parametrize("sample", [np.eye(256), normal((3, 256), seed=1) ** 9], ids=["one hot", "few strong"])
def test_a_range_fitted_to_weak_inputs_does_not_clip_the_known_patterns(quiet, sample):
    # random patterns on all word lines cause larger currents than these samples: clipped, they would look like drift
    matrix = programmed(normal((256, 20)), quiet, tile=(128, 20))
    matrix.fit_range(sample)
    np.testing.assert_allclose(matrix.calibrate(), np.ones(2), rtol=0.5 / 127)


def test_calibration_sees_the_wires(quiet):
    matrix = programmed(np.ones((8, 2)), quiet, periphery=IDEAL, wires=Wires(sense=1000.0))
    assert (matrix.calibrate() > 1.001).all()
    assert matrix.calibrate().shape == (1,)


def test_calibration_is_the_best_single_factor():
    matrix = programmed(normal((64, 20)), IBM, tile=(64, 20), periphery=IDEAL)
    matrix.wait(DAY)
    gain = matrix.calibrate()[0]
    weights, held = matrix.weights, matrix.effective_weights
    # patterns of independent signs: on average the best factor is that between the weights themselves
    assert gain == pytest.approx((weights * held).sum() / (held * held).sum(), rel=0.02)


def test_a_gain_of_a_column_is_the_factor_that_fits_it_best():
    rng = np.random.default_rng(0)
    ideal, voltage = rng.normal(size=(6, 4)), rng.choice([-1.0, 1.0], size=(30, 6))
    ideal[:, 2] = 0.0
    expected = voltage @ ideal
    measured = expected * [0.5, 0.8, 1.0, 0.25] + 0.05 * rng.normal(size=(30, 4))
    found, reason = column_gains(0.5 * measured, (voltage, expected, 0.5), ideal)
    whole, _ = gain_of(0.5 * measured, (voltage, expected, 0.5), ideal)
    best = [np.linalg.lstsq(measured[:, [k]], expected[:, k])[0][0] for k in range(4)]
    np.testing.assert_allclose(found, [best[0], best[1], whole, best[3]], rtol=1e-12)
    assert reason == ""


def test_columns_have_gains_of_their_own():
    """Small conductances drift more: columns of small weights are better off with gains of their own."""
    weights, x = normal((64, 20)) * np.geomspace(0.1, 1.0, 20), normal((200, 64), seed=1)
    exact, errors = x @ weights, []
    for seed in range(3):
        matrix = programmed(weights, IBM, tile=(64, 20), periphery=IDEAL, seed=seed)
        matrix.wait(1e3 * DAY)
        means = matrix.calibrate(per="column")
        gains = matrix.tiles[0].gain
        assert gains.shape == (20,)
        assert means == pytest.approx([gains.mean()])
        snapshot = matrix.snapshot()
        plain, by_column = snapshot.matvec(x, compensate=False), snapshot.matvec(x)
        np.testing.assert_allclose(by_column, plain * gains, rtol=1e-12)
        one = matrix.calibrate()
        assert matrix.tiles[0].gain == one[0]
        off = [np.linalg.norm(y - exact, axis=0) / np.linalg.norm(exact, axis=0) for y in (by_column, plain * one[0])]
        errors.append([error.mean() for error in off])
    assert (np.diff(errors, axis=1) > 0.0).all()
    with pytest.raises(ParameterError, match="did you mean 'column'"):
        matrix.calibrate(per="colum")


def test_columns_of_zeros_get_the_gain_of_their_tile(drifting):
    weights = normal((8, 3))
    weights[:, 1] = 0.0
    matrix = programmed(weights, drifting, periphery=IDEAL)
    matrix.wait(DAY)
    matrix.calibrate(per="column")
    np.testing.assert_allclose(matrix.tiles[0].gain, np.full(3, (DAY / 20.0) ** 0.05), rtol=1e-6)


def test_tiles_are_calibrated_alone(drifting):
    weights = np.vstack([normal((4, 3)), normal((4, 3), seed=1)])
    matrix = programmed(weights, drifting, tile=(4, 3), periphery=IDEAL)
    matrix._tiles[0].devices.wait(DAY)  # one tile is older than the other
    np.testing.assert_allclose(matrix.calibrate(), [(DAY / 20.0) ** 0.05, 1.0], rtol=1e-6)
    x = normal((5, 8), seed=2)
    np.testing.assert_allclose(matrix.matvec(x), x @ weights, rtol=0.0, atol=1e-6 * size_of(x, weights))


def test_programming_resets_the_gains(drifting):
    matrix = programmed(normal((10, 7)), drifting, tile=(4, 3))
    matrix.wait(DAY)
    assert (matrix.calibrate() > 1.3).all()
    assert (matrix.gains > 1.3).all()
    matrix.program()
    assert (matrix.gains == 1.0).all()


def test_gain_of_a_tile_of_zeros_is_one():
    # its devices still leak what programming left in them: noise must not be scaled to nothing
    weights = normal((8, 3))
    weights[4:] = 0.0
    matrix = programmed(weights, IBM, tile=(4, 3))
    matrix.wait(DAY)
    gains = matrix.calibrate()
    assert gains[0] > 1.2
    assert gains[1] == 1.0


@pytest.mark.parametrize("cell", ["quiet", "ibm"])
def test_a_matrix_of_zeros(quiet, cell):
    matrix = programmed(np.zeros((4, 3)), quiet if cell == "quiet" else IBM)
    assert (matrix.calibrate() == 1.0).all()
    y = matrix.matvec(np.ones(4))
    assert np.abs(y).max() < 0.2
    assert y.any() == (cell == "ibm")


AGES = [3600.0, 30 * DAY]


def aged_products(age, seed, shape=(128, 24)):
    """Products before and after `calibrate` on one matrix, and the ideal ones."""
    weights, x = normal(shape), normal((64, shape[0]), seed=1)
    matrix = programmed(weights, IBM, tile=(64, 24), seed=seed)
    matrix.wait(age)
    before = matrix.matvec(x)
    matrix.calibrate()
    return before, matrix.matvec(x), x @ weights


def expected_slope(weights, age):
    """Mean of <held, wanted> / <wanted, wanted> over chips, from the published moments in closed form."""
    level = np.abs(weights) / np.abs(weights).max()
    mean = []
    for target in (level * 25e-6, np.zeros_like(level)):
        m = IBM.moments(target)
        sigma, logarithm = m["programming_error"], np.log(age / 20.0)
        start = target * norm.cdf(target / sigma) + sigma * norm.pdf(target / sigma)  # negative draws count as zero
        nu, spread = m["drift_exponent_mean"], m["drift_exponent_spread"] * logarithm
        mean.append(start * np.exp(-nu * logarithm + 0.5 * spread**2))
    return float((level * (mean[0] - mean[1])).sum() / (level**2).sum() / 25e-6)


@pytest.mark.parametrize("age", AGES)
def test_outputs_shrink_as_the_published_drift_says(age):
    found = [slope(before, ideal) for before, _, ideal in (aged_products(age, seed) for seed in range(12))]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    wanted = expected_slope(normal((128, 24)), age)
    assert abs(np.mean(found) - wanted) < 5.0 * error
    assert error < 0.002
    assert wanted < 0.85


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("seed", range(3))
def test_calibration_restores_the_gain_of_real_cells(age, seed):
    before, after, ideal = aged_products(age, seed)
    # the least-squares factor stays a few percent below the mean gain: it also shrinks the noise
    assert 0.93 < slope(after, ideal) < 1.01
    assert not 0.93 < slope(before, ideal) < 1.01
    assert np.std(after - ideal) < 0.7 * np.std(before - ideal)


# ---- refusals


def check_refused(match, call, *arguments, **options):
    with pytest.raises(ParameterError, match=match):
        call(*arguments, **options)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([[1.0, np.nan]], r"weights\[0, 1\] is nan"),
        ([[np.inf, 1.0]], r"weights\[0, 0\] is inf"),
        ([1.0, 2.0], r"weights must have 2 axes; got shape \(2,\)"),
        (np.ones((2, 2, 2)), r"weights must have 2 axes"),
        (1.0, r"weights must have 2 axes"),
        (np.empty((0, 3)), r"weights must not be empty; got shape \(0, 3\)"),
        (np.empty((3, 0)), r"weights must not be empty"),
        ([["a"]], r"weights must be an array of real numbers"),
        ([[1j]], r"weights must be an array of real numbers"),
        (None, r"weights must be an array of real numbers"),
        ([[1.0, 1e304]], r"weights must hold finite numbers within \[-1e\+290, 1e\+290\]; weights\[0, 1\] is 1e\+304"),
        ([[-1e291, 1.0]], r"weights\[0, 0\] is -1e\+291"),
        ([[5e-324, 0.0]], r"weights: the largest magnitude must be at least 1e-290; got 4.94"),
        ([[1e-300, -2e-300]], r"at least 1e-290; got 2e-300"),
    ],
)
def test_bad_weights(weights, message):
    check_refused(message, AnalogMatrix, weights, IBM)


@pytest.mark.parametrize("tile", [(0, 3), (3, 0), (-1, 3), 4, (4,), (4, 4, 4), (2.5, 3), (True, 3), "ab", None])
def test_bad_tile(tile):
    check_refused(r"^tile", AnalogMatrix, np.ones((4, 4)), IBM, tile=tile)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selector": "diode"}, r"selector must be None.*'diode'"),
        ({"wires": 1.0}, r"wires must be a Wires, such as Wires.row=1.0, column=1.0.; got float"),
        ({"wires": Wires(row=[1.0, 2.0])}, r"wires\.row must be a number or have shape \(4,\); got shape \(2,\)"),
        ({"wires": Wires(column=np.ones(4)), "tile": (4, 3)}, r"wires\.column must be a number or have shape \(3,\)"),
        ({"periphery": 8}, r"periphery must be a Periphery; got int"),
        ({"seed": -1}, r"seed must be a whole number"),
        ({"seed": 1.5}, r"seed must be a whole number"),
        ({"first_cell": -1}, r"first_cell must be a whole number"),
        ({"first_cell": 0.5}, r"first_cell must be a whole number"),
        ({"first_cell": 2**64 - 3}, r"first_cell must be a whole number"),
    ],
)
def test_bad_options(options, message):
    check_refused(message, AnalogMatrix, np.ones((4, 4)), IBM, **options)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones(9), r"x must have shape \(10,\) or \(batch, 10\); got shape \(9,\)"),
        (np.ones((10, 3)), r"x must have shape \(10,\) or \(batch, 10\); got shape \(10, 3\)"),
        (np.ones((0, 9)), r"x must have shape \(10,\) or \(batch, 10\); got shape \(0, 9\)"),
        ([], r"x must have shape \(10,\) or \(batch, 10\); got shape \(0,\)"),
        (np.ones((2, 3, 10)), r"x must have 1 or 2 axes; got shape \(2, 3, 10\)"),
        (1.0, r"x must have 1 or 2 axes"),
        (np.full(10, np.nan), r"x\[0\] is nan"),
        (np.full((2, 10), -np.inf), r"x\[0, 0\] is -inf"),
        (["a"] * 10, r"x must be an array of real numbers"),
    ],
)
def test_bad_inputs_cost_no_read(x, message):
    matrix = programmed(normal((10, 7)), IBM, tile=(4, 3))
    snapshot = matrix.snapshot()
    time = matrix.time
    for call in (matrix.matvec, snapshot.matvec, matrix.fit_range):
        check_refused(message, call, x)
    assert matrix.time == time
    assert matrix.counts.dac == 0


def test_a_range_needs_a_sample(quiet):
    check_refused(r"x must hold at least one input", AnalogMatrix(np.eye(3), quiet).fit_range, np.empty((0, 3)))


@pytest.mark.parametrize("operation", ["matvec", "snapshot", "calibrate", "effective_weights"])
def test_a_matrix_is_programmed_first(operation):
    matrix = AnalogMatrix(np.eye(3), IBM)
    arguments = ([1.0, 2.0, 3.0],) if operation == "matvec" else ()
    hint = r"call program\(targets\)" if operation == "effective_weights" else r"matrix is not programmed yet"
    check_refused(hint, lambda: getattr(matrix, operation)(*arguments))
    assert matrix.time == 0.0


@pytest.mark.parametrize("duration", [-1.0, np.nan, np.inf, "1", None, True])
def test_bad_wait(duration):
    matrix = AnalogMatrix(np.eye(3), IBM, tile=(2, 2))
    check_refused(r"^duration must be a number in s within \[0, inf\)", matrix.wait, duration)
    assert {part.devices.time for part in matrix._tiles} == {0.0}


def test_a_bad_temperature_ages_no_tile():
    matrix = AnalogMatrix(np.eye(3), IBM, tile=(2, 2))
    check_refused(r"^temperature", matrix.wait, 1.0, -3.0)
    with pytest.raises(ValidityWarning, match="temperature 400 K"):  # warnings are errors here
        matrix.wait(1.0, 400.0)
    assert {part.devices.time for part in matrix._tiles} == {0.0}


@pytest.mark.parametrize("periphery", [Periphery(), IDEAL])
@pytest.mark.parametrize("wires", [None, Wires(row=1.0, column=1.0)])
def test_the_callers_arrays_stay_as_they_are(periphery, wires):
    weights, x = normal((10, 7)), normal((20, 10), seed=1)
    kept = weights.copy(), x.copy()
    matrix = programmed(weights, IBM, tile=(4, 3), periphery=periphery, wires=wires)
    matrix.fit_range(x)
    matrix.calibrate()
    matrix.matvec(x)
    y = matrix.matvec(x[0])
    assert (weights == kept[0]).all()
    assert (x == kept[1]).all()
    # and what was handed over or returned is not shared
    weights[:], y[:], matrix.gains[:], matrix.effective_weights[:] = 9.0, 9.0, 9.0, 9.0
    assert (matrix.weights == kept[0]).all()
    assert (matrix.gains < 9.0).all()
    with pytest.raises(ValueError, match="read-only"):
        matrix.weights[0, 0] = 1.0


def test_an_explicit_converter_range_is_not_refitted(quiet):
    matrix = programmed(normal((10, 7)), quiet, periphery=Periphery(adc_range=1e-5))
    with pytest.raises(ParameterError, match="adc_range is fixed at 1e-05 A"):
        matrix.fit_range(np.ones(10))


def test_a_snapshot_keeps_its_gain_and_range():
    matrix = programmed(normal((10, 7)), IBM, tile=(4, 3))
    snapshot = matrix.snapshot()
    before = snapshot.matvec(np.eye(10))
    matrix.wait(1e6)
    matrix.calibrate()
    matrix.fit_range(normal((30, 10), seed=1))
    assert np.array_equal(snapshot.matvec(np.eye(10)), before)


def test_a_cell_must_be_a_cell():
    with pytest.raises(ParameterError, match=r"cell must be a cell.*'ibm-90nm-statistical'"):
        AnalogMatrix(np.eye(2), "ibm-90nm-statistical")


@pytest.mark.parametrize("cell", [IBM, pcm.load_cell("ibm-90nm-doped-gst")], ids=["statistical", "physical"])
def test_one_read_of_shared_devices_is_what_each_copy_would_have_read(cell):
    """Gains and products behind other wires, bit by bit, and the clock goes on once."""
    weights, x = normal((6, 5)), normal((3, 6), seed=1)
    matrix, wires = programmed(weights, cell, seed=3, tile=(4, 3)), Wires(row=100.0, column=100.0)
    copied, shared = matrix.rewired(wires), matrix.rewired(wires, shared=True)
    for one in (matrix, copied):
        one.wait(60.0)
    start = matrix.time
    known, found = matrix.snapshot(), matrix.snapshot()
    after = matrix.time
    gains = shared.calibrate(read=known)
    product = shared.snapshot(read=found).matvec(x)
    assert start < after == matrix.time == shared.time
    assert np.array_equal(gains, copied.calibrate())
    assert np.array_equal(product, copied.snapshot().matvec(x))
    assert (matrix.gains == 1.0).all()
    assert (shared.counts.adc, matrix.counts.adc) == (copied.counts.adc, 0)
    assert not np.array_equal(found.matvec(x, compensate=False), shared.snapshot(read=found).matvec(x))


def test_a_read_of_other_devices_is_refused():
    matrix = programmed(normal((6, 5)), IBM, seed=3)
    other = matrix.rewired(Wires(row=1.0))
    for use in (other.snapshot, other.calibrate):
        with pytest.raises(ParameterError, match=r"same devices: rewired\(wires, shared=True\)"):
            use(read=matrix.snapshot())
