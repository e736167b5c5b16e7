"""Exports: their files as the targets read them, what arrives, and what is refused before anything is written."""

import json
import re
import sys
import types

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.export.aihwkit import ConstructorCarrier, constructor
from pcmphys.export.carried import Carried, carried
from pcmphys.export.folder import MANIFEST
from pcmphys.export.generated import TableCarrier, constants, plain, written
from pcmphys.export.neurosim import read_states
from pcmphys.export.round_trip import round_trip

STATISTICAL = pcm.load_cell("ibm-90nm-statistical")
PHYSICAL = pcm.load_cell("ibm-90nm-doped-gst")
DAY = 86400.0


@pytest.fixture(scope="module")
def physical():
    return pcm.export.sample(PHYSICAL, levels=6, times=[1e4, 1e7], devices=1000, seed=1)


@pytest.fixture(scope="module")
def statistical():
    levels = np.linspace(0.0, 25e-6, 6)
    return pcm.export.sample(STATISTICAL, levels=levels, times=[1e4, 1e7], devices=4000, seed=1)


# --- aihwkit: the module itself is run in the real one, in validation/exports


def test_the_module_for_aihwkit_is_whole(physical, tmp_path):
    done = pcm.export.aihwkit(physical, tmp_path / "a", name="MyNoise")
    text = (tmp_path / "a" / "my_noise.py").read_bytes()
    compile(text, "my_noise.py", "exec")
    assert b"$" not in text
    assert b"class MyNoise(BaseNoiseModel)" in text
    found = constants(text)
    assert found["G_MAX"] == 25.0
    assert np.shape(found["LOSS"]) == (3, 6, 33)
    np.testing.assert_allclose(found["PROGRAMMED"], 1e6 * physical.programmed, rtol=1e-6)
    assert done.files == (
        "constructor.json", "constructor_round_trip.html", "my_noise.py", "round_trip.html", "sources.bib"
    )  # fmt: skip
    assert json.loads((tmp_path / "a" / MANIFEST).read_text())["class"] == "MyNoise"
    assert json.loads((tmp_path / "a" / "constructor.json").read_text())["t_0"] == 20.0


def test_all_of_a_physical_cell_arrives(physical, tmp_path):
    trip = pcm.export.aihwkit(physical, tmp_path / "a").round_trip
    assert trip.counts == (trip.counts[1], trip.counts[1])
    assert trip.not_carried() == []
    assert np.abs(trip.off("conductance_std")).max() < 0.03


def test_without_their_coupling_it_would_not(physical, tmp_path):
    class Apart(TableCarrier):
        def loss(self, level, time, z, programmed):
            return super().loss(level, time, z, np.random.default_rng(0).permutation(programmed))

    pcm.export.aihwkit(physical, tmp_path / "a")
    text = (tmp_path / "a" / "pcm_noise_model.py").read_bytes()
    trip = round_trip("apart", physical, carried(physical, Apart(text, 1e-6)), {"conductance_std": "apart."}, (), 1)
    assert np.abs(trip.off("conductance_std")[:, -1]).max() > 0.06
    assert any(line.startswith("spread of conductance") and line.endswith("apart.") for line in trip.not_carried())


def test_the_constructor_of_a_published_cell_is_its_law(statistical):
    given = constructor(statistical)
    np.testing.assert_allclose(given["prog_coeff"], [0.26348, 1.965, -1.1731, 0.0], atol=1e-9)
    assert given["read_noise_scale"] == pytest.approx(1.0, rel=1e-3)
    assert given["t_read"] == 250e-9
    trip = round_trip("own", statistical, carried(statistical, ConstructorCarrier(statistical, given)), {}, (), 1)
    conducting = slice(2, None)
    assert np.abs(trip.off("conductance_std")[conducting]).max() < 0.06
    assert np.abs(trip.off("exponent_mean")[conducting]).max() < 0.01


# --- CrossSim, with the two classes of it that a device meets


@pytest.fixture
def simulator(monkeypatch):
    class Numpy:
        def __getattr__(self, name):
            return getattr(np, name)

    class EmptyDevice:
        def __init__(self, device_params, weight_error_params):
            self.device_params = device_params
            self.Gmin_norm = device_params.Gmin_norm
            self.time = device_params.time

    rooms = {"simulator": {}, "simulator.backend": {"ComputeBackend": Numpy}, "simulator.devices": {}}
    rooms["simulator.devices.idevice"] = {"EmptyDevice": EmptyDevice}
    for name, parts in rooms.items():
        module = types.ModuleType(name)
        vars(module).update(parts)
        monkeypatch.setitem(sys.modules, name, module)


def device_of(path, name="PcmDevice", **options):
    there = {}
    exec(compile(path.read_text(), str(path), "exec"), there)
    given = {"Rmin": 4e4, "Gmin_norm": 0.0, "time": 0.0, "Vread": 0.2} | options
    return there[name](types.SimpleNamespace(**given), None)


@pytest.mark.usefixtures("simulator")
def test_the_device_for_crosssim_draws_what_its_twin_says(physical, tmp_path):
    trip = pcm.export.crosssim(physical, tmp_path / "c").round_trip
    np.random.seed(0)  # noqa: NPY002 - CrossSim draws from numpy's own
    for k, time in enumerate(physical.time):
        days = 0.0 if k == 0 else time / DAY
        device = device_of(tmp_path / "c" / "pcm_device.py", time=days)
        target = np.repeat(physical.target[:, None] * 4e4, 50_000, axis=1)
        now = device.drift_error(target, days)
        micro = now / 4e4
        np.testing.assert_allclose(micro.mean(axis=1), trip.found["conductance_mean"][:, k], rtol=0.01)
        np.testing.assert_allclose(micro.std(axis=1), trip.found["conductance_std"][:, k], rtol=0.02)
        noise = device.read_noise(now) / now - 1.0
        # at low targets the rare devices that lie far below have most of it
        np.testing.assert_allclose(noise.std(axis=1), trip.found["noise_std"][:, k], rtol=0.05)
    fresh = device.programming_error(target) / 4e4
    np.testing.assert_allclose(fresh.std(axis=1), physical.conductance_std[:, 0], rtol=0.02)


@pytest.mark.usefixtures("simulator")
def test_the_device_for_crosssim_bends_as_the_cell_does(physical, tmp_path):
    pcm.export.crosssim(physical, tmp_path / "c")
    device = device_of(tmp_path / "c" / "pcm_device.py")
    volts = np.linspace(-0.2, 0.2, 9)
    target = physical.target[3] * 4e4
    found = device.nonlinear_current(np.full((1,), target), np.tile(volts / 0.2, (1, 1)))
    expected = target * volts / 0.2 * np.interp(np.abs(volts), np.linspace(0.0, 0.2, 9), physical.shape[3])
    np.testing.assert_allclose(found[0], expected, rtol=1e-6, atol=1e-12)
    assert device.nonlinear_current(np.zeros(1), np.zeros(1)) == 0.0
    assert np.isfinite(device.read_noise(np.zeros(1))).all()
    for Vread in (0.3, -0.3):
        with pytest.raises(ValueError, match=r"was exported up to 0\.2 V"):
            device_of(tmp_path / "c" / "pcm_device.py", Vread=Vread).nonlinear_current(np.ones(1), np.ones(1))


@pytest.mark.usefixtures("simulator")
def test_the_device_for_crosssim_says_what_does_not_fit(tmp_path):
    cell = pcm.load_cell("ibm-90nm-projected")
    pcm.export.crosssim(cell, tmp_path / "c", levels=3, times=[DAY], devices=100)
    path = tmp_path / "c" / "pcm_device.py"
    with pytest.raises(ValueError, match="Rmin >= 40000"):
        device_of(path, Rmin=1e3, Gmin_norm=0.5)
    with pytest.raises(ValueError, match="Rmax <= 200000"):
        device_of(path)
    with pytest.raises(ValueError, match="was exported up to 1 days; got 2"):
        device_of(path, Gmin_norm=0.2).drift_error(np.ones(1), 2.0)


# --- NeuroSim and tables


def test_states_for_neurosim(tmp_path):
    done = pcm.export.neurosim(PHYSICAL, tmp_path / "n", bits=2, times=[3600.0, DAY], devices=200)
    lines = (tmp_path / "n" / "mem_states.csv").read_text().splitlines()
    assert lines[0] == "states,mean,std"
    assert [line.split(",")[0] for line in lines[1:]] == ["0", "1", "2", "3"]
    found = read_states([(tmp_path / "n" / "mem_states_3600s.csv").read_bytes()])
    np.testing.assert_allclose(
        found["conductance_mean"][:, 0], done.round_trip.source.conductance_mean[:, 1], rtol=1e-8
    )
    words = (tmp_path / "n" / "options.txt").read_text().split()
    assert words[words.index("--bitcell") + 1] == "2"
    assert words[words.index("--v") + 1] == "0"
    assert [line.split(":")[0] for line in done.round_trip.not_carried()] == ["read noise, relative"]


def array(wires, weights, inputs, cell=STATISTICAL):
    matrix = pcm.AnalogMatrix(weights, cell, wires=wires, seed=1)
    matrix.fit_range(inputs)
    matrix.program()
    return matrix


def test_output_error_for_neurosim_carries_ir_drop(tmp_path):
    rng = np.random.default_rng(0)
    weights, inputs = rng.random((64, 16)), rng.random((300, 64))
    found = {}
    for ohm in (0.0, 20.0):
        found[ohm] = pcm.export.output_error(array(pcm.Wires(row=ohm, column=ohm), weights, inputs), inputs, bits=5)
    top = found[0.0].count.argmax()
    assert found[20.0].mean[top] < found[0.0].mean[top] - 0.5
    pcm.export.neurosim(STATISTICAL, tmp_path / "n", bits=1, devices=100, outputs=found[20.0])
    lines = (tmp_path / "n" / "output_noise.csv").read_text().splitlines()
    assert lines[0] == "output,mean,std"
    assert len(lines) == 1 + 2**5 + 1
    words = (tmp_path / "n" / "options.txt").read_text().split()
    assert words[words.index("--adc_precision") + 1] == "5"
    assert words[words.index("--output_noise") + 1] == "-1"


def test_output_error_is_the_error_by_code():
    rng = np.random.default_rng(0)
    weights, inputs = rng.random((32, 8)), rng.random((200, 32))
    matrix = array(None, weights, inputs)
    twin = array(None, weights, inputs)
    found = pcm.export.output_error(matrix, inputs, bits=4)
    exact, read = (inputs @ weights).ravel(), twin.matvec(inputs).ravel()
    step = exact.max() / 16
    here = np.rint(exact / step).astype(int) == 12
    assert found.count[12] == here.sum() > 8
    assert found.mean[12] == pytest.approx(12 + ((read - exact) / step)[here].mean())
    assert found.std[12] == pytest.approx(((read - exact) / step)[here].std(ddof=1))
    assert np.isfinite(found.std).all()


@pytest.mark.parametrize(
    ("inputs", "bits", "words"),
    [
        (np.ones((3, 5)), 4, "inputs must have shape"),
        (np.zeros((3, 4)), 4, "all exact outputs are alike"),
        (np.eye(4), 16, "tell no spread"),
        (np.eye(4), 0, "bits"),
    ],
)
def test_outputs_that_tell_nothing(inputs, bits, words):
    matrix = array(None, np.arange(1.0, 9.0).reshape(4, 2), np.eye(4))
    with pytest.raises(pcm.ParameterError, match=re.escape(words)):
        pcm.export.output_error(matrix, inputs, bits=bits)
    with pytest.raises(pcm.ParameterError, match="matrix must be an AnalogMatrix"):
        pcm.export.output_error(np.eye(3), inputs)


def test_tables_say_their_units(statistical, tmp_path):
    import xarray as xr

    done = pcm.export.tables(statistical, tmp_path / "t")
    assert done.round_trip.counts == (66, 66)
    rows = (tmp_path / "t" / "levels.csv").read_text().splitlines()
    assert len(rows) == 1 + 6 * 3
    schema = json.loads((tmp_path / "t" / "levels.schema.json").read_text())
    assert rows[0].split(",") == list(schema["properties"]) == schema["required"]
    with xr.open_dataset(tmp_path / "t" / "levels.nc") as again:
        np.testing.assert_array_equal(again.noise, statistical.noise)


# --- what is refused


@pytest.mark.parametrize("write", [pcm.export.aihwkit, pcm.export.crosssim])
def test_a_cell_without_drift_is_refused_where_the_format_is_one_of_drift(write, tmp_path):
    still = STATISTICAL.but(
        {
            f"drift_exponent_{name}.{key}": 0.0
            for name in ("mean", "spread")
            for key in ("log_slope", "offset", "low", "high")
        }
    )
    with pytest.raises(pcm.ParameterError, match="does not drift"):
        write(still, tmp_path / "x", levels=3, times=[DAY], devices=100)
    assert list(tmp_path.iterdir()) == []
    done = pcm.export.neurosim(still, tmp_path / "n", bits=1, devices=100)
    assert done.round_trip.counts[1] > 0


@pytest.mark.parametrize("target", ["aihwkit", "crosssim", "neurosim", "tables"])
def test_nothing_is_sampled_for_a_folder_that_holds_other_files(target, tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr(type(STATISTICAL), "population", lambda *a, **k: pytest.fail("sampled"))
    with pytest.raises(pcm.ParameterError, match="holds other files"):
        getattr(pcm.export, target)(STATISTICAL, tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("write", [pcm.export.aihwkit, pcm.export.crosssim])
def test_names_are_checked_first(write, tmp_path):
    for name in ("class", "a b", "TARGETS"):
        with pytest.raises(pcm.ParameterError, match="name"):
            write(STATISTICAL, tmp_path / "x", name=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_states_in_disorder_and_wrong_counts(statistical, tmp_path):
    with pytest.raises(pcm.ParameterError, match="2 bits are 4 states; these statistics have 6"):
        pcm.export.neurosim(statistical, tmp_path / "n")
    with pytest.raises(pcm.ParameterError, match="outputs must be what output_error gives"):
        pcm.export.neurosim(STATISTICAL, tmp_path / "n", outputs="noise.csv")
    with pytest.raises(pcm.ParameterError, match="not in ascending order"):
        pcm.export.neurosim(PHYSICAL, tmp_path / "n", bits=8, devices=100, times=[1e8])
    assert list(tmp_path.iterdir()) == []


# --- the report


def test_the_report_lists_bins_with_their_reason(statistical):
    wrong = statistical.noise_std.copy()
    wrong[[1, 2, 4], 1] *= 1.05
    trip = round_trip("x", statistical, {"noise_std": wrong}, {"noise_std": "Because."}, ("All else.",), 0)
    assert trip.counts == (15, 18)
    (line,) = trip.not_carried()
    assert line == (
        "read noise, relative: 3 of 18 bins are more than 3 % off (worst 5 %), at targets of 5 to 10, 20 uS. Because."
    )
    page = trip.page()
    assert "All else." in page
    assert "Because." in page
    assert page.count("<table>") == 3
    assert page.isascii() or 'charset="utf-8"' in page


def test_the_report_knows_of_kinks_between_targets():
    levels = np.linspace(5e-6, 25e-6, 11)
    source = pcm.export.sample(STATISTICAL, levels=levels, times=[DAY], devices=20_000)
    found = round_trip("x", source, {"noise_std": source.noise_std}, {}, (), 0)
    off = found.between()
    law = STATISTICAL.moments(levels)["drift_exponent_spread"]
    assert off["exponent_std"] == pytest.approx(
        0.5 * np.abs(0.5 * (law[:-2] + law[2:]) / law[1:-1] - 1.0).max(), abs=0.01
    )
    assert off["conductance_mean"] < 0.005
    assert "interpolation may be off by up to" in found.page()


def test_missing_numbers_are_not_within_bounds(statistical):
    gone = np.full_like(statistical.noise_std, np.nan)
    trip = round_trip("x", statistical, {"noise_std": gone}, {}, (), 0)
    assert trip.counts[0] == 0


def test_numbers_are_written_as_python_reads_them():
    assert written(np.array([[1.0, 2.5e-7], [3.0, 4.0]])) == "[\n[1.0, 2.5e-07],\n[3.0, 4.0],\n]"
    assert written({"a": 1, "b": np.float64(0.1)}) == "{'a': 1, 'b': 0.1}"
    assert plain('my "cell"\n$x') == "my _cell___x"


def test_a_twin_gives_what_it_is_made_of(statistical, tmp_path):
    pcm.export.aihwkit(statistical, tmp_path / "a")
    found = carried(statistical, TableCarrier((tmp_path / "a" / "pcm_noise_model.py").read_bytes(), 1e-6), 1000)
    assert isinstance(found, Carried)
    assert found.noise_std.shape == statistical.noise_std.shape
