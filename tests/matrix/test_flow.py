"""Many vectors through tiles: as `Snapshot.matvec` gives them, in any blocks; patches as plain loops cut them."""

import tracemalloc

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcmphys as pcm
from pcmphys.matrix.flow import BLOCK, Flow, Patches, cut

CELL = pcm.load_cell("ibm-90nm-statistical")
PERIPHERIES = {
    "converted": pcm.Periphery(),
    "in a range": pcm.Periphery(dac_bits=5, adc_bits=6, input_range=1.5, adc_range=4e-6),
    "ideal": pcm.Periphery(dac_bits=None, adc_bits=None),
    "ideal at word lines": pcm.Periphery(dac_bits=None, adc_bits=7),
    "ideal at bit lines": pcm.Periphery(dac_bits=7, adc_bits=None),
}
pytestmark = pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")


def snapshot(inputs, outputs, **options):
    weights = np.random.default_rng(inputs).normal(size=(inputs, outputs))
    matrix = pcm.AnalogMatrix(weights, CELL, **options)
    matrix.program()
    matrix.wait(1e4)
    matrix.calibrate()
    return matrix, matrix.snapshot()


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def plainly_cut(images, patches):
    """Patches by four loops."""
    p, found = patches, []
    high, wide = patches.outputs(*images.shape[2:])
    for image in images:
        for top in range(high):
            for left in range(wide):
                y, x = top * p.row_stride, left * p.column_stride
                found.append([
                    image[p.first + c, y + i * p.row_dilation, x + j * p.column_dilation]
                    for c in range(p.channels) for i in range(p.rows) for j in range(p.columns)
                ])  # fmt: skip
    return np.array(found)


@pytest.mark.parametrize("wires", [None, pcm.Wires(row=2.0, column=3.0)], ids=["ideal wires", "wires"])
@pytest.mark.parametrize("name", PERIPHERIES)
def test_vectors_come_out_as_of_a_snapshot(name, wires):
    matrix, moment = snapshot(37, 11, tile=(16, 5), periphery=PERIPHERIES[name], wires=wires)
    x, y = normal(100, 37), np.empty((100, 11))
    x[3] = 0.0
    before = matrix.counts
    expected = moment.matvec(x)
    done = Flow(moment).multiply(x, y)
    np.testing.assert_allclose(y, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())
    after = matrix.counts
    assert done.dac == x.size
    assert done.adc == after.adc - before.adc
    assert (done.dac_clipped, done.adc_clipped) == (after.dac_clipped, after.adc_clipped)
    linear = Flow(moment).weights
    assert linear.shape == (37, 11)
    if name == "ideal":
        np.testing.assert_allclose(x @ linear, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_patches_are_cut_as_four_loops_cut_them(data):
    def small(low, high):
        return data.draw(st.integers(low, high))

    rows, columns, dilations = small(1, 3), small(1, 3), (small(1, 2), small(1, 3))
    height, width = dilations[0] * (rows - 1) + small(1, 4), dilations[1] * (columns - 1) + small(1, 4)
    patches = Patches(small(1, 2), rows, columns, small(1, 3), small(1, 3), *dilations, small(0, 1))
    images = normal(small(1, 3), patches.first + patches.channels, height, width).astype(np.float32)
    expected = plainly_cut(images, patches)
    high, wide = patches.outputs(height, width)
    assert high >= 1
    assert np.array_equal(cut(images, patches, 0, len(images) * high * wide), expected)
    start = small(0, len(expected))
    assert np.array_equal(cut(images, patches, start, len(expected)), expected[start:])


def test_convolutions_are_products_of_patches():
    _, moment = snapshot(24, 7, tile=(10, 4))
    patches = Patches(2, 4, 3, 2, 1, 1, 2, first=1, first_output=2)
    images, out = normal(5, 4, 11, 9), np.full((5, 10, 20), np.nan)
    assert patches.outputs(11, 9) == (4, 5)
    done = Flow(moment).convolve(images, patches, out)
    expected = moment.matvec(plainly_cut(images, patches)).reshape(5, 20, 7).transpose(0, 2, 1)
    np.testing.assert_allclose(out[:, 2:9], expected, rtol=1e-11, atol=1e-11)
    assert np.isnan(out[:, [0, 1, 9]]).all()
    assert (done.dac, done.adc) == (100 * 24, 100 * 7 * 3)


def test_no_bit_depends_on_blocks_or_threads(monkeypatch):
    monkeypatch.setattr("pcmphys.matrix.flow._PRODUCTS_PER_THREAD", 1)  # so that each block is worth a thread
    _, moment = snapshot(30, 9, tile=(16, 5))
    flow, x = Flow(moment), normal(5 * BLOCK + 3, 30)
    expected = np.empty((len(x), 9))
    flow.multiply(x, expected)
    before = numba.get_num_threads()
    try:
        for threads, size in ((1, 1), (2, 7), (4, BLOCK + 1), (4, len(x))):
            numba.set_num_threads(threads)
            found = np.empty_like(expected)
            for start in range(0, len(x), size):
                flow.multiply(x[start : start + size], found[start : start + size])
            assert np.array_equal(found, expected)
    finally:
        numba.set_num_threads(before)


def test_patches_never_lie_in_memory_as_a_whole():
    _, moment = snapshot(9 * 16, 4)
    images, out = np.ones((200, 16, 30, 30), dtype=np.float32), np.empty((200, 4, 28 * 28), dtype=np.float32)
    flow = Flow(moment)
    flow.convolve(images[:1], Patches(16, 3, 3), out[:1])
    tracemalloc.start()
    flow.convolve(images, Patches(16, 3, 3), out)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e6  # all patches would be 180 MB


def test_selectors_have_no_flow():
    _, moment = snapshot(4, 3, selector=pcm.Diode(1e-12, ideality=1.5), periphery=pcm.Periphery(read_voltage=0.8))
    with pytest.raises(pcm.ParameterError, match="behind selectors is no matrix"):
        Flow(moment)
