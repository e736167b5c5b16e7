"""Results that leave as labelled arrays and as tables: each public result has both, with names and units."""

import functools
import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.numerics.labelled import Labelled, dataset, frame
from tests.test_objects import OBJECTS, G, V, crossbar, public_classes, same

# sizes and units of the data set; axes and some columns of the table
RESULTS = {
    "Solution": (
        {"row": 2, "column": 3, "input": 2},
        {"row_current": "A", "cell_voltage": "V", "slope": "S", "power": "W"},
        ["row", "column", "input"],
    ),
    "ProgramReport": ({"row": 2, "column": 3}, {"error": "S", "iterations": "1", "converged": "1"}, ["row", "column"]),
    "PulseReport": ({"row": 2, "column": 3}, {"peak_temperature": "K", "energy": "J"}, ["row", "column"]),
    "WriteReport": (
        {"row": 2, "column": 3},
        {"current": "A", "hottest": "K", "energy": "J", "cell_voltage": "V"},
        ["row", "column"],
    ),
    "Noise": ({"row": 2, "column": 3}, {"variance": "A2", "std": "A", "share": "1"}, ["row", "column"]),
    "ReadMargin": ({}, {"high": "A", "low": "A", "margin": "1", "sneak": "1"}, [None]),
    "WriteMargin": ({"row": 2, "column": 3}, {"voltage": "V", "leakage": "A", "power": "W"}, ["row", "column"]),
    "StatisticalLook": ({"row": 2, "column": 3}, {"conductance": "S", "age": "s"}, ["row", "column"]),
    "MushroomLook": (
        {"row": 2, "column": 3},
        {"conductance": "S", "threshold_voltage": "V", "glass_age": "s", "relative_noise": "1"},
        ["row", "column"],
    ),
    "PulsedLook": ({"row": 2, "column": 3}, {"conductance": "S", "drift_exponent": "1"}, ["row", "column"]),
    "FilmHistory": ({}, {"temperature": "K", "crystalline": "1", "grains": "1/m3"}, ["time [s]"]),
    "UpdateResponse": ({"pulse": 6}, {"conductance": "S", "up": "1"}, ["pulse"]),
    "Measurement": ({"device": 2, "read": 12}, {"conductance": "S", "censored": "1", "time": "s"}, ["device", "read"]),
    "Table": ({"row": 12}, {"voltage": "V", "current": "A"}, ["row"]),
    "DriftTable": ({"device": 2, "time": 12}, {"conductance": "S", "time": "s"}, ["device", "time [s]"]),
    "DriftFit": ({"time": 12}, {"exponent": "1", "g0": "S", "delay": "s"}, ["device"]),
    "DriftPopulation": ({"device": 2, "time": 12}, {"exponent": "1", "g0": "S", "delay": "s"}, ["device"]),
    **{
        name: (sizes, units, ["parameter"])
        for name, sizes, units in (
            ("CurveFit", {"parameter": 2}, {}),
            ("FitResult", {"parameter": 2}, {}),
            ("SpectrumFit", {}, {}),
            ("TelegraphFit", {"time": 2000}, {"trace": "S"}),
            ("RetentionFit", {}, {}),
            ("ProgrammingCurve", {}, {}),
            ("PulseTrainFit", {"read": 11}, {"read_conductance": "S"}),
            ("Calibration", {"parameter": 1}, {"history": "1"}),
            ("UpdateFit", {"read": 121, "device": 5}, {"conductance": "S"}),
            ("IvFit", {}, {}),
        )
    },
    "PulseTrains": ({"amplitude": 2}, {"read_conductance": "S"}, ["amplitude [A]", "parameter"]),
    "CalibratedCurve": ({"place": 3}, {"value": "S", "error": "S", "found": "S"}, ["place"]),
    "IvSweep": ({"point": 79}, {"voltage": "V", "current": "A", "threshold_voltage": "V"}, ["point"]),
    "LevelStatistics": (
        {"target": 2, "time": 2},
        {"conductance_mean": "S", "exponent_std": "1"},
        ["target [S]", "time [s]"],
    ),
    "RoundTrip": (
        {"target": 2, "time": 2},
        {"conductance_mean": "S", "conductance_mean_there": "S", "noise_std_off": "1"},
        ["target [S]", "time [s]"],
    ),
    "OutputError": ({"code": 3}, {"mean": "1", "std": "1", "count": "1"}, ["code"]),
    "Split": ({"magnitude": 3, "device": 4}, {"target": "S"}, ["magnitude", "device"]),
    "OptimisedSplit": ({"device": 4}, {"target": "S"}, ["magnitude", "device"]),
    "Floorplan": ({"layer": 9}, {"tiles": "1", "time": "s", "latency": "s"}, ["layer"]),
    "Cost": ({"scope": 3}, {"energy": "J", "area": "m2", "latency": "s", "efficiency": "1/J"}, ["scope"]),
    "ScopeCost": ({}, {"energy": "J", "energy_of_part": "J", "period": "s"}, ["scope"]),
    "Breakdown": ({}, {"value": "J", "share": "1"}, ["part"]),
    "TradeOff": (
        {"conductance": 2, "integration": 3},
        {"efficiency": "1/J", "decibel": "dB"},
        ["conductance [S]", "integration [s]"],
    ),
}

NO_RESULTS = """
StatisticalCell MushroomCell FilmCell PulsedCell FittedCell StatisticalPopulation MushroomPopulation PulsedPopulation
Technology Quantity Chip

Pulse Scheme Wires Bias Selection Crossbar Diode Exponential Transistor OTS Selector ThermalCrosstalk AnalogMatrix
Snapshot Mapping DifferentialPair ReferenceColumn SeveralPairs Periphery TrainableMatrix UpdateTrains Sgd TikiTaka
Buffered Chopped DynamicReference MixedPrecision OneSided PairCell Layout Parameter Free Search CalibrationPlan
Target PulseTrain Experiment Bake CurrentVoltage PulseAmplitude ProgramAndVerify ReadNoise Simulated IvOptions
FitLaw PooleLaw PooleDomeLaw PooleFrenkelLaw OhmicLaw StudyConfig SelectorMarginConfig DesignSpaceConfig
ChipConfig ChipScaleConfig TrainingConfig LayersConfig LayerShape Workers

Nonlinearity PulseCounts Prediction Spread Source Trace AtTemperature Estimate Goodness Failures Exported
ExportedDevice Stage Stages Link Optimum

WorkerDied ParameterError ValidityWarning ConvergenceError StudyInterrupted
"""
"""Cells and devices, whose look is above; what goes in; a few numbers or names of something above; errors."""


@functools.cache
def result(name):
    return OBJECTS[name][0]()


def test_every_public_class_is_a_result_or_none():
    assert sorted([*RESULTS, *NO_RESULTS.split()]) == sorted(public_classes())
    kinds = public_classes()
    assert all(issubclass(kinds[name], Labelled) for name in RESULTS)
    assert not any(issubclass(kinds[name], Labelled) for name in NO_RESULTS.split())


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
@pytest.mark.parametrize("name", RESULTS)
def test_data_sets_name_axes_and_units_and_survive_a_file(name):
    thing = result(name)
    found = thing.to_dataset()
    sizes, units, _ = RESULTS[name]
    assert sizes.items() <= dict(found.sizes).items()
    for variable, unit in units.items():
        assert found[variable].attrs["units"] == unit
    assert all({"units", "long_name"} <= found[variable].attrs.keys() for variable in found.variables)
    title = found.attrs["title"]
    assert title.startswith("pcmphys ") or title == thing.title
    for variable in found.data_vars:
        own = getattr(thing, variable, None)
        if own is not None and np.shape(own) == found[variable].shape:
            assert same(found[variable].values, np.asarray(own))
    stream = io.BytesIO(found.to_netcdf(engine="h5netcdf"))
    again = xr.load_dataset(stream, engine="h5netcdf")
    xr.testing.assert_identical(again, found)


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
@pytest.mark.parametrize("name", RESULTS)
def test_tables_name_their_rows_and_units_and_survive_a_file(name):
    thing = result(name)
    found, table = thing.to_dataset(), thing.to_dataframe()
    _, units, axes = RESULTS[name]
    assert list(table.index.names) == axes
    assert len(table) == np.prod([found.sizes.get(axis.split(" ")[0], 1) for axis in axes if axis], dtype=int)
    for variable, unit in units.items():
        column = variable if unit == "1" else f"{variable} [{unit}]"
        if set(found[variable].dims) <= {str(axis).split(" ")[0] for axis in axes} and column not in axes:
            values = found[variable].broadcast_like(found[variable]).values
            assert column in table
            if values.size == len(table):
                assert same(table[column].to_numpy(), values.reshape(-1))
    assert not any(isinstance(value, np.ndarray) for value in table.to_numpy(dtype=object).ravel())
    assert table.attrs["title"] == found.attrs["title"]
    text = table.to_csv()
    again = pd.read_csv(io.StringIO(text), index_col=list(range(len(axes))))
    assert list(again.columns) == list(table.columns)
    assert len(again) == len(table)


def test_what_lies_along_fewer_axes_is_repeated_and_along_others_left_out():
    found = dataset(
        "x",
        {
            "both": (("a", "b"), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "V", "a place"),
            "one": (("b",), [7.0, 8.0, 9.0], "1", "a column"),
            "all": ((), 2.5, "K", "everywhere"),
            "other": (("c",), [1.0], "1", "elsewhere"),
        },
        {"a": (("a",), [10.0, 20.0], "s", "when"), "name": (("b",), ["x", "y", "z"], "1", "who")},
        note="well",
    )
    table = frame(found)
    assert list(table.index.names) == ["a [s]", "b"]
    assert sorted(table.columns) == ["all [K]", "both [V]", "name", "one"]
    row = table.loc[(20.0, 1)]
    assert (row["both [V]"], row["one"], row["all [K]"], row["name"]) == (5.0, 8.0, 2.5, "y")
    assert table.attrs["note"] == "well"
    assert list(frame(found, ("c",)).columns) == ["all [K]", "other"]
    assert len(frame(found, ())) == 1


def test_data_sets_without_nodes_and_of_a_spectrum():
    solution = crossbar().solve(pcm.Bias.matvec(V))
    assert "cell_voltage" not in solution.to_dataset(nodes=False)
    assert solution.to_dataset(nodes=False).attrs["residual"] == solution.residual
    spectrum = pcm.Crossbar(G).noise_density(pcm.Bias.matvec(V), 1e-4).to_dataset()
    assert (spectrum["variance"].attrs["units"], spectrum["std"].attrs["units"]) == ("A2/Hz", "A/sqrt(Hz)")


def test_a_data_set_does_not_change_with_what_it_was_made_of():
    noise = pcm.Crossbar(G).noise(pcm.Bias.matvec(V), 0.01)
    found = noise.to_dataset()
    found["share"][:] = 0.0
    assert noise.share.sum() == pytest.approx(1.0)


def test_xarray_and_pandas_are_loaded_when_they_are_asked_for():
    program = (
        "import sys, pcmphys as pcm; s = pcm.Crossbar([[1e-5]]).solve(pcm.Bias.matvec([0.1])); "
        "assert not {'xarray', 'pandas'} & set(sys.modules); s.to_dataframe(); assert 'xarray' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_pandas_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ParameterError, match="to_dataframe needs pandas: pip install pandas"):
        pcm.Crossbar([[1e-5]]).solve(pcm.Bias.matvec([0.1])).to_dataframe()
