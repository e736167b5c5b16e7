"""Networks of one's own: what is missing, misspelt, unused or of the wrong shape is named with its file."""

from __future__ import annotations

import numpy as np
import pytest

from pcmphys import ParameterError
from pcmphys.study.network.network import load_network

LAYERS = {"w1": np.ones((6, 5)), "b1": np.zeros(5), "w2": np.ones((5, 3)), "b2": np.zeros(3)}
TEST = {"images": np.ones((4, 6)), "labels": [0, 1, 2, 0], "calibration_images": np.ones((2, 6))}


@pytest.fixture
def load(tmp_path):
    """Load a network with some arrays changed (None: left out)."""

    def loader(**changes):
        for file, arrays in (("weights.npz", LAYERS), ("test.npz", TEST)):
            known = {key: changes.get(key, value) for key, value in arrays.items()}
            more = {k: v for k, v in changes.items() if k not in LAYERS | TEST and (k[0] in "wb") == (file[0] == "w")}
            np.savez(tmp_path / file, **{k: v for k, v in (known | more).items() if v is not None})
        return load_network(str(tmp_path))

    return loader


def test_a_network_is_read_and_scaled(load):
    network = load(full_scale=2.0)
    assert [w.shape for w in network.weights] == [(6, 5), (5, 3)]
    assert (network.inputs == 0.5).all()
    assert (network.sample == 0.5).all()
    assert network.labels.tolist() == [0, 1, 2, 0]


MISTAKES = {
    "a layer without bias": ({"b2": None}, ["weights.npz: 'b2' is missing", "w1, b1, w2, b2", "zeros"]),
    "a gap": ({"w2": None, "b2": None, "w3": np.ones((5, 3)), "b3": np.zeros(3)}, ["weights.npz: 'w2' is missing"]),
    "a bias alone": ({"b3": np.zeros(3)}, ["weights.npz: 'b3' is not used"]),
    "an unused array": ({"batch_norm": np.zeros(3)}, ["weights.npz: 'batch_norm' is not used"]),
    "no layers": ({"w1": None, "b1": None, "w2": None, "b2": None}, ["weights.npz: 'w1' is missing"]),
    "counted from zero": ({"w0": np.ones((6, 6)), "b0": np.zeros(6)}, ["weights.npz: 'w0' is not used"]),
    "layers that do not fit": ({"w2": np.ones((4, 3))}, ["weights.npz: w2 must have shape (5, outputs)", "(4, 3)"]),
    "bias that does not fit": ({"b1": np.zeros(4)}, ["weights.npz: b1 must have shape (5,)"]),
    "wrong weights": ({"w1": np.full((6, 5), np.nan)}, ["weights.npz: w1 must hold finite numbers"]),
    "no images": ({"images": None, "image": 1.0}, ["test.npz: 'images' is missing", "misspelt as 'image'"]),
    "a misspelt scale": ({"full_scal": 16.0}, ["test.npz: 'full_scal' is not used", "did you mean 'full_scale'"]),
    "a wrong scale": ({"full_scale": 0.0}, ["test.npz: full_scale must be a number within (0"]),
    "no scale": ({"images": np.full((4, 6), 16.0)}, ["test.npz: inputs reach 16", "add 'full_scale'"]),
    "images of another size": ({"images": np.ones((4, 5))}, ["test.npz: images must have shape (batch, 6)"]),
    "too few labels": ({"labels": [0, 1]}, ["test.npz: labels must have shape (4,)"]),
    "labels from one on": ({"labels": [1, 2, 3, 1]}, ["test.npz: labels must hold finite numbers within [0, 2]"]),
    "labels between": ({"labels": [0.0, 0.5, 1.0, 2.0]}, ["test.npz: labels must hold whole numbers; got 0.5"]),
    "labels as words": ({"labels": ["a", "b", "c", "d"]}, ["test.npz: labels must be an array of real numbers"]),
}


@pytest.mark.parametrize(("changes", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_file(load, tmp_path, changes, words):
    with pytest.raises(ParameterError) as caught:
        load(**changes)
    assert str(tmp_path) in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_files_that_are_none(load, tmp_path):
    load()
    for content in (b"", b"PK", b"\x93NUMPY\x01\x00"):
        (tmp_path / "test.npz").write_bytes(content)
        with pytest.raises(ParameterError, match=r"test\.npz cannot be read"):
            load_network(str(tmp_path))
    (tmp_path / "test.npz").unlink()
    np.save(tmp_path / "test.npy", np.ones(3))
    (tmp_path / "test.npy").rename(tmp_path / "test.npz")
    with pytest.raises(ParameterError, match=r"test\.npz cannot be read"):
        load_network(str(tmp_path))
    with pytest.raises(ParameterError, match=r"expected 'digits' or a folder with weights\.npz and test\.npz$"):
        load_network("digit")
