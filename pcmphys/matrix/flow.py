"""Many vectors through the tiles of one moment: patches of images become inputs, word lines, outputs, block by block.

The layers of a network ask for millions of products with the same tiles. Here they are one loop that keeps a block of
vectors in the cache on its way from the image to the output: patches are cut, converted, multiplied and converted
back, and never lie in memory as a whole. Each sum runs over its word lines in their order, so that the bits of an
output depend neither on the vectors beside it nor on threads, library or processor (see `pcmphys.numerics.product`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.matrix.snapshot import Snapshot
from pcmphys.matrix.tile import Counts
from pcmphys.numerics.compile import kernel, launch, law

BLOCK = 64
"""Vectors that travel together; a multiple of `ABREAST`."""
ABREAST = 4
"""Vectors that share a look at the weights."""
_LANES = 8
"""Columns are filled up to a multiple of this, so that no loop over them has a remainder."""
_PRODUCTS_PER_THREAD = 2_000_000
"""Below this many products a thread more costs about as much as it saves."""


@law
def places(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Places of a kernel along an axis of this size (padding included); zero or less: it is longer."""
    return (size - dilation * (kernel - 1) - 1) // stride + 1


class Patches(NamedTuple):
    """How images are cut into input vectors; the default is the whole of images with one pixel.

    A vector holds ``channels`` x ``rows`` x ``columns`` pixels, in this order (that of a convolution's weights);
    patches are counted along the rows of the output image. ``first`` is the first channel, ``first_output`` the
    first of the output's channels.
    """

    channels: int
    rows: int = 1
    columns: int = 1
    row_stride: int = 1
    column_stride: int = 1
    row_dilation: int = 1
    column_dilation: int = 1
    first: int = 0
    first_output: int = 0

    @property
    def inputs(self) -> int:
        """Length of a vector."""
        return self.channels * self.rows * self.columns

    def outputs(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the output image for images (padding included) of this size; zero or less: too small."""
        high = places(height, self.rows, self.row_stride, self.row_dilation)
        return high, places(width, self.columns, self.column_stride, self.column_dilation)


class TileGrid(NamedTuple):
    """The tiles of a matrix, in steps of their converters.

    Attributes
    ----------
    weights : ndarray
        Shape (inputs, columns filled up): bit-line converter steps per word-line converter step; what an ideal
        converter counts is plain numbers.
    borders : ndarray of int
        Shape (groups + 1,): tiles of one group share word lines.
    unit : ndarray
        Shape (groups, columns filled up): output of a bit-line converter step, for an input of full scale one.
    outputs : int
        Columns in use.
    dac_steps, adc_steps : float
        Steps on either side of zero; 0 for an ideal converter.
    input_range : float
        Input of full scale; 0: each vector's own largest magnitude.
    """

    weights: np.ndarray
    borders: np.ndarray
    unit: np.ndarray
    outputs: int
    dac_steps: float
    adc_steps: float
    input_range: float


class Flow:
    """A snapshot of a matrix without selectors, laid out for many vectors.

    Not modelled here: selectors, behind which a product is no matrix; `Snapshot.matvec` does these. Vectors that are
    not finite give outputs that are not.

    Raises
    ------
    ParameterError
        The matrix has selectors.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> matrix = pcm.AnalogMatrix(np.eye(3), pcm.load_cell("ibm-90nm-statistical"))
    >>> report = matrix.program()
    >>> snapshot = matrix.snapshot()
    >>> x, y = np.random.default_rng(0).normal(size=(5, 3)), np.empty((5, 3))
    >>> counts = Flow(snapshot).multiply(x, y)
    >>> bool(np.allclose(y, snapshot.matvec(x), rtol=1e-12)), counts.adc
    (True, 15)
    """

    def __init__(self, snapshot: Snapshot):
        converters = snapshot.converters
        periphery = converters.periphery
        inputs = converters.inputs
        self.outputs: int = snapshot.tiles[-1].columns.stop
        width = -(-self.outputs // _LANES) * _LANES
        borders = sorted({part.rows.start for part in snapshot.tiles} | {inputs})
        dac, adc = (0.0 if bits is None else 2.0 ** (bits - 1) - 1 for bits in (periphery.dac_bits, periphery.adc_bits))
        weights, unit = np.zeros((inputs, width)), np.zeros((len(borders) - 1, width))
        for part, state in zip(snapshot.tiles, snapshot.states, strict=True):
            found = state.linear()
            if found is None:
                raise ParameterError("selector: a product behind selectors is no matrix; use Snapshot.matvec")
            step = state.adc_range / adc if adc else 1.0
            weights[part.rows, part.columns] = found * (converters.read_voltage / (dac or 1.0) / step)
            unit[borders.index(part.rows.start), part.columns] = step * state.gain * converters.output_scale
        self.grid: TileGrid = TileGrid(
            weights, np.array(borders), unit, self.outputs, dac, adc, periphery.input_range or 0.0
        )

    @property
    def weights(self) -> np.ndarray:
        """The linear map from inputs to outputs without the converters' rounding, gains included: (inputs, outputs)."""
        scale = np.repeat(self.grid.unit, np.diff(self.grid.borders), axis=0)
        return (self.grid.weights * scale * (self.grid.dac_steps or 1.0))[:, : self.outputs]

    def multiply(self, x: np.ndarray, y: np.ndarray) -> Counts:
        """Products of inputs (batch, inputs) into ``y`` (batch, outputs), both C-contiguous; conversions done."""
        images, out = x.reshape(*x.shape, 1, 1), y.reshape(*y.shape, 1)
        return self.convolve(images, Patches(x.shape[1]), out)

    def convolve(self, images: np.ndarray, patches: Patches, out: np.ndarray) -> Counts:
        """Products of all patches of images (batch, channels, rows, columns), padding included.

        Into ``out`` (batch, channels, patches), both of one float type and C-contiguous. Returns the conversions done.
        """
        high, wide = patches.outputs(*images.shape[2:])
        count, products = len(images) * high * wide, self.grid.weights.size
        clipped = np.zeros((-(-count // BLOCK), 2), dtype=np.int64)
        grain = BLOCK * max(1, _PRODUCTS_PER_THREAD // max(products * BLOCK, 1))
        launch(flow, count, images, patches, wide, self.grid, clipped, out, align=BLOCK, grain=grain)
        dac, adc = clipped.sum(axis=0).tolist()
        groups = len(self.grid.borders) - 1
        return Counts(count * patches.inputs, dac, count * self.outputs * groups, adc)


@kernel
def flow(
    start: int,
    stop: int,
    images: np.ndarray,
    patches: Patches,
    wide: int,
    grid: TileGrid,
    clipped: np.ndarray,
    out: np.ndarray,
) -> None:
    """Vectors ``start`` to before ``stop``, a block at a time; ``clipped`` (blocks, 2) counts clipped conversions."""
    inputs, width = grid.weights.shape
    codes, full = np.zeros((BLOCK, inputs)), np.empty(BLOCK)
    found, total = np.empty((BLOCK, width)), np.empty((BLOCK, width))
    for first in range(start, stop, BLOCK):
        count = min(BLOCK, stop - first)
        gather(first, first + count, images, patches, wide, codes)
        tally = clipped[first // BLOCK]
        encode(count, grid, codes, full, tally)
        for group in range(grid.borders.size - 1):
            products(count, grid.borders[group], grid.borders[group + 1], codes, grid.weights, found)
            convert(count, group, grid, found, total, tally)
        spread(first, count, total, full, patches.first_output, grid.outputs, out)


@kernel
def gather(start: int, stop: int, images: np.ndarray, patches: Patches, wide: int, vectors: np.ndarray) -> None:
    """Patches ``start`` to before ``stop`` of the images, row by row into ``vectors``."""
    channels, rows, columns = patches.channels, patches.rows, patches.columns
    _, depth, height, width = images.shape
    if height * width == 1:
        flat = images.reshape(len(images), -1)
        for v in range(start, stop):
            for c in range(channels):
                vectors[v - start, c] = flat[v, patches.first + c]
        return
    pixels, offsets = images.reshape(-1), np.empty(channels * rows * columns, dtype=np.int64)
    for k in range(offsets.size):
        c, row, column = k // (rows * columns), k // columns % rows, k % columns
        offsets[k] = (c * height + row * patches.row_dilation) * width + column * patches.column_dilation
    positions = wide * places(height, rows, patches.row_stride, patches.row_dilation)
    for v in range(start, stop):
        image, place = v // positions, v % positions
        top, left = place // wide * patches.row_stride, place % wide * patches.column_stride
        corner = ((image * depth + patches.first) * height + top) * width + left
        for k in range(offsets.size):
            vectors[v - start, k] = pixels[corner + offsets[k]]


@kernel
def encode(count: int, grid: TileGrid, codes: np.ndarray, full: np.ndarray, tally: np.ndarray) -> None:
    """Inputs become steps of the word-line converters, in place; ``full`` is the input of full scale."""
    clipped, inputs, steps = 0, codes.shape[1], grid.dac_steps
    fours = inputs // 4 * 4
    for v in range(count):
        most = grid.input_range
        if most == 0.0:
            # four at a time: one maximum need not wait for the one before
            a = b = c = d = 0.0
            for k in range(0, fours, 4):
                a, b = max(a, abs(codes[v, k])), max(b, abs(codes[v, k + 1]))
                c, d = max(c, abs(codes[v, k + 2])), max(d, abs(codes[v, k + 3]))
            most = max(max(a, b), max(c, d))
            for k in range(fours, inputs):
                most = max(most, abs(codes[v, k]))
            if most == 0.0:
                most = 1.0
        full[v] = most
        scale = (steps if steps > 0.0 else 1.0) / most
        for k in range(inputs):
            codes[v, k] *= scale
        if steps > 0.0:
            for k in range(inputs):
                code = codes[v, k]
                clipped += abs(code) > steps + 0.5
                codes[v, k] = min(max(np.rint(code), -steps), steps)
    tally[0] += clipped


@kernel
def products(count: int, low: int, high: int, left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """Rows of ``left`` times ``right``, terms ``low`` to before ``high``, added in their order.

    Four rows and four terms at a time, as memory is slow for weights and sums; what is beyond the last row is any.
    """
    columns = right.shape[1]
    fours = low + (high - low) // 4 * 4
    for row in range(0, count, ABREAST):
        for k in range(row, row + ABREAST):
            for column in range(columns):
                out[k, column] = 0.0
        for k in range(low, fours, 4):
            a0, a1, a2, a3 = left[row, k], left[row, k + 1], left[row, k + 2], left[row, k + 3]
            b0, b1, b2, b3 = left[row + 1, k], left[row + 1, k + 1], left[row + 1, k + 2], left[row + 1, k + 3]
            c0, c1, c2, c3 = left[row + 2, k], left[row + 2, k + 1], left[row + 2, k + 2], left[row + 2, k + 3]
            d0, d1, d2, d3 = left[row + 3, k], left[row + 3, k + 1], left[row + 3, k + 2], left[row + 3, k + 3]
            for column in range(columns):
                p, q = right[k, column], right[k + 1, column]
                r, s = right[k + 2, column], right[k + 3, column]
                out[row, column] = out[row, column] + a0 * p + a1 * q + a2 * r + a3 * s
                out[row + 1, column] = out[row + 1, column] + b0 * p + b1 * q + b2 * r + b3 * s
                out[row + 2, column] = out[row + 2, column] + c0 * p + c1 * q + c2 * r + c3 * s
                out[row + 3, column] = out[row + 3, column] + d0 * p + d1 * q + d2 * r + d3 * s
        for k in range(fours, high):
            a0, b0, c0, d0 = left[row, k], left[row + 1, k], left[row + 2, k], left[row + 3, k]
            for column in range(columns):
                p = right[k, column]
                out[row, column] += a0 * p
                out[row + 1, column] += b0 * p
                out[row + 2, column] += c0 * p
                out[row + 3, column] += d0 * p


@kernel
def convert(count: int, group: int, grid: TileGrid, found: np.ndarray, total: np.ndarray, tally: np.ndarray) -> None:
    """Bit-line converters of a group of tiles, and the digital sum over groups."""
    clipped, steps = 0, grid.adc_steps
    for v in range(count):
        for column in range(grid.outputs):
            value = found[v, column]
            if steps > 0.0:
                clipped += abs(value) > steps + 0.5
                value = min(max(np.rint(value), -steps), steps)
            value *= grid.unit[group, column]
            total[v, column] = value if group == 0 else total[v, column] + value
    tally[1] += clipped


@kernel
def spread(
    first: int, count: int, total: np.ndarray, full: np.ndarray, first_output: int, outputs: int, out: np.ndarray
) -> None:
    """Outputs of a block to their places in the output image: image after image, as long as a channel is one run."""
    positions, flat = out.shape[2], out.reshape(len(out), -1)
    if positions == 1:
        for k in range(count):
            for column in range(outputs):
                flat[first + k, first_output + column] = total[k, column] * full[k]
        return
    done = 0
    while done < count:
        image, place = (first + done) // positions, (first + done) % positions
        run = min(positions - place, count - done)
        for column in range(outputs):
            there = (first_output + column) * positions + place
            for k in range(run):
                flat[image, there + k] = total[done + k, column] * full[done + k]
        done += run


def cut(images: np.ndarray, patches: Patches, start: int, stop: int) -> np.ndarray:
    """Patches ``start`` to before ``stop`` of images (batch, channels, rows, columns) as rows, in the images' type."""
    vectors = np.empty((stop - start, patches.inputs), images.dtype)
    gather(start, stop, images, patches, patches.outputs(*images.shape[2:])[1], vectors)
    return vectors
