"""Twins in files: the same future to the bit, and nothing else than what was written is taken."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn as tnn  # noqa: E402

import pcmphys as pcm  # noqa: E402
from pcmphys import nn  # noqa: E402
from pcmphys.errors import ParameterError  # noqa: E402
from pcmphys.nn.kept import joined, parted  # noqa: E402
from pcmphys.nn.layers.state import FORMAT  # noqa: E402
from tests.nn.networks import HERMES, IBM, noise, small  # noqa: E402

PHYSICAL = pcm.load_cell("ibm-90nm-doped-gst")


def lived(module, cell, per="tile", **options):
    twin = nn.convert(module, cell, tile=(40, 6), seed=3, **options)
    twin.program()
    twin.wait(100.0)
    with torch.no_grad():
        twin(noise(2, 1, 8, 8) if isinstance(module, tnn.Sequential) else noise(2, 3))
    twin.wait(3600.0, temperature=310.0) if cell is PHYSICAL else twin.wait(3600.0)
    twin.calibrate(per)
    return twin


def future(twin, x):
    with torch.no_grad():
        first = twin(x)
        twin.wait(1e5)
        gains = twin.calibrate()
        second = twin(x)
        twin.program()
        return [first, second, twin(x), twin.time, *(torch.from_numpy(found) for found in gains.values())]


def test_gains_of_columns_are_kept(tmp_path):
    twin = lived(small(), HERMES, per="column")
    twin.save(tmp_path / "twin.npz")
    loaded = nn.convert(small(), HERMES, tile=(40, 6), seed=3).load(tmp_path / "twin.npz")
    x = noise(5, 1, 8, 8)
    for mine, theirs in zip(future(loaded, x), future(twin, x), strict=True):
        assert mine == theirs if isinstance(mine, float) else torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("make", "x", "cell", "options"),
    [
        (small, noise(5, 1, 8, 8), HERMES, {}),
        (small, noise(5, 1, 8, 8), IBM, {"mapping": pcm.SeveralPairs(2), "wires": pcm.Wires(row=1.0)}),
        (lambda: tnn.Linear(3, 2), noise(4, 3), PHYSICAL, {"mapping": pcm.ReferenceColumn()}),
    ],
    ids=["published", "several pairs, wires", "physical"],
)
def test_a_loaded_twin_has_the_same_future(make, x, cell, options, tmp_path):
    twin = lived(make(), cell, **options)
    twin.save(tmp_path / "twin.npz")
    fresh = make()
    for parameter in fresh.parameters():  # an untrained module of the same shape
        parameter.data.fill_(0.25)
    loaded = nn.convert(fresh, cell, tile=(40, 6), seed=3, **options).load(tmp_path / "twin.npz")
    assert repr(loaded) == repr(twin)
    assert repr(loaded.report().layers) == repr(twin.report().layers)
    assert str(loaded.report()) == str(twin.report())
    for mine, theirs in zip(future(loaded, x), future(twin, x), strict=True):
        assert np.array_equal(mine, theirs)


def test_an_unprogrammed_twin_can_be_kept(tmp_path):
    nn.convert(small(), HERMES).save(tmp_path / "twin.npz")
    assert not nn.convert(small(), HERMES).load(tmp_path / "twin.npz").programmed


@pytest.fixture
def kept(tmp_path):
    twin = lived(small(), HERMES)
    twin.save(tmp_path / "twin.npz")
    return tmp_path / "twin.npz"


def changed(path, **changes):
    """The file with another header or other arrays."""
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(str(arrays["header"])) | {k: v for k, v in changes.items() if k in ("format", "version")}
    arrays["header"] = np.array(json.dumps(header))
    arrays |= {name: value for name, value in changes.items() if name not in header}
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


def test_files_of_other_versions_are_refused_by_name(kept):
    twin = nn.convert(small(), HERMES, tile=(40, 6), seed=3)
    changed(kept, version="9.9.9")
    with pytest.raises(ParameterError, match=r"written by pcmphys 9\.9\.9 \(pcmphys analog twin, format 2\); this is"):
        twin.load(kept)
    changed(kept, format="pcmphys analog twin, format 7")
    with pytest.raises(ParameterError, match=r"format 7\); this is pcmphys .*save it again with this version"):
        twin.load(kept)


class Trap:
    """Tells when it is unpickled."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


@pytest.mark.parametrize("kind", ["pickle", "torch", "inside"])
def test_pickles_are_refused_and_never_run(kind, kept, tmp_path):
    path = tmp_path / "trap.npz"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Trap()))
    elif kind == "torch":
        torch.save({"state": Trap()}, path)
    else:
        array = np.empty((), dtype=object)
        array[()] = Trap()
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array, allow_pickle=True)
        path.write_bytes(kept.read_bytes())
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("digital/trap.npy", stream.getvalue())
    Trap.sprung = False
    with pytest.raises(ParameterError, match=r"trap\.npz is no file that AnalogTwin\.save has written whole"):
        nn.convert(small(), HERMES, tile=(40, 6), seed=3).load(path)
    assert not Trap.sprung


def test_a_file_of_another_twin_is_refused_and_changes_nothing(kept):
    twin = nn.convert(small(), HERMES, tile=(40, 6), seed=3)
    for options, what in (({"seed": 4}, "seed: 3"), ({"tile": (6, 6)}, r"tile: \(40, 6\)"),
                          ({"wires": pcm.Wires(row=1.0)}, "wires: None")):  # fmt: skip
        with pytest.raises(ParameterError, match=f"its twin was made with another {what}"):
            nn.convert(small(), HERMES, **{"tile": (40, 6), "seed": 3, **options}).load(kept)
    with pytest.raises(ParameterError, match="its twin was made with another cell: hermes"):
        nn.convert(small(), IBM, tile=(40, 6), seed=3).load(kept)
    with pytest.raises(ParameterError, match="its layers are others: '0' where this twin has 'Linear'"):
        nn.convert(tnn.Linear(3, 2), HERMES, tile=(40, 6), seed=3).load(kept)
    wider = small()
    wider[7] = tnn.Linear(32, 11)
    with pytest.raises(ParameterError, match=r"does not fit this twin \(parameters differ: module\.7\.bias\)"):
        nn.convert(wider, HERMES, tile=(40, 6), seed=3).load(kept)
    changed(kept, **{"state/module.1.weight": None})
    with pytest.raises(ParameterError, match=r"parameters differ: module\.1\.weight"):
        twin.load(kept)
    assert not twin.programmed


def test_devices_that_do_not_fit_are_told_by_their_place(kept):
    twin, key = nn.convert(small(), HERMES, tile=(40, 6), seed=3), "state/module.4._extra_state"
    with np.load(kept) as archive:
        header, arrays = parted(archive[key].tobytes(), "", FORMAT)
    for wrong, match in (
        (np.zeros(3), "float64 of shape"), (np.zeros(3, np.uint32), r"uint32 of shape \(3,\), not"),
        (None, "does not fit this layer .'products/0/0/_traps'"),
    ):  # fmt: skip
        given = {
            place: value for place, value in (arrays | {"products/0/0/_traps": wrong}).items() if value is not None
        }
        changed(kept, **{key: np.frombuffer(joined(header, given), np.uint8)})
        with pytest.raises(ParameterError, match=f"twin.npz: state of layer '4' .*{match}"):
            twin.load(kept)
    narrow = small()
    narrow[4] = tnn.Conv2d(6, 8, 2)
    narrow[4].bias = tnn.Parameter(torch.zeros(8))
    changed(kept, **{key: np.frombuffer(joined(header, arrays), np.uint8)})
    with pytest.raises(ParameterError, match=r"does not fit this layer .it is \(54, 8\), here it is \(24, 8\)"):
        nn.convert(narrow, HERMES, tile=(40, 6), seed=3).load(kept)
    assert not twin.programmed


@pytest.mark.parametrize("end", [0, 100, -200])
def test_files_that_are_cut_are_refused(end, kept):
    kept.write_bytes(kept.read_bytes()[:end])
    with pytest.raises(ParameterError, match="is no file that"):
        nn.convert(small(), HERMES, tile=(40, 6), seed=3).load(kept)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ParameterError, match=r"nothing\.npz .*No such file"):
        nn.convert(small(), HERMES).load(tmp_path / "nothing.npz")
