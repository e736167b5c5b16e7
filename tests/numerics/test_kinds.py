"""Whatever kind of array comes in, a public function answers as for a float64 copy of it, or refuses it by its type."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pcmphys as pcm
from pcmphys.cells import load_cell
from pcmphys.fit import DriftTable

STATISTICAL = load_cell("ibm-90nm-statistical")
PHYSICAL = load_cell("ibm-90nm-doped-gst")
SQUARE = np.array([[1e-5, 2e-5], [0.5e-5, 1.5e-5]])
LINE = np.array([0.25, 0.125])
TIMES = np.array([20.0, 60.0, 200.0, 600.0])
PULSE = pcm.Pulse(current=3e-4, width=1e-7)
XBAR = pcm.Crossbar(SQUARE, pcm.Wires(row=1.0, column=1.0))


def programmed(devices, targets, **options):
    report = devices.program(targets, **options)
    return report.error, devices.read()


def pulsed(**options):
    devices = PHYSICAL.population((2, 2), seed=1)
    report = devices.apply(PULSE, **options)
    return report.peak_temperature, devices.conductance()


def disturbed(temperature):
    devices = PHYSICAL.population((2, 2), seed=1)
    devices.apply(PULSE)
    devices.disturb(1e-5, temperature)
    return devices.conductance()


def matrix(weights=((1.0, 0.0), (0.0, 1.0)), **options):
    found = pcm.AnalogMatrix(weights, STATISTICAL, seed=1, **options)
    found.program()
    return found


def solved(bias):
    return XBAR.solve(bias).column_current


def fitted(time, conductance, **options):
    with np.errstate(all="ignore"):
        fit = pcm.fit.drift(time, conductance, **options)
    return fit.exponent, fit.g0


def drawn(figure):
    return np.array(figure.axes[0].images[0].get_array())


READS = 1e-5 * np.array([1.0, 0.95, 0.9, 0.86])

# what takes numbers: a good array for it, and what it answers
ENTRIES = {
    "Crossbar": (SQUARE, lambda a: pcm.Crossbar(a).transfer()),
    "Wires.row": (LINE, lambda a: pcm.Crossbar(SQUARE, pcm.Wires(row=a)).transfer()),
    "Bias.matvec": (LINE, lambda a: solved(pcm.Bias.matvec(a))),
    "Bias.matvec of a batch": (np.array([[0.25, 0.5, 0.0], [0.125, 0.5, 1.0]]), lambda a: solved(pcm.Bias.matvec(a))),
    "Bias.voltages": (LINE, lambda a: solved(pcm.Bias.voltages(rows=a, columns=0.0))),
    "Bias.scaled": (LINE, lambda a: solved(pcm.Bias.matvec([0.1, 0.1]).scaled(a))),
    "gate": (
        LINE,
        lambda a: (
            pcm.Crossbar(SQUARE, selector=pcm.Transistor(0.1, 2e-4))
            .solve(pcm.Bias.matvec([0.1, 0.1], gate=a))
            .column_current
        ),
    ),
    "ramp": (LINE, lambda a: [s.column_current for s in XBAR.ramp(pcm.Bias.matvec([0.1, 0.1]), a)]),
    "noise": (np.array([[0.25, 0.5], [0.0, 0.125]]), lambda a: XBAR.noise(pcm.Bias.matvec([0.1, 0.1]), a).variance),
    "noise_density": (
        np.array([[0.25, 0.5], [0.0, 0.125]]),
        lambda a: XBAR.noise_density(pcm.Bias.matvec([0.1, 0.1]), a).variance,
    ),
    "program statistical cells": (SQUARE, lambda a: programmed(STATISTICAL.population((2, 2), seed=1), a)),
    "program some statistical cells": (
        SQUARE,
        lambda a: programmed(STATISTICAL.population((2, 2), seed=1), a, where=np.ones((2, 2), dtype=bool)),
    ),
    "program some physical cells": (
        SQUARE,
        lambda a: programmed(PHYSICAL.population((2, 2), seed=1), a, where=np.array([[True, True], [True, False]])),
    ),
    "Pulse.piecewise over current": (
        np.array([0.0, 0.25, 0.0]),
        lambda a: pcm.Pulse.piecewise([0.0, 1e-7, 2e-7], voltage=a).drive,
    ),
    "program physical cells": (SQUARE, lambda a: programmed(PHYSICAL.population((2, 2), seed=1), a)),
    "current of statistical cells": (np.full((2, 2), 0.125), lambda a: _ready().current(a)),
    "current of physical cells": (
        np.full((2, 2), 0.125),
        lambda a: PHYSICAL.population((2, 2), seed=1).current(a),
    ),
    "moments": (SQUARE, lambda a: list(STATISTICAL.moments(a).values())),
    "amplitude": (np.full((2, 2), 3e-4), lambda a: pulsed(amplitude=a)),
    "warmed": (np.full((2, 2), 300.0), lambda a: pulsed(warmed=a)),
    "disturb": (np.full((2, 2), 300.0), disturbed),
    "Pulse.piecewise": (np.array([0.0, 1.0, 3.0]), lambda a: pcm.Pulse.piecewise(a, current=[0, 1e-4, 0]).duration),
    "weights": (np.array([[1.0, -0.5], [0.25, 0.0]]), lambda a: matrix(a).weights),
    "matvec": (np.array([1.0, 0.5]), lambda a: matrix().matvec(a)),
    "matvec of a batch": (np.array([[1.0, 0.5], [0.25, 0.0], [1.0, 1.0]]), lambda a: matrix().matvec(a)),
    "matrix @ x": (np.array([1.0, 0.5]), lambda a: matrix() @ a),
    "fit_range": (np.array([[1.0, 0.5], [0.25, 0.0]]), lambda a: _ranged(a)),
    "optimise_split": (
        np.array([1.0, -0.5, 0.25]),
        lambda a: pcm.optimise_split(STATISTICAL, weights=a, levels=4, samples=8, points=5).targets,
    ),
    "rise": (np.array([[1.0, 0.5], [0.0, 0.25]]), lambda a: pcm.ThermalCrosstalk(pitch=200e-9).rise(a)),
    "Diode.current": (np.array([0.25, 0.5]), lambda a: pcm.Diode(1e-12).current(a)),
    "OTS.current": (np.array([0.25, 0.5]), lambda a: pcm.OTS().current(a)),
    "Exponential.current": (np.array([0.25, 0.5]), lambda a: pcm.Exponential(1e-9, 0.1).current(a)),
    "Transistor.current": (np.array([0.25, 0.5]), lambda a: pcm.Transistor(0.1, 2e-4).current(a, gate=1.0)),
    "anneal": (np.array([300.0, 400.0]), lambda a: load_cell("gst225-film").anneal([0.0, 90.0], a).crystalline[-1]),
    "anneal over time": (
        np.array([0.0, 90.0]),
        lambda a: load_cell("gst225-film").anneal(a, [300.0, 400.0]).crystalline[-1],
    ),
    "drift over time": (TIMES, lambda a: fitted(a, READS)),
    "drift of reads": (READS, lambda a: fitted(TIMES, a)),
    "drift of devices": (np.stack([READS, 2.0 * READS]), lambda a: fitted(TIMES, a)),
    "drift with errors": (np.full(4, 1e-7), lambda a: fitted(TIMES, READS, conductance_error=a)),
    "DriftTable": (np.stack([READS, 2.0 * READS]), lambda a: DriftTable(TIMES, a, ["a", "b"]).conductance),
    "predict": (np.array([1000.0, 3000.0]), lambda a: pcm.fit.drift(TIMES, READS).predict(a)),
    "curve": (np.array([1000.0, 3000.0]), lambda a: pcm.fit.drift(TIMES, READS).curve(a)),
    "cell_map": (SQUARE, lambda a: drawn(pcm.plot.cell_map(a))),
    "limits": (np.array([0.0, 1.0]), lambda a: pcm.plot.cell_map(SQUARE, limits=a).axes[0].images[0].get_clim()),
    "margins": (np.array([[1.0, 0.5], [0.25, 0.0]]), lambda a: drawn(pcm.plot.margins(a, [0, 1], [0, 1]))),
}  # fmt: skip


def _ready():
    devices = STATISTICAL.population((2, 2), seed=1)
    devices.program(1e-5)
    return devices


def _ranged(x):
    found = matrix()
    found.fit_range(x)
    return found.adc_ranges if hasattr(found, "adc_ranges") else [part.adc_range for part in found._tiles]


def strided(a):
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]))
    wide[..., ::2] = a
    return wide[..., ::2]


def readonly(a):
    found = a.copy()
    found.flags.writeable = False
    return found


def in_pandas(a, **options):
    return pd.Series(a, **options) if a.ndim == 1 else pd.DataFrame(a, **options)


def tuples(a):
    return tuple(tuples(part) for part in a) if a.ndim else float(a)


TAKEN = {
    "read-only": readonly,
    "strided": strided,
    "reversed twice": lambda a: a[::-1].copy()[::-1],
    "Fortran order": np.asfortranarray,
    "big-endian": lambda a: a.astype(">f8"),
    "big-endian float32": lambda a: a.astype(">f4"),
    "float16": lambda a: a.astype(np.float16),
    "float32": lambda a: a.astype(np.float32),
    "long double": lambda a: a.astype(np.longdouble),
    "int64": lambda a: a.astype(np.int64),
    "uint8": lambda a: np.clip(a, 0, 255).astype(np.uint8),
    "nested lists": lambda a: a.tolist(),
    "nested tuples": tuples,
    "list of arrays": list,
    "lists of whole numbers": lambda a: a.astype(int).tolist(),
    "DataArray": xr.DataArray,
    "DataArray of float32": lambda a: xr.DataArray(a.astype(np.float32), dims=list("xy")[: a.ndim]),
    "pandas": in_pandas,
    "pandas with labels": lambda a: in_pandas(a, index=[f"r{k}" for k in range(len(a))]),
    "pandas Float64": lambda a: in_pandas(a, dtype="Float64"),
    "pandas Float32": lambda a: in_pandas(a.astype(np.float32), dtype="Float32"),
    "pandas Int64": lambda a: in_pandas(a.astype(np.int64), dtype="Int64"),
    "masked array that hides nothing": lambda a: np.ma.array(a),
    "masked array with an empty mask": lambda a: np.ma.array(a, mask=np.zeros(a.shape, bool)),
}


def float64_copy(value):
    found = value.astype(float).to_numpy() if isinstance(value, (pd.Series, pd.DataFrame)) else value
    return np.array(found, dtype=np.float64)


def outcome(call, value):
    try:
        return call(value)
    except pcm.ParameterError as error:
        return str(error)


def same(a, b):
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("entry", ENTRIES)
def test_all_kinds_answer_as_a_copy_in_float64(entry):
    good, call = ENTRIES[entry]
    different = []
    for kind, made in TAKEN.items():
        value = made(good)
        before = float64_copy(value)
        got, expected = outcome(call, value), outcome(call, float64_copy(value))
        if not same(got, expected):
            different.append((kind, got, expected))
        assert np.array_equal(float64_copy(value), before), f"{kind}: the caller's array was changed"
    assert not different


def objects(a, value):
    found = a.astype(object)
    found[(0,) * a.ndim] = value
    return found


def nested(a, value):
    found = a.tolist()
    row = found if a.ndim == 1 else found[0]
    row[0] = value
    return found


def missing(a):
    return in_pandas(objects(a, pd.NA), dtype="Float64")


def hidden(a):
    mask = np.zeros(a.shape, bool)
    mask[(0,) * a.ndim] = True
    return np.ma.array(a, mask=mask)


# what is no array of real numbers, and a word of the message
REFUSED = {
    "bool": (lambda a: a > 0, "bool"),
    "bool in a list": (lambda a: nested(a, True), "bool"),
    "numpy's bool in a list": (lambda a: nested(a, np.True_), "bool"),
    "DataArray of bool": (lambda a: xr.DataArray(a > 0), "bool"),
    "pandas boolean": (lambda a: in_pandas(a > 0, dtype="boolean"), "bool"),
    "complex": (lambda a: a.astype(complex), "complex"),
    "complex in a list": (lambda a: nested(a, 1j), "complex"),
    "objects": (lambda a: a.astype(object), "object"),
    "Decimal": (lambda a: nested(a, Decimal("0.5")), "Decimal"),
    "None": (lambda a: nested(a, None), "None"),
    "text": (lambda a: a.astype(str), "<U"),
    "text in a list": (lambda a: nested(a, "0.5"), "str"),
    "datetime": (lambda a: a.astype(np.int64).astype("M8[s]"), "datetime64"),
    "timedelta": (lambda a: a.astype(np.int64).astype("m8[s]"), "timedelta64"),
    "pandas's dates": (lambda a: in_pandas(a.astype(np.int64).astype("M8[s]")), "datetime64"),
    "records": (lambda a: np.zeros(a.shape, [("a", float)]), "[('a'"),
    "pd.NA": (missing, "missing"),
    "masked": (hidden, "masked"),
    "masked in a list": (lambda a: nested(a, np.ma.masked), "masked"),
}
# where a gap is a read that is missing or a cell that is not drawn
GAPS = ("drift of reads", "drift of devices", "DriftTable", "cell_map", "margins")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_no_real_number_is_refused_by_its_type(entry):
    good, call = ENTRIES[entry]
    for kind, (made, word) in REFUSED.items():
        if entry in GAPS and kind in ("pd.NA", "masked", "masked in a list"):
            continue
        got = outcome(call, made(good))
        assert isinstance(got, str), f"{kind}: answered {got}"
        if entry.startswith("program some") and word in ("missing", "masked"):  # as NaN would be: others may hold it
            assert "targets[0, 0] is nan" in got, f"{kind}: {got}"
        else:
            assert word in got, f"{kind}: {got}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("entry", GAPS)
@pytest.mark.parametrize("kind", ["pd.NA", "masked"])
def test_gaps_are_gaps_in_every_kind(entry, kind):
    good, call = ENTRIES[entry]
    plain = good.copy()
    plain[(0,) * good.ndim] = np.nan
    assert same(outcome(call, REFUSED[kind][0](good)), outcome(call, plain))


@pytest.mark.parametrize("kind", ["list", "DataArray", "pandas", "nullable"])
def test_truth_values_of_every_kind(kind):
    chosen = np.array([[True, False], [False, True]])
    made = {
        "list": chosen.tolist(),
        "DataArray": xr.DataArray(chosen),
        "pandas": pd.DataFrame(chosen),
        "nullable": pd.DataFrame(chosen, dtype="boolean"),
    }[kind]
    for cell in (STATISTICAL, PHYSICAL):
        found = [programmed_some(cell, where) for where in (chosen, made)]
        assert np.array_equal(*found, equal_nan=True)


def programmed_some(cell, where):
    return cell.population((2, 2), seed=1).program(1e-5, where=where).error


@pytest.mark.parametrize("where", [np.eye(2), [[1, 0], [0, 1]], np.eye(2, dtype=int), [["a", "b"], ["c", "d"]]])
def test_numbers_are_no_truth_values(where):
    for cell in (STATISTICAL, PHYSICAL):
        with pytest.raises(pcm.ParameterError, match="where must be an array of bool of shape"):
            cell.population((2, 2), seed=1).program(1e-5, where=where)


@pytest.mark.parametrize("value", [np.ma.masked, np.ma.array(3, mask=True), np.ma.array([2, 3], mask=[0, 1])])
def test_hidden_whole_numbers_are_refused(value):
    with pytest.raises(pcm.ParameterError, match=r"masked|whole number"):
        STATISTICAL.population(value)
    with pytest.raises(pcm.ParameterError, match=r"masked|whole number"):
        STATISTICAL.population(3, seed=value)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_table_times_a_matrix_is_refused_with_the_way_to_do_it(rows):
    matrix_ = matrix()
    table = pd.DataFrame(np.ones((rows, 2)), columns=["a", "b"])
    row = pd.Series([1.0, 1.0])
    for product in (lambda: table @ matrix_, lambda: table @ matrix_.snapshot(), lambda: row @ matrix_):
        with pytest.raises(pcm.ParameterError, match=r"is no array; .* write x\.to_numpy\(\) @ matrix"):
            product()
    assert np.array_equal(matrix().matvec(table), matrix().matvec(np.ones((rows, 2))))
    assert np.array_equal(matrix() @ pd.Series([1.0, 1.0]), matrix().matvec([1.0, 1.0]))
