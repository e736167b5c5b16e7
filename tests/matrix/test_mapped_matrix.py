"""Analog matrices with every mapping: exact on perfect devices, and against the slow twin with converters and wires."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys import AnalogMatrix, Crossbar, ParameterError, Periphery, Wires
from pcmphys.matrix import DifferentialPair, Mapping, ReferenceColumn, SeveralPairs, Split
from tests.matrix.test_analog_matrix import DAY, IBM, IDEAL, WIRES, normal, programmed, size_of
from tests.oracles import analog_matrix as twin

HAND_MADE = Split(
    [0.0, 0.5, 1.0], [[0, 0, 0, 0], [3e-6, 0, 2.4e-5, 1.5e-6], [2e-5, 0, 2e-5, 0]], 2.0
)  # close to proportional
MAPPINGS = {
    "ceiling": DifferentialPair(ceiling=1.1e-5),
    "equal": SeveralPairs(2, 2.0),
    "most": SeveralPairs(3, 2.0, "most-significant-first"),
    "least": SeveralPairs(2, 4.0, "least-significant-first", ceiling=2e-5),
    "one pair": SeveralPairs(1),
    "reference": ReferenceColumn(),
    "short reference": ReferenceColumn(ceiling=1.1e-5),
}
SPLIT = SeveralPairs(2, 2.0, HAND_MADE)
every_mapping = pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)


def tiles_of(matrix, snapshot, compensate=True):
    out = []
    for part, state in zip(matrix._tiles, snapshot.states, strict=True):
        corner, arrays = (part.rows.start, part.columns.start), state.conductance.tolist()
        rest = part.adc_range, part.gain if compensate else 1.0
        if isinstance(matrix.mapping, ReferenceColumn):
            out.append(twin.ReferenceTile(*corner, arrays, *rest))
        else:
            out.append(twin.PairsTile(*corner, arrays, getattr(matrix.mapping, "factor", 1.0), *rest))
    return out


def by_twin(matrix, snapshot, x, wires=None, compensate=True, **options):
    p = matrix.periphery
    return twin.product(
        np.atleast_2d(x).tolist(), tiles_of(matrix, snapshot, compensate), matrix.shape[1], matrix.scale,
        p.read_voltage or matrix.cell.read_voltage, p.dac_bits, p.adc_bits, p.input_range, wires, **options,
    )  # fmt: skip


# ---- exact on perfect devices


@every_mapping
@pytest.mark.parametrize(
    ("shape", "tile"), [((10, 7), (4, 3)), ((10, 7), (256, 256)), ((1, 1), (5, 5)), ((9, 1), (2, 2))]
)
@pytest.mark.parametrize("batch", [None, 0, 3, 40])
def test_perfect_devices_multiply(quiet, mapping, shape, tile, batch):
    weights = normal(shape)
    x = normal(shape[0] if batch is None else (batch, shape[0]), seed=1)
    matrix = programmed(weights, quiet, mapping=mapping, tile=tile, periphery=IDEAL)
    y = matrix.matvec(x)
    assert y.shape == (x @ weights).shape
    np.testing.assert_allclose(y, x @ weights, rtol=0.0, atol=1e-11 * size_of(x, weights))
    np.testing.assert_allclose(matrix.effective_weights, weights, rtol=0.0, atol=1e-12)


@every_mapping
@pytest.mark.parametrize("batch", [None, 0, 3, 40])
def test_wires_act_on_every_array(quiet, mapping, batch):
    weights = normal((6, 5))
    x = normal(6 if batch is None else (batch, 6), seed=1)
    matrix = programmed(weights, quiet, mapping=mapping, periphery=IDEAL, wires=Wires(**WIRES))
    lossy = [Crossbar(g, Wires(**WIRES)).transfer().T for g in matrix.targets()]
    wanted = matrix.scale * x @ mapping.combine(lossy)
    np.testing.assert_allclose(matrix.matvec(x), wanted, rtol=0.0, atol=1e-9 * size_of(x, weights))
    if x.size:
        assert np.abs(wanted - x @ weights).max() > 1e-5


@every_mapping
@pytest.mark.parametrize("with_wires", [False, True])
@pytest.mark.filterwarnings("ignore:.*were clipped at the converter's range")  # a tile of tiny weights and its errors
@settings(max_examples=6, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    tile=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    bits=st.tuples(*[st.none() | st.integers(2, 12)] * 2),
    batch=st.integers(0, 6),
    seed=st.integers(0, 2**32),
)
def test_any_matrix_does_what_its_slow_twin_does(mapping, with_wires, shape, tile, bits, batch, seed):
    weights, x = normal(shape, seed), normal((batch, shape[0]), seed + 1)
    wires = WIRES if with_wires else None
    matrix = programmed(
        weights, IBM, mapping=mapping, tile=tile, seed=seed, periphery=Periphery(*bits),
        wires=Wires(**WIRES) if with_wires else None,
    )  # fmt: skip
    snapshot = matrix.snapshot()
    wanted = np.reshape(by_twin(matrix, snapshot, x, wires).y, (batch, shape[1]))
    # a code may tip over where a current lies on its edge to rounding: never seen, since the devices are noisy
    np.testing.assert_allclose(snapshot.matvec(x), wanted, rtol=0.0, atol=1e-9 * size_of(x, weights))


@every_mapping
@pytest.mark.filterwarnings("ignore:.*were clipped at the converter's range")
def test_gains_and_clipped_counts_of_the_slow_twin(mapping):
    weights, x = normal((10, 7)), normal((20, 10), seed=1)
    matrix = programmed(weights, IBM, mapping=mapping, tile=(4, 3), periphery=Periphery(8, 8, 1.3, 1e-6), seed=5)
    matrix.wait(DAY)
    matrix.calibrate()
    snapshot = matrix.snapshot()
    for compensate in (True, False):
        before = matrix.counts
        found, wanted = snapshot.matvec(x, compensate=compensate), by_twin(matrix, snapshot, x, None, compensate)
        np.testing.assert_allclose(found, wanted.y, rtol=0.0, atol=1e-11 * size_of(x, weights))
        assert matrix.counts.dac_clipped - before.dac_clipped == wanted.dac_clipped > 0
        assert matrix.counts.adc_clipped - before.adc_clipped == wanted.adc_clipped > 0


@every_mapping
def test_one_drift_exponent_is_one_factor_and_calibration_takes_it_back(drifting, mapping):
    weights, x = normal((10, 7)), normal((20, 10), seed=1)
    matrix = programmed(weights, drifting, mapping=mapping, tile=(4, 3), periphery=IDEAL)
    matrix.wait(DAY)
    factor = (DAY / 20.0) ** -0.05
    np.testing.assert_allclose(matrix.matvec(x), factor * (x @ weights), rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(matrix.calibrate(), np.full(9, 1.0 / factor), rtol=1e-6)
    np.testing.assert_allclose(matrix.matvec(x), x @ weights, rtol=1e-6, atol=1e-10)


@every_mapping
def test_default_and_fitted_ranges(quiet, mapping):
    weights, x = normal((10, 7)), normal((30, 10), seed=1)
    matrix = AnalogMatrix(weights, quiet, mapping=mapping, tile=(4, 3), periphery=Periphery(dac_bits=None))
    for part in matrix._tiles:
        norms = np.linalg.norm(weights[part.rows, part.columns], axis=0) / matrix.scale
        assert part.adc_range == pytest.approx(2.0 * norms.max() * 0.2, rel=1e-11, abs=0.0)
    matrix.fit_range(x)
    full = np.abs(x).max(axis=1, keepdims=True)
    for part in matrix._tiles:
        largest = np.abs((x / full)[:, part.rows] @ weights[part.rows, part.columns]).max() / matrix.scale
        assert part.adc_range == pytest.approx(1.1 * largest * 0.2, rel=1e-11, abs=0.0)


@every_mapping
def test_a_matrix_of_zeros(quiet, mapping):
    matrix = programmed(np.zeros((4, 3)), quiet, mapping=mapping)
    assert (matrix.calibrate() == 1.0).all()
    assert not matrix.matvec(np.ones(4)).any()


# ---- a split that is not proportional


def test_a_split_holds_what_its_table_says(quiet):
    weights = normal((10, 7))
    matrix = programmed(weights, quiet, mapping=SPLIT, tile=(4, 3), periphery=IDEAL)
    largest = np.abs(weights).max()
    for place, weight in np.ndenumerate(weights):
        table = twin.table_targets(weight, largest, HAND_MADE.magnitude.tolist(), HAND_MADE.targets.tolist())
        held = (table[0] - table[1] + 0.5 * (table[2] - table[3])) * matrix.scale
        assert matrix.effective_weights[place] == pytest.approx(held, rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(matrix.effective_weights, weights, rtol=0.0, atol=0.1 * largest)


def test_calibration_with_a_split_compares_with_the_weights(quiet):
    # the table aims 10 % beside the straight line in the middle: what counts is the weight, not the table
    weights = normal((64, 20))
    matrix = programmed(weights, quiet, mapping=SPLIT, periphery=IDEAL)
    held = matrix.effective_weights
    assert matrix.calibrate()[0] == pytest.approx((held * weights).sum() / (held * held).sum(), rel=0.01)


# ---- devices and reports


@every_mapping
def test_every_device_has_its_own_number_and_place(mapping):
    weights = normal((10, 7))
    matrix = AnalogMatrix(weights, IBM, mapping=mapping, tile=(4, 3), seed=9, first_cell=100)
    numbers = [n for p in matrix._tiles for n in range(p.devices.first_cell, p.devices.first_cell + p.devices.size)]
    assert sorted(numbers) == list(range(100, matrix.last_cell))
    report = matrix.program()
    lines = 7 + 3 if isinstance(mapping, ReferenceColumn) else 7
    arrays = mapping.shape(1, 1)[0]
    assert report.error.shape == report.iterations.shape == report.converged.shape == (arrays, 10, lines)
    assert report.clipped == 0
    assert np.isfinite(report.error).all()
    assert np.concatenate([part.devices.conductance().ravel() for part in matrix._tiles]).size == arrays * 10 * lines
    first = matrix._tiles[0]
    held = first.devices.conductance() - matrix.targets(0)
    np.testing.assert_allclose(report.error[:, first.rows, first.lines], held, rtol=0.0, atol=1e-18)


def test_references_are_the_last_line_of_each_tile(quiet):
    matrix = AnalogMatrix(normal((4, 7)), IBM, mapping=ReferenceColumn(), tile=(4, 3), seed=2)
    assert [part.lines for part in matrix._tiles] == [slice(0, 4), slice(4, 8), slice(8, 10)]
    error = matrix.program().error[0]
    for part in matrix._tiles:
        reference = part.devices.conductance()[0, :, -1] - 12.5e-6
        np.testing.assert_allclose(error[:, part.lines.stop - 1], reference, rtol=0.0, atol=1e-18)
    # an error of the reference enters all weights of its word line
    shared = matrix.effective_weights[:, :3] - matrix.weights[:, :3]
    own = error[:, :3]
    np.testing.assert_allclose(shared, matrix.scale * (own - error[:, 3:4]), rtol=0.0, atol=1e-13)


def test_resistances_of_each_bit_line_count_the_reference(quiet):
    weights = normal((4, 3))
    uneven = Wires(column=np.array([1.0, 2.0, 3.0, 400.0]))
    matrix = programmed(weights, quiet, mapping=ReferenceColumn(), wires=uneven, periphery=IDEAL)
    even = programmed(
        weights, quiet, mapping=ReferenceColumn(), wires=Wires(column=np.array([1.0, 2.0, 3.0, 0.0])), periphery=IDEAL
    )
    assert np.abs(matrix.matvec(np.ones(4)) - even.matvec(np.ones(4))).max() > 1e-3
    with pytest.raises(ParameterError, match=r"wires\.column must be a number or have shape \(4,\); got shape \(3,\)"):
        AnalogMatrix(weights, quiet, mapping=ReferenceColumn(), wires=Wires(column=np.ones(3)))


def test_more_pairs_make_less_error():
    weights, x = np.random.default_rng(2).uniform(-1.0, 1.0, (64, 20)), np.eye(64)

    def error(mapping):
        matrix = programmed(weights, IBM, mapping=mapping, periphery=IDEAL, seed=3)
        return np.std(matrix.matvec(x) - weights)

    # errors that did not depend on the conductance: sqrt(5) / 3 = 0.75 of those of a pair; 2 sqrt(2) times those of a
    # pair for half the span and a second device that errs as much; 1280 weights: 2 %
    pair, two, reference = (error(m) for m in (DifferentialPair(), SeveralPairs(), ReferenceColumn()))
    assert 0.65 < two / pair < 0.85
    assert 2.5 < reference / pair < 4.0


def test_a_mapping_survives_rewiring_and_copies_of_the_snapshot(quiet):
    weights, x = normal((6, 5)), normal((3, 6), seed=1)
    matrix = programmed(weights, quiet, mapping=ReferenceColumn(), periphery=IDEAL)
    twin_matrix = matrix.rewired(Wires(**WIRES))
    wanted = programmed(weights, quiet, mapping=ReferenceColumn(), periphery=IDEAL, wires=Wires(**WIRES)).matvec(x)
    np.testing.assert_allclose(twin_matrix.matvec(x), wanted, rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(matrix.matvec(x), x @ weights, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("name", ["ibm-90nm-doped-gst", "ibm-90nm-projected"])
@pytest.mark.parametrize(
    "mapping", [SeveralPairs(2, 2.0, "least-significant-first"), ReferenceColumn()], ids=["pairs", "reference"]
)
def test_physical_cells(name, mapping):
    """Of four chips: the correlation of one scatters by 0.006."""
    weights, found = np.random.default_rng(3).uniform(-1.0, 1.0, (16, 8)), []
    for seed in (4, 5, 6, 7):
        matrix = programmed(weights, pcm.load_cell(name), mapping=mapping, seed=seed)
        matrix.wait(20.0)
        matrix.calibrate()
        found.append(np.corrcoef(matrix.effective_weights.ravel(), weights.ravel())[0, 1])
        assert matrix.matvec(np.ones(16)).shape == (8,)
    assert np.mean(found) > 0.97


# ---- mappings of one's own


class Copies(Mapping):
    """Two equal pairs, and a bit line between weights that nothing is read from."""

    arrays = 4

    def shape(self, rows, columns):
        return 4, rows, 2 * columns

    def scale(self, weights, conductance_maximum, conductance_minimum=0.0):
        return self.largest(weights) / (2.0 * (conductance_maximum - conductance_minimum))

    def targets(self, weights, scale, conductance_maximum, conductance_minimum=0.0):
        out = np.full(self.shape(*weights.shape), conductance_minimum)
        half = 0.5 * weights / scale
        out[::2, :, ::2] += np.maximum(half, 0.0)
        out[1::2, :, ::2] += np.maximum(-half, 0.0)
        return np.minimum(out, conductance_maximum)

    def combine(self, values):
        return (values[0] - values[1] + values[2] - values[3])[:, ::2]


@pytest.mark.parametrize("wires", [None, Wires(**WIRES)])
def test_a_mapping_of_ones_own(quiet, wires):
    weights, x = normal((10, 7)), normal((30, 10), seed=1)
    matrix = programmed(weights, quiet, mapping=Copies(), tile=(4, 3), periphery=IDEAL, wires=wires)
    y = matrix.matvec(x)
    if wires is None:
        np.testing.assert_allclose(y, x @ weights, rtol=0.0, atol=1e-11 * size_of(x, weights))
    else:
        assert 0.9 < (y * (x @ weights)).sum() / ((x @ weights) ** 2).sum() < 1.0
    assert matrix.calibrate().shape == (9,)
    assert matrix.program().error.shape == (4, 10, 14)


class Taller(Copies):
    def shape(self, rows, columns):
        return 4, rows + 1, columns


class Wider(Copies):
    def combine(self, values):
        return values[0] - values[1]


@pytest.mark.parametrize("mapping", [Taller(), Wider()])
def test_a_mapping_that_does_not_fit(mapping):
    with pytest.raises(
        ParameterError, match=r"mapping must put weights \(2, 2\) on \(arrays, 2, bit lines\) and combine"
    ):
        AnalogMatrix(np.eye(2), IBM, mapping=mapping)


@pytest.mark.parametrize("mapping", ["pair", DifferentialPair, 3])
def test_a_mapping_must_be_a_mapping(mapping):
    with pytest.raises(ParameterError, match=r"mapping must be a Mapping, for example DifferentialPair\(\)"):
        AnalogMatrix(np.eye(2), IBM, mapping=mapping)


@pytest.mark.parametrize("make", [DifferentialPair, SeveralPairs, ReferenceColumn])
def test_a_ceiling_above_the_cell_is_refused(make):
    with pytest.raises(ParameterError, match=r"ceiling must be a number in S within \(0, 2\.5e-05\].*got 3e-05 S"):
        AnalogMatrix(np.eye(2), IBM, mapping=make(ceiling=3e-5))
