"""The trained networks that a study runs."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.packaged import shipped_folder
from pcmphys.numerics.product import product

_TEST_KEYS = ("images", "labels", "calibration_images", "full_scale")
"""Arrays of test.npz; the last may be left out."""


class Perceptron(NamedTuple):
    """A multilayer perceptron with ReLU between layers, its test inputs and labels.

    ``weights`` and ``biases`` hold one array a layer, shapes (inputs, outputs) and (outputs,); ``inputs`` is
    (batch, first inputs), ``labels`` (batch,), ``sample`` (any, first inputs) training inputs for converter ranges.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    inputs: np.ndarray
    labels: np.ndarray
    sample: np.ndarray

    def activations(self, inputs: np.ndarray) -> list[np.ndarray]:
        """Exact input of each layer, and last the logits."""
        found = [inputs]
        for k, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            found.append(rectified(product(found[-1], weights) + bias, last=k == len(self.weights) - 1))
        return found


def rectified(values: np.ndarray, *, last: bool) -> np.ndarray:
    """ReLU between layers, nothing after the last."""
    return values if last else np.maximum(values, 0.0)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of inputs whose largest logit is the label."""
    return float((logits.argmax(axis=1) == labels).mean())


def load_network(name: str, inputs: int | None = None, folder: Path | None = None) -> Perceptron:
    """Load a built-in network ("digits") or one from a folder.

    The folder holds two files of numpy (``numpy.savez``); all layers have a bias, zeros where there is none:

    ====================== =========================================================================
    weights.npz            w1, b1, w2, b2, ...: (inputs, outputs) and (outputs,) of each layer
    test.npz: images       test inputs, (batch, inputs of the first layer)
    labels                 the right outputs from 0 on, (batch,)
    calibration_images     training inputs that set the converters' ranges, (any, inputs)
    full_scale             images are divided by it; may be left out (1; the built-in digits have 16)
    ====================== =========================================================================

    Parameters
    ----------
    name : str
    inputs : int, optional
        Test inputs used, from the first on.
    folder : Path, optional
        From where a relative path counts; default: the current folder.

    Raises
    ------
    ParameterError
        The folder, a file or an array is missing, an array would not be used (a gap in the layers, a misspelt name),
        or shapes do not fit each other; the message names the file.
    """
    folder = _folder(name, folder)
    weights_file, weights = _archive(folder, "weights.npz", name)
    test_file, test = _archive(folder, "test.npz", name)
    w, b = _layers(weights_file, weights)
    for key in _TEST_KEYS[:3]:
        if key not in test:
            near = check.suggest(key, test.keys() - set(_TEST_KEYS)).replace("did you mean", "is it misspelt as")
            raise ParameterError(f"{test_file}: {key!r} is missing; it holds {', '.join(test)}{near}")
    _all_used(test_file, test, _TEST_KEYS)
    scale = 16.0 if name == "digits" else test.get("full_scale", 1.0)
    scale = check.number(f"{test_file}: full_scale", scale, "", 0.0, low_open=True)
    images, sample = (
        _inputs(f"{test_file}: {key}", test[key], w[0].shape[0]) / scale for key in ("images", "calibration_images")
    )
    largest = max(np.abs(part).max() for part in (images, sample))
    if name != "digits" and "full_scale" not in test and largest > 1.0:
        raise ParameterError(
            f"{test_file}: inputs reach {largest:g}, beyond the full scale of 1; add 'full_scale' to the file (the "
            "network is one for inputs divided by it)"
        )
    labels = _labels(f"{test_file}: labels", test["labels"], len(images), w[-1].shape[1])
    return Perceptron(w, b, images[:inputs], labels[:inputs], sample)


def _layers(file: str, arrays: dict[str, np.ndarray]) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    count = max(1, sum(re.fullmatch(r"w[1-9]\d*", key) is not None for key in arrays))
    expected = [f"{letter}{k}" for k in range(1, count + 1) for letter in "wb"]
    for key in expected:
        if key not in arrays:
            raise ParameterError(
                f"{file}: {key!r} is missing; {count} layer{'s' * (count > 1)} need {', '.join(expected)} "
                f"(zeros for a layer without bias); it holds {', '.join(arrays)}"
            )
    _all_used(file, arrays, expected)
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    for k in range(1, count + 1):
        w = check.array(f"{file}: w{k}", arrays[f"w{k}"], ndim=2)
        if weights and w.shape[0] != weights[-1].shape[1]:
            raise ParameterError(
                f"{file}: w{k} must have shape ({weights[-1].shape[1]}, outputs), as w{k - 1} has "
                f"{weights[-1].shape[1]} outputs; got shape {w.shape}"
            )
        weights.append(w)
        biases.append(check.array(f"{file}: b{k}", arrays[f"b{k}"], shape=(w.shape[1],)))
    return tuple(weights), tuple(biases)


def _all_used(file: str, arrays: dict[str, np.ndarray], known) -> None:
    # an array that nobody reads is a layer or a scale that its owner believes to be there
    for key in arrays:
        if key not in known:
            near = check.suggest(key, known)
            raise ParameterError(f"{file}: {key!r} is not used; expected {', '.join(known)} and nothing else{near}")


def _labels(name: str, values: np.ndarray, count: int, outputs: int) -> np.ndarray:
    labels = check.array(name, values, low=0, high=outputs - 1, shape=(count,))
    if (labels != np.rint(labels)).any():
        raise ParameterError(f"{name} must hold whole numbers; got {labels[labels != np.rint(labels)][0]:g}")
    return labels.astype(int)


def _inputs(key: str, images: np.ndarray, inputs: int) -> np.ndarray:
    values = check.array(key, images, ndim=2)
    if values.shape[1] != inputs:
        raise ParameterError(f"{key} must have shape (batch, {inputs}); got {values.shape}")
    return values


def _folder(name: str, start: Path | None):
    if name != "digits":
        return (Path.cwd() if start is None else start) / Path(name).expanduser()
    return shipped_folder("digits-mlp")


def _archive(folder, file: str, name: str) -> tuple[str, dict[str, np.ndarray]]:
    """Name of the file for messages, and its arrays."""
    path = folder.joinpath(file)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return str(path), dict(archive)
    except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(
            f"network {name!r}: {path} cannot be read ({reason}); expected 'digits' or a folder with weights.npz and "
            "test.npz"
        ) from None
