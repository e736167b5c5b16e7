"""The study of a whole chip: its devices are those of one population, however cut up; clocks and floors are told."""

from __future__ import annotations

import json
import re
import tomllib
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.numerics.parts import Parts
from pcmphys.study import ChipScaleConfig, open_store, read_config, report, run
from pcmphys.study.chip_scale import figures, floors, tally, work
from pcmphys.study.chip_scale.clocks import SPENT, Stopwatch, thread_seconds, together_on_the_clock
from pcmphys.study.registry import plan_of

SMALL = {
    "study": "chip-scale", "seed": 3,
    "population": {"tiles": 3, "rows": 6, "columns": 20, "levels": 4, "times": [20.0, 86400.0], "keep_reads": True},
    "wires": {"tiles": 2, "rows": 12, "columns": 10, "segment": 20.0},
    "closed_loop": {"devices": 25, "slice": 10},
}  # fmt: skip
STATISTICAL, PHYSICAL = "ibm-90nm-statistical", "ibm-90nm-doped-gst"


@pytest.fixture(scope="module")
def dataset():
    return run(SMALL)


def measured(dataset):
    """Names of the variables that are of the machine."""
    spent = [name for name in dataset.data_vars if str(name).endswith(tuple(f"_{one}" for one in SPENT))]
    return [*spent, "floor", "core_seconds", "seconds", "rate", "distance", "memory"]


def physics(dataset):
    """What is the same wherever it runs."""
    return dataset.drop_vars(measured(dataset))


def test_every_result_is_there_with_its_unit(dataset):
    assert dataset["level_mean"].dims == ("tile", "level", "time")
    assert dataset["reads"].shape == (3, 2, 6, 20)
    assert dataset["loop_error"].shape == (25,)
    assert dataset["part"].values.tolist() == ["population", "wires", "closed-loop"]
    assert dataset["floor_part"].size == 7
    for name, variable in dataset.data_vars.items():
        assert variable.attrs["units"], name
        assert variable.attrs["long_name"], name
        assert np.isfinite(variable.values).all(), name
    for source in ("@article{joshi2020", "@article{"):
        assert source in dataset.attrs["references"]


def test_tiles_are_parts_of_one_population(dataset):
    """All devices at once, programmed word line by word line to the levels in turn, read at the same times."""
    devices = pcm.load_cell(STATISTICAL).population((3, 6, 20), seed=3)
    levels = np.linspace(0.0, 25e-6, 4)
    targets = np.broadcast_to(levels[np.arange(6) % 4][:, None], (3, 6, 20))
    error = devices.program(targets).error
    devices.wait(20.0)
    first = devices.read()
    devices.wait(86400.0 - devices.time)
    both = np.stack([first, devices.read()], axis=1)
    assert np.array_equal(dataset["reads"].values, both)
    assert np.allclose(dataset["programming_error"], np.sqrt(np.mean(error**2, axis=(1, 2))), rtol=1e-12)
    assert np.allclose(dataset["level_mean"][1, 2], both[1, :, 2].mean(axis=1), rtol=1e-12)
    assert np.allclose(dataset["level_spread"][1, 1], both[1, :, [1, 5]].std(axis=(0, 2)), rtol=1e-12)
    assert np.array_equal(dataset["level"].values, levels)


def test_slices_are_parts_of_one_population(dataset):
    cell = pcm.load_cell(PHYSICAL)
    targets = work.loop_targets(read_config(SMALL), cell, 0, 25)
    found = cell.population(25, seed=3).program(targets)
    assert np.array_equal(dataset["loop_error"].values, found.error)
    assert np.array_equal(dataset["loop_pulses"].values, found.iterations)
    assert np.array_equal(dataset["loop_converged"].values, found.converged)


def test_targets_of_the_closed_loop_are_pairs_of_normal_weights():
    cell, config = pcm.load_cell(PHYSICAL), ChipScaleConfig()
    some = work.loop_targets(config, cell, 10**12, 2000)
    weights = (some[0::2] - some[1::2]) / cell.conductance_maximum
    assert (np.minimum(some[0::2], some[1::2]) == 0.0).all()
    assert np.mean(weights) == pytest.approx(0.0, abs=3e-3)
    assert np.std(weights) == pytest.approx(0.33, abs=0.01)
    assert np.abs(weights).max() == 1.0
    assert np.array_equal(work.loop_targets(config, cell, 10**12 + 7, 3), some[7:10])


def test_wires_are_those_of_the_arrays(dataset):
    """Errors from the transfer matrix of each array of the pair, column by column."""
    weights = np.clip(np.random.default_rng([3, 1]).normal(size=(12, 10)) / 3.0, -1.0, 1.0)
    ideal = pcm.Periphery(dac_bits=None, adc_bits=None)
    matrix = pcm.AnalogMatrix(weights, pcm.load_cell(STATISTICAL), periphery=ideal, seed=3, first_cell=240)
    matrix.program()
    matrix.wait(86400.0)
    (state,) = matrix.snapshot().states
    found = [pcm.Crossbar(g, pcm.Wires(row=20.0, column=20.0)).transfer().T for g in state.conductance]
    errors, gains = [], []
    for arrays in (state.conductance, found):
        products = (arrays[0] - arrays[1]).ravel()
        gain = products @ weights.ravel() / (weights**2).sum()
        errors.append(np.linalg.norm(products / gain - weights.ravel()) / np.linalg.norm(weights))
        gains.append(gain)
    assert float(dataset["devices_error"][1]) == pytest.approx(errors[0], rel=1e-9)
    assert float(dataset["wires_error"][1]) == pytest.approx(errors[1], rel=1e-9)
    assert float(dataset["wires_gain"][1]) == pytest.approx(gains[1] / gains[0], rel=1e-9)
    assert gains[1] < 0.995 * gains[0]


def test_what_was_measured_is_told(dataset):
    for part, prefix, axis in (("population", "population", "tile"), ("wires", "wires", "pair"),
                               ("closed-loop", "loop", "slice")):  # fmt: skip
        one = dataset.sel(part=part)
        cpu = dataset[f"{prefix}_cpu"]
        assert cpu.dims == (axis,)
        assert float(one["core_seconds"]) == pytest.approx(float(cpu.sum()))
        assert float(one["rate"]) == pytest.approx(float(one["devices"] / one["core_seconds"]))
        assert 0.0 < float(one["seconds"]) <= float(dataset[f"{prefix}_elapsed"].sum()) * 1.001
        assert 5e7 < float(one["memory"]) < 1e11
    assert float(dataset["devices"].sel(part="wires")) == 2 * 2 * 12 * 10
    floor = dataset["floor"].values
    loop = dataset.sel(part="closed-loop")
    turns = float(dataset["loop_pulses"].sum())
    assert float(loop["distance"]) == pytest.approx(float(loop["core_seconds"]) / (turns * floor[-1]))
    population = dataset.sel(part="population")
    assert float(population["distance"]) == pytest.approx(float(population["core_seconds"]) / (360 * floor[:5].sum()))


def test_physics_does_not_depend_on_where_it_runs_or_how_it_is_cut(dataset):
    with ThreadPoolExecutor(2) as threads:
        there = run({**SMALL, "closed_loop": {"devices": 25, "slice": 7}, "parts": ["closed-loop", "wires"]}, threads)
    assert there["part"].values.tolist() == ["wires", "closed-loop"]
    for name in ("loop_error", "loop_pulses", "wires_error", "wires_gain"):
        assert np.array_equal(there[name].values, dataset[name].values), name


def test_it_goes_on_from_what_is_finished(dataset, tmp_path, monkeypatch):
    real, saved = Parts.save, []

    def save_some(self, key, part):
        saved.append(key)
        if len(saved) > 5:
            raise OSError("the disk is full")
        real(self, key, part)

    monkeypatch.setattr(Parts, "save", save_some)
    with pytest.raises(OSError, match="the disk is full"):
        run(SMALL, directory=tmp_path)
    monkeypatch.setattr(Parts, "save", real)
    steps = []
    again = run(SMALL, directory=tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert steps[0] == (5, 11)
    assert steps[-1] == (11, 11)
    assert physics(again).drop_attrs().identical(physics(dataset).drop_attrs())


def test_blocks_of_devices_go_to_a_store_one_by_one(dataset, tmp_path):
    pytest.importorskip("zarr")
    found = run(SMALL, directory=tmp_path, store="zarr")
    assert open_store(tmp_path / "results.zarr")["loop_error"].encoding["chunks"] == (10,)
    assert found["reads"].encoding["chunks"] == (1, 2, 6, 20)
    for name in physics(dataset).data_vars:
        assert np.array_equal(found[name].values, dataset[name].values), name
    assert float(found["distance"].sel(part="wires")) > 0.0


@pytest.mark.parametrize("at_once", [7, 100])
def test_a_closed_loop_is_counted_piece_by_piece(dataset, monkeypatch, at_once):
    monkeypatch.setattr(tally, "_AT_ONCE", at_once)
    found, pulses = tally.tally(dataset), dataset["loop_pulses"].values.astype(int)
    converged = dataset["loop_converged"].values > 0.5
    for counted, chosen in zip(found.counts, (~converged, converged), strict=True):
        assert counted.tolist() == np.bincount(pulses[chosen], minlength=pulses.max() + 1).tolist()
    assert found.converged == converged.mean()
    assert found.pulses == pytest.approx(pulses.mean(), rel=1e-14)
    assert found.error == pytest.approx(np.sqrt(np.mean(dataset["loop_error"].values ** 2)), rel=1e-14)


def test_the_report_opens_with_the_answer(dataset, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = report.write(dataset, tmp_path / "report.html").read_text()
        report.write_overview(dataset, tmp_path / "overview.png")
    assert text.index("360 devices programmed, aged and read in") < text.index("<img") < text.index("<h2")
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    for words in (
        "times the floor",
        "normal deviates",
        "one double sweep an input",
        "Not modelled",
        "a turn of a device",
    ):
        assert words in text, words
    lines = report.remarks(dataset)
    assert lines[0].startswith(f"population, {STATISTICAL}: programmed within")
    assert "at 20 ohm a segment, 1 day after programming: products are" in lines[1]
    assert "all 480 devices of 2 tiles of pairs would take" in lines[2]
    (table,) = report.tables(dataset)
    assert [row[0] for row in table.rows] == ["population", "wires", "closed-loop"]


def test_the_figure_names_what_is_seen_and_hides_nothing(dataset):
    """Where wires cost nothing both errors lie on each other: rings about dots. A floor of no width has no name."""
    quick = dataset.copy(deep=True)
    names = list(quick["floor_part"].values)
    for part in quick["part"].values:
        own = [k for k, name in enumerate(names) if str(name).startswith(f"{part}: ")]
        quick["floor"][own[-1]] = 0.0 if len(own) > 1 else quick["floor"][own[-1]]
    quick["distance"][:] = 2.0
    drawn = figures.overview(quick)
    without, with_wires = next(axes for axes in drawn.axes if axes.get_ylabel().startswith("error of")).lines
    assert without.get_markerfacecolor() == "none"
    assert without.get_markersize() > 2.0 * with_wires.get_markersize()
    shown = {text.get_text() for text in drawn.legends[0].get_texts()}
    assert shown < {str(name).partition(": ")[2] for name in names}


def test_one_part_alone(tmp_path):
    found = run({**SMALL, "parts": ["wires"], "population": {"tiles": 1}})
    assert set(found.dims) == {"part", "floor_part", "pair"}
    assert "level" not in found.coords
    report.write(found, tmp_path / "report.html")
    assert len(figures.overview(found).axes) == 2


def test_a_tile_may_have_fewer_word_lines_than_levels(tmp_path):
    found = run({**SMALL, "parts": ["population"], "population": {"tiles": 1, "rows": 2, "columns": 3, "levels": 3}})
    assert np.isnan(found["level_mean"].values[0, :, 0]).tolist() == [False, False, True]


def test_pieces_on_the_clock():
    assert together_on_the_clock(np.array([5.0, 0.0, 1.0]), np.array([1.0, 3.0, 1.0])) == 4.0
    with Stopwatch() as watch:
        sum(range(100_000))
    assert 0.0 < watch.spent["cpu"] <= 1.05 * watch.spent["elapsed"]
    assert thread_seconds({"a": lambda: sum(range(1000))}, rounds=2)["a"] > 0.0


def test_floors_do_the_work_that_they_say():
    """The sweeps of a floor are those of the solver: repeated, they converge to its answer."""
    from pcmphys.crossbar import Bias, Crossbar, Wires
    from pcmphys.crossbar.solver import linear
    from pcmphys.crossbar.solver.ends import joined

    cells = np.random.default_rng(1).uniform(1e-6, 2e-5, (9, 7))
    wires, bias = Wires(row=5.0, column=3.0), Bias.matvec(np.linspace(0.1, 0.2, 9))
    ((ends, _, (drive,)),) = joined(bias.sized(9, 7), wires.per_line(9, 7))
    net = linear.network(cells, ends)
    x, current = np.zeros_like(cells), np.zeros_like(cells)
    for _ in range(40):
        floors.double_sweep(net, drive, x, current)
    assert np.allclose(x, Crossbar(cells, wires).solve(bias).column_voltage, rtol=1e-9)
    times = thread_seconds(floors.population_tasks(2000), rounds=1)
    parts = floors.population_floor(times, 2000, 2, made=False)
    assert tuple(parts) == floors.NAMES["population"]
    assert all(value >= 0.0 for value in parts.values())


def test_memory_counts_the_largest_part():
    one = {**SMALL, "population": {"rows": 512, "columns": 2048}}
    assert 1e8 < plan_of(read_config(one)).memory() < 2e8
    assert plan_of(read_config({**one, "parts": ["wires"]})).memory() < 1e6


def test_the_template_is_the_default():
    content = tomllib.loads(ChipScaleConfig.template)
    assert ChipScaleConfig(**content) == ChipScaleConfig() == read_config("chip-scale")
    assert 2 * 64 * 256 * 256 == 8_388_608


def test_files_beside_the_study_are_found_from_it(tmp_path):
    (tmp_path / "mine.toml").write_text(f'name = "mine"\nbase = "{STATISTICAL}"\n')
    (tmp_path / "study.toml").write_text(
        'study = "chip-scale"\nparts = ["wires"]\n[wires]\ncell = "mine.toml"\ntiles = 1\nrows = 4\ncolumns = 4\n'
    )
    assert "mine" in json.loads(run(tmp_path / "study.toml").attrs["settings"])["wires"]["cell"]


@pytest.mark.parametrize(("changes", "words"), [
    ({"parts": ["wire"]}, ["parts", "did you mean 'wires'"]),
    ({"parts": ["wires", "wires"]}, ["each value may occur once"]),
    ({"parts": []}, ["parts"]),
    ({"population": {"cell": PHYSICAL}}, ["population.cell: 'ibm-90nm-doped-gst' is no statistical cell"]),
    ({"wires": {"cell": "gst225-film"}}, ["wires.cell: 'gst225-film' is no statistical cell"]),
    ({"closed_loop": {"cell": STATISTICAL}}, ["closed_loop.cell: 'ibm-90nm-statistical' takes no pulses"]),
    ({"closed_loop": {"scheme": "gradints"}}, ["closed_loop.scheme", "did you mean 'gradient'"]),
    ({"population": {"times": [20.0, 20.0]}}, ["times [s] must increase strictly"]),
    ({"population": {"levels": 1}}, ["population.levels must be at least 2; got 1"]),
    ({"wires": {"segment": -1.0}}, ["wires.segment must be at least 0"]),
    ({"wires": {"row": 3}}, ["wires.row", "did you mean 'rows'"]),
    ({"closed_loop": {"devices": 0}}, ["closed_loop.devices must be at least 1"]),
    ({"seed": -1}, ["seed must be at least 0"]),
])  # fmt: skip
def test_wrong_settings_are_named(changes, words):
    with pytest.raises(ParameterError) as error:
        run({**SMALL, **changes})
    for word in words:
        assert word in str(error.value), error.value
