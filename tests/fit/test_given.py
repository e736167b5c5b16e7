"""Fits of noise and retention take what was read from a file as it is, with its times, unit and source."""

import dataclasses

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import fit
from pcmphys.errors import ParameterError

RNG = np.random.default_rng(0)
TIME = 0.001 * np.arange(1, 1025)
TRACE = 1e-5 - 3e-7 * (np.cumsum(RNG.random(1024) < 0.05) % 2) + 3e-8 * RNG.normal(size=1024)
FITS = {"spectrum": fit.spectrum, "telegraph": fit.telegraph}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "noise.csv"
    rows = [f"{t:.9g},{g * 1e6:.17g},{2 * g * 1e6:.17g}" for t, g in zip(TIME, TRACE, strict=True)]
    path.write_text("\n".join(["t (s),a (uS),b (uS)", *rows]))
    (tmp_path / "LICENSE").write_text("CC0 of noise.csv\n")
    return path


@pytest.mark.parametrize("name", FITS)
def test_a_measurement_or_a_table_of_one_device(name, file):
    plain = FITS[name](TRACE, 1e-3)
    measured = fit.read(file)
    table = fit.read_table(file, conductance="a")
    for given, dt in (
        (measured[["a"]], ()),
        (measured["a"], ()),
        (table, ()),
        (table.only("time", "conductance"), ()),
        (table.only("conductance"), (1e-3,)),
    ):
        found = FITS[name](given, *dt)
        np.testing.assert_allclose(list(found.values.values()), list(plain.values.values()), rtol=1e-4)
        if not isinstance(given, fit.Trace):
            assert found.source == given.source
            assert "data: noise.csv (sha256 " in found.summary()
            assert "licence CC0" in found.summary()
            assert found.to_dataset().attrs["sha256"] == measured.source.sha256
            assert found.unit == "S"
    assert plain.source == fit.Source()
    assert "data:" not in plain.summary()
    assert "file" not in plain.to_dataset().attrs


@pytest.mark.parametrize("name", FITS)
def test_what_cannot_be_a_trace(name, file):
    measured, table = fit.read(file), fit.read_table(file, conductance=["a", "b"])
    for given, arguments, says in (
        (measured, (), r"one device at a time, and these are 2 \(a, b\); measurement\[\['a'\]\] is one"),
        (table, (), r"these are 2 \(a, b\); table.some\(table\['device'\] == 'a'\) is one"),
        (measured[["a"]], (1e-3,), "a Measurement has its own times; give neither dt nor time with it"),
        (fit.read_table(file, conductance="a"), (1e-3,), "the table has times of its own"),
    ):
        with pytest.raises(ParameterError, match=says):
            FITS[name](given, *arguments)
    with pytest.raises(ParameterError, match=r"the table has x, y; the trace is one of its columns: table\.only"):
        FITS[name](fit.Table({"x": TRACE, "y": TRACE}, {"x": "V", "y": "V"}), 1e-3)


def test_errors_of_a_trace_name_the_file(file):
    measured = fit.read(file)[["a"]]
    few = dataclasses.replace(measured, time=measured.time[:5], conductance=measured.conductance[:, :5],
                              censored=measured.censored[:, :5])  # fmt: skip
    for one in FITS.values():
        with pytest.raises(ParameterError, match=r"noise\.csv: trace must have at least"):
            one(few)


def test_telegraph_needs_regular_times_and_spectrum_does_not(file):
    measured = fit.read(file)[["a"]]
    time = np.concatenate([measured.time[:500], measured.time[500:] + 0.3])
    late = dataclasses.replace(measured, time=time)
    assert not fit.spectrum(late).regular
    with pytest.raises(ParameterError, match=r"regular times, to 1 %; these are 0.001 to 0.301 s apart"):
        fit.telegraph(late)


KELVIN, ENERGY = np.repeat([430.0, 450.0, 470.0], 40), RNG.normal(2.5, 0.05, 120)
LIFE = 1e-15 * np.exp(ENERGY / (8.617333e-5 * KELVIN))


def test_retention_takes_a_table(tmp_path):
    path = tmp_path / "bake.csv"
    rows = [f"{t:.17g};{k - 273.15:.10g};{int(t < 1e11)}" for t, k in zip(np.minimum(LIFE, 1e11), KELVIN, strict=True)]
    path.write_text("\n".join(["time (s);T (degC);failed", *rows]))
    plain = fit.retention(np.minimum(LIFE, 1e11), KELVIN, failed=LIFE < 1e11)
    found = fit.retention(fit.read_table(path))
    np.testing.assert_allclose(list(found.values.values()), list(plain.values.values()), rtol=1e-5)
    assert found.source.file == str(path)
    with pytest.raises(ParameterError, match="temperature and failed: the table has it; leave one of the two out"):
        fit.retention(fit.read_table(path), 300.0, failed=[1])
    with pytest.raises(ParameterError, match="RetentionFit has nothing that is a number of"):
        found.to_cell(pcm.load_cell("ibm-90nm-statistical"))
    with pytest.raises(ParameterError, match="temperature is missing: at which each device was kept"):
        fit.retention(LIFE)


def test_retention_takes_reads():
    time = np.array([0.0, 3e13, 1e14, 3e14, 1e15])
    loss = np.clip(np.searchsorted(time, LIFE[:40]), 1, 5)
    reads = np.where(np.arange(5) >= loss[:, None], 1e-6, 1e-5)
    measured = fit.Measurement(tuple(map(str, range(40))), time, reads, np.zeros((40, 5)))
    options = {"temperature": 430.0, "prefactor": 1e-15}
    found = fit.retention(measured, **options)
    plain = fit.failures(time, reads)
    same = fit.retention(plain.time, failed=plain.failed, since=plain.since, **options)
    assert found.values == same.values
    with pytest.raises(ParameterError, match="a Measurement tells itself which devices failed"):
        fit.retention(measured, failed=plain.failed, **options)
    with pytest.raises(ParameterError, match="a Measurement holds its conductances; give it alone"):
        fit.failures(measured, reads)


def test_one_look_for_all():
    options = {"failed": LIFE < 1e12, "prefactor": 1e-15}
    one = fit.retention(np.full(120, 1e12), KELVIN, since=0.0, **options)
    assert one.values == fit.retention(np.full(120, 1e12), KELVIN, since=np.zeros(120), **options).values
    with pytest.raises(ParameterError, match="since must be one number or one for each of 120 devices; got 3"):
        fit.retention(np.full(120, 1e12), KELVIN, since=np.zeros(3), **options)


def test_drift_takes_a_table_with_temperatures(tmp_path):
    path = tmp_path / "long.csv"
    rows = [
        f"{name};{kelvin};{t};{10 * t**-nu:.17g}"
        for name, kelvin, nu, times in (("a", 300, 0.05, (1, 2, 5, 9)), ("b", 350, 0.06, (1, 3, 5, 9, 20)))
        for t in times
    ]
    path.write_text("\n".join(["device;T (K);t (s);g (uS)", *rows]))
    found = fit.drift(fit.read_table(path))
    assert found.names == ("a", "b")
    np.testing.assert_allclose(found.exponent, [0.05, 0.06], atol=1e-9)
    assert found.temperature.tolist() == [300.0, 350.0]
    assert found.source.file == str(path)
    assert fit.drift(fit.read_table(path), temperature=310.0).temperature.tolist() == [310.0, 310.0]
    path.write_text("\n".join(["device;T (K);t (s);g (uS)", *rows]).replace("a;300;9", "a;310;9"))
    with pytest.raises(
        ParameterError, match=r"long.csv, line 5, column 'T .K.': 310 K, and 300 K before it; a must be"
    ):
        fit.drift(fit.read_table(path))
    with pytest.raises(ParameterError, match="a Table holds its conductances"):
        fit.drift(fit.read_table(path), [1.0])
    path.write_text("t (s);g (uS)\n2;3\n1;4\n5;6\n")
    with pytest.raises(ParameterError, match=r"long.csv: time"):
        fit.drift(fit.read_table(path))
    path.write_text("t (s);g (uS)\n1;30\n2;29\n5;28\n")
    assert fit.drift(fit.read_table(path)).names == ("device 0",)


@pytest.mark.parametrize("name", ["ibm-90nm-statistical", "hermes-14nm-statistical"])
def test_the_law_of_read_noise_goes_through_the_spectrum(name, tmp_path):
    cell = pcm.load_cell(name)
    trace = 5e-6 * (1.0 + 1e-3 * RNG.normal(size=4096))
    found = fit.spectrum(trace, 1e-3)
    mine = found.to_cell(cell, source="my lab")
    levels = np.array([found.mean, 1e-6, 9e-6])
    before, after = (one.moments(levels)["read_noise"] for one in (cell, mine))
    assert after[0] == pytest.approx(found.noise_amplitude, rel=1e-9)
    np.testing.assert_allclose(after / before, after[0] / before[0], rtol=1e-9)
    for key, quantity in mine.technology.quantities.items():
        changed = quantity != cell.technology.quantities[key]
        assert not changed or ("read_noise." in key and "scaled to Q = " in quantity.note and quantity.kind == "fit")
    again = pcm.load_cell(pcm.save_cell(mine, tmp_path / "mine.toml"))
    assert again.parameters == mine.parameters
    current = fit.Table({"current": trace}, {"current": "A"})
    with pytest.raises(ParameterError, match=r"the trace is in A; a cell's read noise is told at a conductance .S."):
        fit.spectrum(current, 1e-3).to_cell(cell)


def test_data_sets_of_fits_have_units_and_names():
    for found in (fit.spectrum(TRACE, 1e-3), fit.telegraph(TRACE, 1e-3), fit.retention(LIFE, KELVIN)):
        made = found.to_dataset()
        for name, variable in made.variables.items():
            assert variable.attrs["units"], name
            assert variable.attrs["long_name"], name
        assert made.attrs["title"] == found.title
        assert made.attrs["pcmphys_version"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: fit.drift("a.csv"), r"write fit\.drift\(fit\.read\('a\.csv'\)\)"),
        (lambda: fit.iv("a.csv"), r"write fit\.iv\(fit\.read_table\('a\.csv'\)\)"),
        (lambda: fit.retention("a.csv"), r"write fit\.retention\(fit\.read_table"),
        (lambda: fit.programming("a.csv"), r"write fit\.programming\(fit\.read_table"),
        (lambda: fit.telegraph("a.csv"), r"give fit\.read_table\('a\.csv'\)"),
    ],
)
def test_a_path_is_to_be_read_first(call, says):
    with pytest.raises(pcm.ParameterError, match=says):
        call()


def test_a_name_is_no_cell_yet():
    found = fit.drift(np.geomspace(1.0, 1e4, 9), [1e-5 * np.geomspace(1.0, 1e4, 9) ** -nu for nu in (0.04, 0.06)])
    with pytest.raises(pcm.ParameterError, match=r"write load_cell\('ibm-90nm-statistical'\)"):
        found.to_cell("ibm-90nm-statistical")
