"""Devices that are trained in place: to aihwkit's own kinds and back from NeuroSim's and CrossSim's numbers."""

import ast
import sys

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys.errors import ParameterError
from pcmphys.export import ExportedDevice, from_jump_table, from_neurosim
from tests.cells.pulsed.technologies import LAWS, loaded, text
from tests.cells.pulsed.technologies import cell as cell_of

G = np.linspace(1e-6, 11e-6, 9)
UP, DOWN = 1e-7 * np.linspace(2.0, 0.5, 9), -1e-7 * np.linspace(0.3, 1.5, 9)
# fields of aihwkit 1.1.0's presets, in which their dataclasses and ours are equal one by one
PRESETS = {
    "rram-gong2018": ("ExpStepDevice", {
        "dw_min": 0.00135, "up_down": 0.259359, "w_max_dtod": 0.3, "a": -0.5, "b": -0.5, "gamma_up": 5.0,
        "A_up": -1.18445, "A_down": -0.081404, "dw_min_std": 5.0, "write_noise_std": 75.0, "up_down_dtod": 0.05,
    }),
    "ecram-tang2018": ("LinearStepDevice", {
        "dw_min": 0.002, "w_max": 1.1724, "w_min": -0.8276, "mult_noise": True, "gamma_up": 0.1153,
        "gamma_down": 0.5085, "gamma_up_dtod": 0.05, "dw_min_std": 0.3, "mean_bound_reference": True,
    }),
    "capacitor-li2018": ("LinearStepDevice", {"mult_noise": False, "lifetime": 1e6, "lifetime_dtod": 0.3}),
    "rram-gong2018-softbounds": ("SoftBoundsReferenceDevice", {"dw_min": 0.002, "dw_min_std": 3.75, "w_max": 1.25}),
    "rram-gong2022-hfo2": ("SoftBoundsReferenceDevice", {
        "dw_min": 0.4622, "dw_min_dtod": 0.7125, "dw_min_dtod_log_normal": True, "subtract_symmetry_point": True,
    }),
    "pcm-nandakumar2020": ("ExpStepDevice", {"w_max": 2.0, "A_up": -27.235, "reset": 0.01, "dw_min_std_add": 0.042}),
    "rpu-gokmen2016": ("ConstantStepDevice", {"dw_min_std": 0.3, "dw_min_dtod": 0.3}),
}  # fmt: skip


def fields_of(path):
    """Class, its base and its fields, of a written module that is not run."""
    tree = ast.parse(path.read_text())
    made = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    found = {}
    for node in made.body:
        if isinstance(node, ast.AnnAssign):
            value = node.value
            value = value.keywords[0].value.body if isinstance(value, ast.Call) else value
            found[node.target.id] = ast.literal_eval(value)
    return made.name, made.bases[0].id, found


@pytest.mark.parametrize("name", PRESETS)
def test_a_device_has_the_numbers_of_its_preset(name, tmp_path):
    done = pcm.export.aihwkit(pcm.load_cell(name), tmp_path / "device")
    kind, numbers = PRESETS[name]
    assert isinstance(done, ExportedDevice)
    assert done.files == ("pulsed_device.py", "sources.bib")
    made, base, found = fields_of(tmp_path / "device" / "pulsed_device.py")
    assert (made, base, done.kind) == ("PulsedDevice", kind, kind)
    assert {key: found[key] for key in numbers} == numbers
    paired = "OneSidedUnitCell" in (tmp_path / "device" / "pulsed_device.py").read_text()
    assert paired == pcm.load_cell(name).one_sided
    assert "siemens" in done.summary().lower()


def test_other_laws_become_tables_of_steps(tmp_path):
    cell = from_jump_table(G, UP, DOWN, source="here")
    done = pcm.export.aihwkit(cell, tmp_path / "device", name="Jumps")
    made, base, found = fields_of(tmp_path / "device" / "jumps.py")
    assert (made, base) == ("Jumps", "PiecewiseStepDevice")
    at = np.linspace(1e-6, 11e-6, 33)
    for key, steps in zip(("piecewise_up", "piecewise_down"), cell.steps(at), strict=True):
        np.testing.assert_allclose(np.array(found[key]) * found["dw_min"] * 5e-6, steps, rtol=1e-5)
    assert any("table of mean steps" in one for one in done.lost)
    assert not any("First pulses" in one for one in done.lost)
    done = pcm.export.aihwkit(loaded(text("x", *LAWS["fresh-table"])), tmp_path / "fresh")
    assert any("First pulses after a RESET" in one for one in done.lost)
    assert not any("what a RESET leaves" in one for one in done.lost)
    done = pcm.export.aihwkit(cell_of("early-table"), tmp_path / "early")
    assert any("what a RESET leaves" in one for one in done.lost)


def test_what_aihwkit_has_not_is_refused(tmp_path):
    cells = {
        "depend on the pulses before": pcm.load_cell("pcm-nandakumar2018"),
        "both are above zero": loaded(text("x", "linear", {
            "step": 0.01, "decrease_up": 0.1, "decrease_down": 0.1, "noise": 0.1, "constant_noise": 0.1,
        })),
        "must be 0 or 1": loaded(text("x", "soft_bounds_reference", {"step": 0.01, "at_symmetry_point": 0.5})),
    }  # fmt: skip
    for words, cell in cells.items():
        with pytest.raises(ParameterError, match=words):
            pcm.export.aihwkit(cell, tmp_path / "device")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ParameterError):
        pcm.export.aihwkit(pcm.load_cell("rram-gong2018"), tmp_path / "device", name="ExpStepDevice")


def test_neurosim_numbers_come_back_as_its_closed_form():
    cell = from_neurosim(1e-6, 11e-6, (100, 100), (2.4, -4.88), noise=0.035, source="a card")
    staircase = cell.response(up=100, down=100).conductance
    p = np.arange(101)
    a = 100 * 0.499180  # of a label of 2.4: training.md's table, found from the closed form
    expected = 1e-6 + 10e-6 * (1.0 - np.exp(-p / a)) / (1.0 - np.exp(-100 / a))
    np.testing.assert_allclose(staircase[:101], expected, rtol=1e-4)
    assert staircase[-1] == pytest.approx(1e-6, rel=1e-3)
    assert cell.nonlinearity.down == pytest.approx(4.88, abs=0.05)
    devices = cell.population(20_000, seed=1)
    devices.pulse(+1, count=4)
    free = devices.conductance() > 1.001e-6
    assert np.std(devices.conductance()[free]) == pytest.approx(2 * 0.035 * 10e-6, rel=0.1)
    assert cell.technology.quantities["nonlinear.noise"].kind == "user"


def test_tables_of_jumps_come_back_with_their_distributions():
    share = np.linspace(0.0, 1.0, 201)
    width = 2e-7 * (share - 0.5)
    cell = from_jump_table(
        G, UP[:, None] + width, DOWN[:, None] + 0.5 * width, probability=share, source="here", name="mine"
    )
    up, down = cell.steps(G)
    np.testing.assert_allclose(up, UP, rtol=2e-3)
    np.testing.assert_allclose(down, -DOWN, rtol=2e-3)
    devices = cell.population(20_000, seed=2)
    devices.pulse(+1, count=20)
    before = devices.conductance()
    devices.pulse(+1)
    change = devices.conductance() - before
    # uniform over 2e-7 S: std 2e-7 / sqrt(12); n = 20 000, 4 sigma of its estimate is 2 % with the kurtosis of 1.8
    assert change.std() == pytest.approx(2e-7 / np.sqrt(12.0), rel=0.05)
    assert np.abs(change - change.mean()).max() < 1.3e-7


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: from_neurosim(2e-6, 1e-6, (9, 9), (1, -1), source="x"), "conductance_maximum"),
        (lambda: from_neurosim(1e-6, 2e-6, (9, 9), (11, -1), source="x"), "label up"),
        (lambda: from_neurosim(1e-6, 2e-6, 9, (1, -1), source="x"), "pulses must be two numbers"),
        (lambda: from_neurosim(1e-6, 2e-6, (9, 9), (1, -1), source=" "), "source"),
        (lambda: from_neurosim(1e-6, 2e-6, (9, 9), (1, -1), source="x", name="A b"), "name"),
        (lambda: from_jump_table(G[::-1], UP, DOWN, source="x"), "conductance must hold two values or more"),
        (lambda: from_jump_table(G, UP[1:], DOWN, source="x"), r"up must have shape 9; got \(8,\)"),
        (lambda: from_jump_table(G, UP, DOWN, probability=[0.0, 1.0], source="x"), "up must"),
        (lambda: from_jump_table(G, UP, DOWN, probability=[1.0, 0.0], source="x"), "probability must hold two"),
        (
            lambda: from_jump_table(G, UP, DOWN, probability=[0.1, 0.9], source="x"),
            "from 0 to 1.*got 0.1 to 0.9",
        ),
        (lambda: from_jump_table(G, -UP, -DOWN, source="x"), "up must be above zero in the mean"),
    ],
)
def test_numbers_that_cannot_be_are_named(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


def table_of(path):
    with path.open() as lines:
        header = lines.readline().strip().split(",")
    return dict(zip(header, np.loadtxt(path, delimiter=",", skiprows=1).T, strict=True))


@pytest.mark.parametrize("name", ["ecram-tang2018", "rram-gong2018", "pcm-nandakumar2020"])
def test_tables_of_updates_hold_steps_and_staircase(name, tmp_path):
    cell = pcm.load_cell(name)
    done = pcm.export.update_tables(cell, tmp_path / "out", points=9)
    steps, stairs = table_of(done.folder / "steps.csv"), table_of(done.folder / "staircase.csv")
    up, down = cell.steps(steps["conductance_S"])
    np.testing.assert_allclose(steps["up_S"], up, rtol=1e-8)
    np.testing.assert_allclose(steps["down_S"], -down, rtol=1e-8)
    across = cell.pulses_across(0.99)
    found = cell.response(int(across.up), 0 if cell.one_sided else int(across.down))
    np.testing.assert_allclose(stairs["conductance_S"], found.conductance, rtol=1e-8)
    assert cell.one_sided == ("neurosim.csv" not in done.files)
    if name == "ecram-tang2018":
        # a pulse spreads by 30 % of the step that it makes
        np.testing.assert_allclose(steps["up_std_S"], 0.3 * up, rtol=1e-8)
        # as a table it is a cell again, with the same steps
        again = from_jump_table(steps["conductance_S"], steps["up_S"], steps["down_S"], source="here")
        np.testing.assert_allclose(again.steps(G * 0.5 + 85e-6), cell.steps(G * 0.5 + 85e-6), rtol=1e-6)


def neurosim_of(folder):
    rows = [line.split(",") for line in (folder / "neurosim.csv").read_text().splitlines()[1:]]
    return {name: float(value) for name, value in rows}


def again_from(numbers):
    return from_neurosim(
        numbers["minConductance"], numbers["maxConductance"],
        (numbers["maxNumLevelLTP"], numbers["maxNumLevelLTD"]), (numbers["NL_LTP"], numbers["NL_LTD"]),
        noise=numbers["sigmaCtoC"], source="here",
    )  # fmt: skip


def test_numbers_of_neurosim_come_back_as_they_were(tmp_path):
    cell = from_neurosim(1e-6, 1e-5, (30, 100), (1.0, -2.0), noise=0.02, source="a trial")
    numbers = neurosim_of(pcm.export.update_tables(cell, tmp_path / "out").folder)
    assert again_from(numbers).parameters == cell.parameters


def test_a_cell_of_another_law_has_its_labels_in_neurosim(tmp_path):
    cell = pcm.load_cell("rram-gong2018")
    numbers = neurosim_of(pcm.export.update_tables(cell, tmp_path / "out").folder)
    pulses = int(numbers["maxNumLevelLTP"]), int(numbers["maxNumLevelLTD"])
    assert pulses == cell.pulses_across(0.99)
    again = again_from(numbers)
    assert again.nonlinearity == pytest.approx((numbers["NL_LTP"], -numbers["NL_LTD"]), abs=0.01)
    # the curve between is another form: within a few per cent of the window
    middle = pulses[0] // 2
    off = again.response(middle, 0).conductance[-1] - cell.response(middle, 0).conductance[-1]
    assert abs(off) < 0.05 * (cell.conductance_maximum - cell.conductance_minimum)


def test_what_has_no_tables_of_updates_is_refused_before_anything_is_done(tmp_path):
    with pytest.raises(ParameterError, match="trained in place"):
        pcm.export.update_tables(pcm.load_cell("ibm-90nm-statistical"), tmp_path / "out")
    with pytest.raises(ParameterError, match="share must be more: ecram-tang2018 is through 1e-09 of the window after"):
        pcm.export.update_tables(pcm.load_cell("ecram-tang2018"), tmp_path / "out", share=1e-9)
    with pytest.raises(ParameterError, match=r"steps up of pcm-nandakumar2018 vanish before 0\.99"):
        pcm.export.update_tables(pcm.load_cell("pcm-nandakumar2018"), tmp_path / "out")
    with pytest.raises(ParameterError, match="points must be a whole number"):
        pcm.export.update_tables(pcm.load_cell("rram-gong2018"), tmp_path / "out", points=1)
    assert not (tmp_path / "out").exists()


def test_a_trained_cell_without_drift_is_refused_by_crosssim_before_it_is_sampled(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["pcmphys.export.crosssim"], "statistics", lambda *_: pytest.fail("sampled"))
    with pytest.raises(ParameterError, match=r"does not drift, .* with update_tables"):
        pcm.export.crosssim(pcm.load_cell("rram-gong2018"), tmp_path / "out")


def test_a_cell_without_read_noise_is_drawn_without_a_warning(tmp_path, recwarn):
    source = pcm.export.sample(pcm.load_cell("rram-gong2018"), levels=3, times=[1.0, 3600.0], devices=100)
    figure = pcm.export.tables(source, tmp_path / "out").round_trip.figure()
    figure.savefig(tmp_path / "figure.png")
    assert not recwarn.list
    assert [text.get_text() for text in figure.axes[2].texts] == ["no read noise"]
