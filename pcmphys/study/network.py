"""The trained networks that a study runs."""

from __future__ import annotations

import zipfile
import zlib
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pcmphys import _check
from pcmphys.errors import ParameterError


class Network(NamedTuple):
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
            found.append(rectified(found[-1] @ weights + bias, last=k == len(self.weights) - 1))
        return found


def rectified(values: np.ndarray, *, last: bool) -> np.ndarray:
    """ReLU between layers, nothing after the last."""
    return values if last else np.maximum(values, 0.0)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of inputs whose largest logit is the label."""
    return float((logits.argmax(axis=1) == labels).mean())


def load_network(name: str, inputs: int | None = None) -> Network:
    """Load a built-in network ("digits") or one from a folder.

    The folder holds weights.npz (w1, b1, w2, b2, ...) and test.npz (images, labels, calibration_images, and, if the
    images are to be divided by a full scale, full_scale; the built-in digits are divided by 16).

    Raises
    ------
    ParameterError
        The folder or an array is missing, or shapes do not fit each other.
    """
    folder = _folder(name)
    weights, test = (_archive(folder, file, name) for file in ("weights.npz", "test.npz"))
    for key in ("images", "labels", "calibration_images"):
        if key not in test:
            raise ParameterError(f"network {name!r}: test.npz lacks {key!r}; it has {', '.join(test)}")
    layers = 0
    while f"w{layers + 1}" in weights and f"b{layers + 1}" in weights:
        layers += 1
    if layers == 0:
        raise ParameterError(f"network {name!r}: weights.npz lacks 'w1' and 'b1'; it has {', '.join(weights)}")
    w = tuple(_check.array(f"w{k}", weights[f"w{k}"], ndim=2) for k in range(1, layers + 1))
    b = tuple(_check.array(f"b{k}", weights[f"b{k}"], shape=(m.shape[1],)) for k, m in enumerate(w, 1))
    full_scale = (
        16.0 if name == "digits" else _check.number("full_scale", test.get("full_scale", 1.0), "", 0.0, low_open=True)
    )
    images, sample = (_inputs(key, test[key], w[0].shape[0]) / full_scale for key in ("images", "calibration_images"))
    for k in range(1, layers):
        _check.array(f"w{k + 1}", w[k], shape=(w[k - 1].shape[1], w[k].shape[1]))
    labels = np.asarray(test["labels"]).astype(int)
    if labels.shape != (len(images),):
        raise ParameterError(f"network {name!r}: labels must have shape ({len(images)},); got {labels.shape}")
    return Network(w, b, images[:inputs], labels[:inputs], sample)


def _inputs(key: str, images: np.ndarray, inputs: int) -> np.ndarray:
    values = _check.array(key, images, ndim=2)
    if values.shape[1] != inputs:
        raise ParameterError(f"{key} must have shape (batch, {inputs}); got {values.shape}")
    return values


def _folder(name: str):
    if name != "digits":
        return Path(name)
    shipped = resources.files("pcmphys").joinpath("data", "digits-mlp")
    if shipped.is_dir():
        return shipped
    return Path(__file__).parents[2] / "data" / "digits-mlp"  # a source tree


def _archive(folder, file: str, name: str) -> dict[str, np.ndarray]:
    path = folder.joinpath(file)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ParameterError(f"network {name!r}: {path} cannot be read ({error})") from None
