"""Fashion-MNIST as Debian ships it: 60 000 pictures of clothes for training, 10 000 for tests, 28 x 28 pixels.

H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747 (2017); MIT licence.
"""

from __future__ import annotations

import functools
import gzip
import pathlib
from typing import NamedTuple

import numpy as np

from pcmphys.numerics.packaged import require_content
from validation.result import MissingProgram

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
"""Where the package puts its files."""
CONTENT = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""Files, and the SHA-256 of what is in them."""
_IMAGES, _LABELS = 16, 8
"""Bytes before the values."""


class Clothes(NamedTuple):
    """Training images (images, pixels) in bytes with their classes, and test images with theirs."""

    inputs: np.ndarray
    labels: np.ndarray
    tests: np.ndarray
    right: np.ndarray


@functools.cache
def clothes() -> Clothes:
    """All images.

    Raises
    ------
    MissingProgram
        The package is not installed.
    ParameterError
        A file is not the one it was.
    """
    parts = []
    for name, expected in CONTENT.items():
        path = FOLDER / name
        if not path.is_file():
            raise MissingProgram(
                f"Fashion-MNIST: needs Debian's package (apt install dataset-fashion-mnist), which has {path}; "
                "nothing is downloaded"
            )
        content = gzip.decompress(path.read_bytes())
        require_content(name, content, expected)
        images = "images" in name
        values = np.frombuffer(content, dtype=np.uint8, offset=_IMAGES if images else _LABELS)
        parts.append(values.reshape(-1, 28 * 28) if images else values.astype(int))
    return Clothes(*parts)
