"""Objects that travel: what is public pickles and copies, answers as before to the bit, and fits on one line."""

import copy
import importlib
import inspect
import pathlib
import pickle
import tempfile
import warnings

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.cells import load_cell
from pcmphys.fit import DriftTable, experiments
from pcmphys.programming import SCHEMES

ROOMS = ("pcmphys", *(f"pcmphys.{room}" for room in (
    "cells", "chip", "crossbar", "export", "fit", "fit.experiments", "matrix", "parameters", "plot", "programming",
    "study", "training",
)))  # fmt: skip
STATISTICAL = load_cell("ibm-90nm-statistical")
PHYSICAL = load_cell("ibm-90nm-doped-gst")
TRAINED = load_cell("rram-gong2018")
G = np.array([[1e-5, 2e-5, 0.0], [0.5e-5, 1.5e-5, 2.5e-5]])
V = np.array([0.2, 0.1])
TESTERS = pathlib.Path(__file__).parents[1] / "data" / "tester-files"
TIMES = np.geomspace(20.0, 1e5, 12)


def statistical():
    devices = STATISTICAL.population((2, 3), seed=5)
    devices.program(G)
    devices.wait(100.0)
    devices.read()
    return devices


def physical():
    devices = PHYSICAL.population((2, 3), seed=5, limited=0.3, ceiling=1e-5)
    devices.program(G)
    devices.wait(100.0)
    devices.read()
    devices.wait(10.0, temperature=350.0)
    return devices


def trained():
    devices = TRAINED.population((2, 3), seed=5, stuck=0.2)
    devices.pulse([[3, 0, -2], [1, 1, 5]])
    devices.wait(100.0)
    return devices


def future(devices):
    """Everything that comes after: it depends on all of the state."""
    devices.wait(1000.0)
    first = devices.read()
    error = devices.program(1e-5, where=G > 1e-5).error
    devices.wait(50.0)
    return devices.time, first, error, devices.conductance(), devices.read()


def looked(look):
    assert not look.conductance.flags.writeable
    return look.conductance, look.drift_exponent, look.relative_noise, *look.current(0.1), look.time, look.cell.name


def crossbar():
    ots = pcm.OTS(threshold_voltage=0.15, hold_voltage=0.05, holding_current=1e-9)
    return pcm.Crossbar(G, pcm.Wires(row=2.0, column=[1.0, 2.0, 3.0]), ots)


def matrix(**options):
    found = pcm.AnalogMatrix([[1.0, -0.5], [0.25, 0.0]], STATISTICAL, wires=pcm.Wires(row=1.0), seed=2, **options)
    found.program()
    return found


def multiplied(found):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gains = found.calibrate()
    found.wait(10.0)
    return gains, found.matvec([1.0, 0.5]), found.targets()


def drifts():
    rng = np.random.default_rng(3)
    return np.array([2e-5, 1e-5])[:, None] * TIMES**-0.05 * (1.0 + 0.01 * rng.standard_normal((2, 12)))


def measured():
    return pcm.fit.read(TESTERS / "08b_long_own_times.tsv")


def nodes(solution):
    return (
        solution.row_current, solution.column_current, solution.row_voltage, solution.cell_current, solution.power,
        solution.residual, solution.iterations, solution.on, solution.bias.left,
    )  # fmt: skip


def written():
    xbar = pcm.Crossbar(physical(), pcm.Wires(row=1.0))
    return xbar.write(pcm.Bias.select(0, 1, 1.5), pcm.Pulse(voltage=1.0, width=1e-7))


def attributes(thing):
    return {name: value for name, value in vars(thing).items() if not callable(value)}


class Own(pcm.Mapping):
    """A mapping of one's own: weights without sign."""

    def scale(self, weights, conductance_maximum, conductance_minimum=0.0):
        return self.largest(weights) / conductance_maximum

    def targets(self, weights, scale, conductance_maximum, conductance_minimum=0.0):
        return np.abs(weights)[None] / scale

    def combine(self, values):
        return values[0]


class Ohmic(pcm.Selector):
    """A selector of one's own."""

    def current(self, voltage, *, gate=None, on=None):
        return 1e-3 * np.asarray(voltage), np.full(np.shape(voltage), 1e-3)


def solved_with(selector, **options):
    return nodes(pcm.Crossbar(G, selector=selector).solve(pcm.Bias.matvec(10 * V, **options)))


def power_law(time, g0, nu):
    return g0 * time**-nu


def fitted_curve():
    time, reads = [1.0, 2.0, 4.0, 8.0, 16.0], [20.1, 19.2, 18.7, 17.9, 17.5]
    start = [pcm.fit.Parameter("g0", 10.0, unit="uS"), pcm.fit.Parameter("nu", 0.1)]
    return pcm.fit.curve(power_law, time, reads, start, error=0.1)


def noisy(count, traps=False):
    """Reads with white noise, and with a trap that changes every fifty of them or so."""
    rng = np.random.default_rng(1)
    state = np.cumsum(rng.random(count) < 0.02) % 2
    return 1e-5 - 2e-7 * state * traps + 4e-8 * rng.normal(size=count)


def retained():
    temperature = np.repeat([430.0, 450.0, 470.0], 20)
    time = 1e-15 * np.exp(np.random.default_rng(0).normal(2.5, 0.05, 60) / (8.617333e-5 * temperature))
    return pcm.fit.retention(np.minimum(time, 1e12), temperature, failed=time < 1e12)


def programmed_curve():
    current = np.linspace(100e-6, 500e-6, 21)
    closed = np.clip((current - 200e-6) / 150e-6, 0.0, 1.0)[:, None]
    return pcm.fit.programming_curve(
        current, 30e-6 * (1.0 - closed) + np.random.default_rng(0).normal(0.0, 1e-6, (21, 10))
    )


def stepped():
    steps = np.random.default_rng(0).normal(1e-6, 0.3e-6, (2, 10, 12))
    reads = np.concatenate([np.zeros((2, 1, 12)), np.cumsum(steps, axis=1)], axis=1)
    return pcm.fit.pulse_train(reads, amplitude=[50e-6, 90e-6])


FREE = pcm.fit.Free("heat.edge_drop", 0.3, 0.9)
TRAIN = experiments.PulseTrain(
    [1.0, 2.0, 3.0],
    {"step_mean": experiments.Target([1.8e-6, 1.4e-6, 1.0e-6], 1e-7)},
    pulse=pcm.Pulse(current=100e-6, width=50e-9, fall=5e-9),
    devices=20,
)


PAIR = experiments.Target([1.0, 2.0], 0.1)


def doubled(cell, x, devices, seed):
    return {"y": 2.0 * x}


def simulated(experiment):
    return experiment.simulate(PHYSICAL, 3), experiment.digest(), experiment.for_search().x


def plan():
    return pcm.fit.CalibrationPlan(PHYSICAL, (TRAIN,), (FREE,), pcm.fit.Search(rounds=1, fresh=2))


def swept():
    """A sweep through its threshold into an on-state."""
    volts = np.linspace(0.05, 2.0, 79)
    current = np.where(volts < 1.1, 1e-8 * np.sinh(volts / 0.25), 5e-4 * (volts - 0.8))
    return pcm.fit.iv(volts, current * (1.0 + 0.01 * np.random.default_rng(0).normal(size=79)), temperature=300.0)


def plan_of_two():
    return pcm.Floorplan([("first", 784, 300, 4), ("second", 300, 10)], "hermes-14nm")


def traded():
    return pcm.chip.trade_off("hermes-14nm", STATISTICAL, [5e-6, 2e-5], [1e-8, 1e-7, 1e-6], devices=10)


def shaped(law):
    return law, law.shape(np.array([0.0, 0.5, 3.0]), np.full(3, 3e-8)), law.scale(5.0, 300.0)


def results(fit):
    return fit.values, fit.errors, fit.summary()


def levels():
    return pcm.export.sample(STATISTICAL, levels=2, times=2, devices=100, seed=1)


def exported():
    with tempfile.TemporaryDirectory() as folder:
        return pcm.export.tables(levels(), pathlib.Path(folder) / "cell")


def exported_device():
    with tempfile.TemporaryDirectory() as folder:
        return pcm.export.aihwkit(TRAINED, pathlib.Path(folder) / "device")


# one of each public class, and what it is asked
OBJECTS = {
    "StatisticalCell": (lambda: STATISTICAL, lambda c: (c.parameters, c.technology, future_of_new(c))),
    "MushroomCell": (
        lambda: PHYSICAL.but({"read.duration": 1e-6}, source="mine"),
        lambda c: (c.parameters, c.technology, future_of_new(c)),
    ),
    "FilmCell": (lambda: load_cell("gst225-film"), lambda c: attributes(c.anneal([0.0, 9.0], [300.0, 420.0]))),
    "FilmHistory": (lambda: load_cell("gst225-film").anneal([0.0, 9.0], [300.0, 420.0]), attributes),
    "StatisticalPopulation": (statistical, future),
    "MushroomPopulation": (physical, future),
    "PulsedCell": (lambda: TRAINED, lambda c: (c.parameters, c.technology, c.symmetry_point, future(trained()))),
    "PulsedPopulation": (trained, future),
    "PulsedLook": (lambda: trained().now(), looked),
    "UpdateResponse": (lambda: TRAINED.response(up=3, down=2), attributes),
    "Nonlinearity": (lambda: TRAINED.nonlinearity, tuple),
    "FittedCell": (
        lambda: updates(),
        lambda c: (c.parameters, c.technology, c.fit.values, future(c.population((2, 3)))),
    ),
    "UpdateFit": (lambda: updates().fit, results),
    "TrainableMatrix": (
        lambda: pcm.TrainableMatrix((3, 2), TRAINED, pcm.TikiTaka(), seed=2),
        lambda m: (m.update([1.0, 0.5, -1.0], [0.3, -1.0], 0.1), m.weights, m.forward([1.0, 2.0, 3.0]), m.time),
    ),
    "UpdateTrains": (
        lambda: pcm.UpdateTrains(length=40),
        lambda t: tuple(t.levels(3.0, np.ones((1, 2)), np.ones((1, 3)))),
    ),
    "PulseCounts": (lambda: pcm.training.PulseCounts(3, 1, 20, 0), lambda c: c + c),
    **{
        name: (lambda name=name: getattr(pcm, name)(), lambda rule: rule)
        for name in (
            "Sgd", "TikiTaka", "Buffered", "Chopped", "DynamicReference", "MixedPrecision", "OneSided", "PairCell"
        )
    },
    "StatisticalLook": (lambda: statistical().now(), looked),
    "MushroomLook": (lambda: physical().now(320.0), looked),
    "Pulse": (lambda: pcm.Pulse(current=1e-4, width=1e-7, fall=5e-9), lambda p: (p, p.steps(1e-9))),
    "Scheme": (lambda: SCHEMES["gradient"].but(step=3e-6), lambda s: s),
    "ProgramReport": (lambda: statistical().program(G, where=G > 0), attributes),
    "PulseReport": (lambda: physical().apply(pcm.Pulse(current=3e-4, width=1e-7)), attributes),
    "WriteReport": (written, lambda r: (r.current, r.switched, r.hottest, r.energy, nodes(r.solution))),
    "Wires": (lambda: pcm.Wires(row=2.0, column=[1.0, 2.0, 3.0]), lambda w: pcm.Crossbar(G, w).transfer()),
    "Bias": (lambda: pcm.Bias.matvec(V), lambda b: nodes(pcm.Crossbar(G).solve(b))),
    "Selection": (lambda: pcm.Bias.select(1, 2, 0.3), lambda b: nodes(pcm.Crossbar(G).solve(b))),
    "Crossbar": (crossbar, lambda x: nodes(x.solve(pcm.Bias.matvec(V)))),
    "Solution": (lambda: crossbar().solve(pcm.Bias.matvec(np.stack([V, 2 * V], axis=1))), nodes),
    "Noise": (lambda: pcm.Crossbar(G).noise(pcm.Bias.matvec(V), 0.01), attributes),
    "ReadMargin": (
        lambda: pcm.read_margin((8, 8), cell=None, high=2e-5, low=1e-6, voltage=0.2), attributes),
    "WriteMargin": (lambda: pcm.write_margin(pcm.Crossbar(G, pcm.Wires(row=1.0)), 1.0), attributes),
    "Diode": (lambda: pcm.Diode(1e-12, 1.5), solved_with),
    "Exponential": (lambda: pcm.Exponential(1e-9, 0.1), solved_with),
    "Transistor": (lambda: pcm.Transistor(0.1, 2e-4), lambda s: solved_with(s, gate=1.0)),
    "OTS": (lambda: pcm.OTS(holding_current=1e-9), solved_with),
    "Selector": (Ohmic, lambda s: s.current([0.1, 0.2])),
    "ThermalCrosstalk": (lambda: pcm.ThermalCrosstalk(pitch=2e-7), lambda t: t.rise(np.full((3, 4), 1e-6))),
    "AnalogMatrix": (matrix, multiplied),
    "Snapshot": (lambda: matrix().snapshot(), lambda s: s.matvec([1.0, 0.5])),
    "Mapping": (Own, attributes),
    "DifferentialPair": (lambda: pcm.DifferentialPair(ceiling=1e-5), lambda m: multiplied(matrix(mapping=m))),
    "ReferenceColumn": (lambda: pcm.ReferenceColumn(), lambda m: multiplied(matrix(mapping=m))),
    "SeveralPairs": (lambda: pcm.SeveralPairs(pairs=2, factor=2.0), lambda m: multiplied(matrix(mapping=m))),
    "Split": (
        lambda: pcm.Split([0.0, 0.5, 1.0], np.outer([0.0, 0.5, 1.0], [2e-5, 0.0, 2e-5, 0.0]), 2.0),
        lambda s: (s.at(np.array([0.3])), s.full),
    ),
    "OptimisedSplit": (
        lambda: pcm.optimise_split(STATISTICAL, levels=4, samples=8, points=5),
        lambda s: (s.at(np.array([0.3])), s.summary()),
    ),
    "Periphery": (lambda: pcm.Periphery(dac_bits=6), lambda p: multiplied(matrix(periphery=p))),
    "DriftTable": (lambda: DriftTable(TIMES, drifts(), ["a", "b"]), lambda t: pcm.fit.drift(t).exponent),
    "DriftFit": (lambda: pcm.fit.drift(TIMES, drifts()[0]), lambda f: (f.summary(), f.predict(1e6), f.interval())),
    "DriftPopulation": (
        lambda: pcm.fit.drift(TIMES, drifts()),
        lambda f: (f.summary(), f.predict(1e6), f.interval(0.5), f[1].exponent, f[:2].exponent_mean),
    ),
    "Prediction": (lambda: pcm.fit.drift(TIMES, drifts()).predict(np.geomspace(1.0, 1e6, 50)), tuple),
    "Spread": (lambda: pcm.fit.drift(TIMES, drifts()).plain, tuple),
    "Table": (
        lambda: pcm.fit.Table({"voltage": TIMES, "current": TIMES}, {"voltage": "V", "current": "A"}),
        lambda t: (t["voltage"], t.summary(), t.some([0, 2]).rows, dict(t.units)),
    ),
    "Measurement": (measured, lambda m: (m.summary(), m.reads, m[1], m[:1].time, pcm.fit.drift(m).exponent)),
    "Source": (lambda: measured().source, lambda s: s.attributes()),
    "Trace": (lambda: measured()[0], tuple),
    "Layout": (lambda: pcm.fit.Layout(name="mine"), lambda one: one.model_dump_json()),
    "AtTemperature": (lambda: pcm.fit.drift(TIMES, drifts(), temperature=[300.0, 360.0]).by_temperature[0], tuple),
    "Parameter": (lambda: pcm.fit.Parameter("nu", 0.1), attributes),
    "CurveFit": (fitted_curve, results),
    "FitResult": (fitted_curve, lambda f: (results(f), f["nu"].value)),
    "Estimate": (lambda: fitted_curve()["nu"], attributes),
    "Goodness": (lambda: fitted_curve().goodness, attributes),
    "SpectrumFit": (lambda: pcm.fit.spectrum(noisy(4096), 1e-3), results),
    "TelegraphFit": (lambda: pcm.fit.telegraph(noisy(2000, traps=True), dt=1e-3), results),
    "Failures": (lambda: pcm.fit.failures([0.0, 100.0, 1000.0], [[1e-5, 9e-6, 4e-6], [1e-5, 9e-6, 8e-6]]), tuple),
    "RetentionFit": (retained, results),
    "ProgrammingCurve": (programmed_curve, results),
    "PulseTrainFit": (lambda: stepped()[1], results),
    "PulseTrains": (stepped, lambda trains: (trains.amplitude, trains.summary())),
    "Free": (lambda: FREE, lambda f: f.at(0.5)),
    "Search": (lambda: pcm.fit.Search(rounds=2), attributes),
    "Calibration": (lambda: plan().run(), lambda f: (results(f), f.history, f.cell.parameters)),
    "CalibratedCurve": (lambda: plan().run().curves[0], lambda c: (c.line(), c.off(held_out=False))),
    "CalibrationPlan": (plan, lambda p: p.run().values),
    "Target": (lambda: TRAIN.targets["step_mean"], lambda t: (t.used, t.value)),
    "PulseTrain": (lambda: TRAIN, simulated),
    "Experiment": (lambda: TRAIN, simulated),
    "Bake": (lambda: experiments.Bake([1e2, 1e3], {"log_conductance": PAIR}, temperature=400.0, devices=4), simulated),
    "CurrentVoltage": (lambda: experiments.CurrentVoltage([0.1, 0.2], {"log_current": PAIR}, devices=4), simulated),
    "PulseAmplitude": (
        lambda: experiments.PulseAmplitude([1e-4, 4e-4], {"log_conductance": PAIR}, devices=4), simulated
    ),
    "ProgramAndVerify": (
        lambda: experiments.ProgramAndVerify([5e-6, 1e-5], {"exponent_mean": PAIR}, devices=4), simulated
    ),
    "ReadNoise": (
        lambda: experiments.ReadNoise([5e-6, 1e-5], {"amplitude": PAIR}, reads=64, band=(40.0, 400.0), devices=4),
        simulated,
    ),
    "Simulated": (lambda: experiments.Simulated([1.0, 2.0], {"y": PAIR}, function=doubled), simulated),
    "IvFit": (swept, lambda f: (results(f), f([-0.3, 0.5]), f.on_current(1.5), f.threshold_voltage)),
    "IvSweep": (lambda: swept().sweeps[0], attributes),
    "IvOptions": (lambda: pcm.fit.IvOptions(floor=1e-12, below="keep", free="current_offset"), lambda o: o),
    "FitLaw": (lambda: pcm.fit.PooleLaw(6e-9), shaped),
    "PooleLaw": (lambda: pcm.fit.PooleLaw(6e-9), shaped),
    "PooleDomeLaw": (lambda: pcm.fit.PooleDomeLaw(6e-9, heater_radius=2e-8), shaped),
    "PooleFrenkelLaw": (lambda: pcm.fit.PooleFrenkelLaw(12.0), shaped),
    "OhmicLaw": (lambda: pcm.fit.OhmicLaw(), shaped),
    "LevelStatistics": (levels, lambda s: s.to_dataset().to_dict()),
    "Exported": (exported, lambda e: (e.files, e.summary())),
    "ExportedDevice": (exported_device, lambda e: (e.files, e.kind, e.lost, e.summary())),
    "RoundTrip": (lambda: exported().round_trip, lambda r: (r.found, r.counts, r.summary())),
    "OutputError": (lambda: pcm.export.output_error(matrix(), np.tile(np.eye(2), (20, 1)), bits=1), attributes),
    "StudyConfig": (lambda: pcm.study.StudyConfig(chips=2), lambda c: (c.model_dump_json(), c.digest())),
    "SelectorMarginConfig": (lambda: pcm.study.SelectorMarginConfig(), lambda c: (c.model_dump_json(), c.digest())),
    "DesignSpaceConfig": (lambda: pcm.study.DesignSpaceConfig(tail=0.01), lambda c: (c.model_dump_json(), c.digest())),
    "ChipConfig": (lambda: pcm.study.ChipConfig(batch=7), lambda c: (c.model_dump_json(), c.digest())),
    "ChipScaleConfig": (lambda: pcm.study.ChipScaleConfig(seed=7), lambda c: (c.model_dump_json(), c.digest())),
    "TrainingConfig": (lambda: pcm.study.TrainingConfig(epochs=3), lambda c: (c.model_dump_json(), c.digest())),
    "Chip": (
        lambda: pcm.load_chip("hermes-14nm").but({"array.phases": 1}),
        lambda c: (c.parameters, c.technology, c.cells, c.area),
    ),
    "Floorplan": (
        lambda: pcm.Floorplan(pcm.chip.network("resnet-9"), "hermes-14nm", replicate=True),
        lambda p: (p.links, p.stages, p.cost(3).summary()),
    ),
    "LayerShape": (lambda: pcm.chip.LayerShape("conv", 27, 64, 1024, conductance=G), lambda s: (s, s.macs)),
    "Stage": (lambda: plan_of_two().stages[0], lambda s: (tuple(s), s.time, s.latency)),
    "Stages": (lambda: plan_of_two().stages[0].product, lambda s: (tuple(s), s.period)),
    "Link": (lambda: plan_of_two().links[0], tuple),
    "Cost": (lambda: plan_of_two().cost(5), lambda c: c.summary()),
    "ScopeCost": (lambda: pcm.tile_cost(64, 32, 1e-6), lambda c: (dict(c.energy), c.efficiency, c.density)),
    "Breakdown": (lambda: pcm.tile_cost(64, 32, 1e-6).energy, lambda b: (dict(b), b.total, b.unit, b.shares)),
    "TradeOff": (traded, lambda t: (attributes(t), t.best(15.0))),
    "Optimum": (lambda: traded().best(15.0), tuple),
    "LayersConfig": (lambda: pcm.study.LayersConfig(chips=2), lambda c: (c.model_dump_json(), c.digest())),
    "Workers": (lambda: pcm.study.Workers(2), lambda w: w.count),
    "WorkerDied": (lambda: pcm.study.WorkerDied("a worker process died"), lambda e: (str(e), e.args)),
    "Technology": (lambda: PHYSICAL.technology, lambda t: t.model_dump_json()),
    "Quantity": (lambda: PHYSICAL.technology.quantities["heat.ambient"], lambda q: q.model_dump_json()),
    "ParameterError": (lambda: pcm.ParameterError("width is wrong"), lambda e: (str(e), e.args)),
    "ValidityWarning": (lambda: pcm.ValidityWarning("out of range"), lambda e: (str(e), e.args)),
    "ConvergenceError": (
        lambda: pcm.ConvergenceError("a crossbar", residual=0.1, iterations=3),
        lambda e: (str(e), e.residual, e.iterations),
    ),
    "StudyInterrupted": (
        lambda: pcm.study.StudyInterrupted(2, 3, "folder", running=True),
        lambda e: (str(e), e.total, e.folder, e.running),
    ),
}  # fmt: skip


def updates():
    devices = TRAINED.population(5, seed=1)
    reads = [devices.read()]
    for direction in [1] * 60 + [-1] * 60:
        devices.pulse(direction)
        reads.append(devices.read())
    return pcm.fit.updates(range(121), reads, [1] * 61 + [-1] * 60, law="jump_table")


def future_of_new(cell):
    devices = cell.population((2, 3), seed=1)
    devices.program(G)
    return future(devices)


def same(a, b):
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return a == b or (a != a and b != b)
    if hasattr(a, "__dataclass_fields__"):  # which may hold arrays
        return type(a) is type(b) and same(vars(a), vars(b))
    return bool(a == b)


def is_protocol(kind):
    return getattr(kind, "_is_protocol", False)


def public_classes():
    found = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        names = {name: getattr(module, name) for name in module.__all__}
        # what only says what others must offer has no objects of its own
        found |= {name: value for name, value in names.items() if inspect.isclass(value) and not is_protocol(value)}
    return found


def test_every_public_class_is_here():
    assert OBJECTS.keys() == public_classes().keys()


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
@pytest.mark.parametrize("name", OBJECTS)
def test_it_travels_and_answers_as_before(name):
    make, ask = OBJECTS[name]
    thing = make()
    assert isinstance(thing, public_classes()[name])
    travelled = pickle.loads(pickle.dumps(thing))
    copied = copy.deepcopy(thing)
    assert type(travelled) is type(copied) is type(thing)
    assert repr(travelled) == repr(copied) == repr(thing)
    # a copy has a life of its own: it is asked first, and the original still answers as if it was not
    answers = [ask(copied), ask(travelled)]
    expected = ask(thing)
    assert all(same(answer, expected) for answer in answers)
    # and once it has answered, with what it has kept by then
    again = pickle.loads(pickle.dumps(thing))
    assert same(ask(copy.deepcopy(thing)), ask(again))


FROZEN = {
    "StatisticalLook": ["conductance", "drift_exponent", "relative_noise"],
    "PulsedLook": ["conductance", "relative_noise"],
    "MushroomLook": ["conductance", "threshold_voltage", "drift_exponent"],
    "Bias": ["left", "right", "bottom", "top"],
    "Wires": ["column"],
    "Pulse": ["time", "drive"],
    "Split": ["magnitude", "targets"],
    "OptimisedSplit": ["magnitude", "targets"],
    "Solution": ["on"],
    "AnalogMatrix": ["weights"],
    "Measurement": ["time", "conductance", "censored"],
    "LevelStatistics": ["target", "loss", "noise"],
    "OutputError": ["mean", "std"],
    "TradeOff": ["conductance", "efficiency", "decibel"],
}


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
@pytest.mark.parametrize("name", FROZEN)
def test_what_cannot_be_written_to_stays_so(name):
    thing = OBJECTS[name][0]()
    for one in (thing, pickle.loads(pickle.dumps(thing)), copy.deepcopy(thing), copy.copy(thing)):
        assert not any(getattr(one, array).flags.writeable for array in FROZEN[name])


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
@pytest.mark.parametrize("name", OBJECTS)
def test_its_repr_is_one_short_line_that_says_what_it_is(name):
    thing = OBJECTS[name][0]()
    text = repr(thing)
    assert "\n" not in text
    assert len(text) < 200, text
    assert type(thing).__name__ in text or text.startswith("Bias.select(")
    assert " object at 0x" not in text
    assert "\n" not in str(thing)


@pytest.mark.parametrize("make", [
    lambda: STATISTICAL.population((1000, 1000)),
    lambda: pcm.Crossbar(np.full((300, 300), 1e-5), pcm.Wires(row=np.ones(300))),
    lambda: pcm.Bias.voltages(rows=np.ones((300, 50)), columns=np.zeros(300)),
    lambda: pcm.Crossbar(np.full((300, 300), 1e-5)).solve(pcm.Bias.matvec(np.ones((300, 20)))),
    lambda: pcm.Pulse.piecewise(np.arange(100.0), current=np.zeros(100)),
    lambda: DriftTable(np.arange(1.0, 200.0), np.full((500, 199), 1e-5)),
    lambda: pcm.fit.drift(np.arange(1.0, 6.0), np.full((50, 5), 1e-5) * np.arange(1.0, 6.0) ** -0.1),
    lambda: pcm.study.StudyConfig(times=tuple(np.arange(1.0, 400.0))),
    lambda: pcm.study.DesignSpaceConfig(times=tuple(np.arange(1.0, 400.0))),
    lambda: pcm.AnalogMatrix(np.ones((300, 300)), STATISTICAL, wires=pcm.Wires(row=1.0), selector=None),
])  # fmt: skip
def test_large_things_have_short_reprs(make):
    text = repr(make())
    assert "\n" not in text
    assert len(text) < 200, text
