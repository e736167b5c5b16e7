"""What a drift fit gives back: parts of a population, tables, files, text, figures."""

import csv
import dataclasses
import errno
import pickle
import sys

import numpy as np
import pytest

from pcmphys import fit
from pcmphys.errors import ParameterError

TIME = np.geomspace(1.0, 1e5, 12)
RNG = np.random.default_rng(0)
READS = 2e-5 * TIME**-0.05 * (1.0 + 0.01 * RNG.standard_normal((30, 12)))
NAMES = ("$V_{D$", "_under", "two\nlines", "%s\\alpha$_2$", *(f"d{k}" for k in range(26)))
POPULATION = fit.drift(fit.DriftTable(TIME, READS, NAMES))


PARTS = [slice(0, 4), [0, 1, 2, 3], list(NAMES[:4]), np.arange(4), np.arange(30) < 4]


@pytest.mark.parametrize("part", PARTS, ids=["slice", "numbers", "names", "array", "flags"])
def test_a_part_of_a_population_is_one_with_mean_and_spread_of_its_own(part):
    some = POPULATION[part]
    assert isinstance(some, fit.DriftPopulation)
    assert some.names == NAMES[:4]
    assert np.array_equal(some.exponent, POPULATION.exponent[:4])
    assert np.array_equal(some.conductance, READS[:4])
    assert some.weighted.mean != POPULATION.weighted.mean
    assert some.weighted.mean == pytest.approx(some.exponent.mean(), abs=0.001)
    assert some.predict(1e6).mean == pytest.approx(POPULATION.predict(1e6).mean[:4])


@pytest.mark.parametrize("wrong", [1.5, None, True, slice(3, 3), [1, 1], [], np.ones(3, bool), {1}])
def test_what_selects_no_devices_is_said(wrong):
    with pytest.raises(ParameterError, match="device"):
        POPULATION[wrong]


def test_a_single_device_has_no_spread_and_no_nan_in_its_text():
    one = POPULATION[0:1]
    assert one.exponent_method == "single"
    assert one.exponent_mean == one.exponent[0]
    assert np.isnan(one.exponent_spread)
    assert "nan" not in one.summary()
    assert "of one device only" in one.summary()
    figure = one.plot()
    words = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert len(words) == 1
    assert words[0].startswith("one device")


def test_repr_says_how_many_and_no_more():
    assert repr(POPULATION).startswith("DriftPopulation(30 devices, 12 reads from 1 s to 100000 s; nu = 0.0")
    assert len(repr(POPULATION)) < 200
    assert "solution" not in repr(POPULATION) + repr(POPULATION[0])


def test_the_numbers_of_the_summary_have_the_digits_of_their_errors():
    text = POPULATION.summary()
    assert "+- 0.0000 " not in text
    assert "(weighted by precision)" in text
    assert "weighted, because exponents do not depend on their fit errors" in text
    assert "plain instead: mean" in text
    exact = fit.drift(TIME, 2e-5 * TIME**-0.05)
    assert "0.05" in exact.summary()
    assert "0.0000" not in exact.summary()
    assert "two\\nlines" in text  # a name does not break its line


def test_the_summary_of_a_plain_population_says_why():
    rng = np.random.default_rng(1)
    exponent = 0.02 + 0.02 * rng.pareto(2.5, 200)
    noise = np.minimum(exponent / 3.0, 0.05)[:, None] * rng.standard_normal((200, 12))
    text = fit.drift(TIME, 1e-5 * TIME ** -exponent[:, None] * np.maximum(1 + noise, 0.0)).summary()
    assert "(plain mean)" in text
    assert "depend on the fit errors (rank correlation" in text
    assert "weighted by precision instead: mean" in text


def test_results_can_be_taken_out():
    pandas = pytest.importorskip("pandas")
    frame = POPULATION.to_dataframe()
    assert list(frame.index) == list(NAMES)
    assert frame.index.name == "device"
    assert np.array_equal(frame["exponent"], POPULATION.exponent)
    assert np.array_equal(frame["g0 [S]"], POPULATION.g0)
    assert frame.attrs["reference_time"] == POPULATION.reference_time
    assert len(POPULATION[3].to_dataframe()) == 1
    for made in (pandas.DataFrame(POPULATION), pandas.DataFrame([POPULATION[0]])):
        assert not any("solution" in column for column in made)
    assert "solution" not in {field.name for field in dataclasses.fields(POPULATION)}


def test_without_pandas_the_error_says_what_does(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ParameterError, match="to_dataframe needs pandas: pip install pandas"):
        POPULATION.to_dataframe()


def test_a_csv_file_has_every_digit(tmp_path):
    POPULATION.to_csv(tmp_path / "fit.csv")
    with open(tmp_path / "fit.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0][:4] == ["device", "exponent[1]", "exponent_error[1]", "g0[S]"]
    assert [row[0] for row in rows[1:]] == list(NAMES)
    assert [float(row[1]) for row in rows[1:]] == list(POPULATION.exponent)
    POPULATION[2].to_csv(tmp_path / "one.csv")
    with pytest.raises(ParameterError, match="no folder"):
        POPULATION.to_csv(tmp_path / "nowhere" / "fit.csv")
    with pytest.raises(ParameterError, match="is a folder"):
        POPULATION.to_csv(tmp_path)


def test_results_pickle():
    twin = pickle.loads(pickle.dumps(POPULATION))
    assert twin.predict(1e6).mean == pytest.approx(POPULATION.predict(1e6).mean)
    assert pickle.loads(pickle.dumps(POPULATION[0])).interval() == POPULATION[0].interval()


def test_any_name_is_drawn_as_it_is(tmp_path, recwarn):
    figure = POPULATION.plot(tmp_path / "all.png")
    words = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert words[:4] == [r"\$V_{D\$", "_under", "two lines", r"%s\alpha\$_2\$"]
    assert len(words) == 12
    for name in NAMES[:4]:
        POPULATION[name].plot(tmp_path / "one.svg")
    assert not recwarn.list


def test_a_figure_shows_itself_in_a_notebook():
    for figure in (POPULATION.plot(), POPULATION[0].plot()):
        assert figure._repr_png_().startswith(b"\x89PNG")
    assert type(pickle.loads(pickle.dumps(figure))) is type(figure)


def test_a_figure_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    from pcmphys.plot import figures

    path = tmp_path / "d.png"
    path.write_bytes(b"old")

    def full(path, write):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(figures, "write_whole", full)
    with pytest.raises(OSError, match="No space left"):
        POPULATION[0].plot(path)
    assert path.read_bytes() == b"old"
    with pytest.raises(ParameterError, match="is a folder"):
        figures.check_folder(tmp_path)


def test_a_figure_of_many_devices_says_how_many_it_draws():
    time = np.geomspace(20.0, 1e4, 8)
    found = fit.drift(time, [1e-5 * time**-nu for nu in np.linspace(0.03, 0.07, 20)])
    traces = found.plot().axes[0]
    assert traces.get_title().startswith("12 of 20 devices: ")
    named = traces.get_legend().get_lines()
    assert len({(one.get_color(), one.get_marker(), one.get_linestyle()) for one in named}) == len(named) == 12
    assert "of 20" not in found[:12].plot().axes[0].get_title()
