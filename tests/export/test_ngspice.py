"""The netlist: its circuit by a small reader of its own, its formulas, what it refuses, and ngspice."""

import math
import re
import shutil

import numpy as np
import pytest

from pcmphys import Bias, Crossbar, Wires, load_cell
from pcmphys.crossbar import OTS, Diode, Exponential, Selector, Transistor
from pcmphys.errors import ParameterError
from pcmphys.export import ngspice
from tests.export.circuits import SELECTORS, draw
from validation import ngspice as program

needs_ngspice = pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
ENDS = ("matvec", "half", "all ends", "some open")
CURRENTS = ("row_current", "column_current", "right_current", "top_current")
FUNCTIONS = {
    "exp": math.exp, "sinh": math.sinh, "atanh": math.atanh, "abs": abs, "max": max,
    "uramp": lambda x: max(x, 0.0), "sgn": lambda x: math.copysign(1.0, x),
}  # fmt: skip


def elements(text, kind):
    """Words of the lines that begin with a letter, between title and control section."""
    body = text.split("\n.control")[0].splitlines()[1:]
    return [line.split() for line in body if line[0] == kind]


def read_linear(text):
    """Currents of the voltage sources of a netlist of resistors, by modified nodal analysis."""
    resistors, sources = elements(text, "R"), elements(text, "V")
    names = sorted({n for line in resistors + sources for n in line[1:3]} - {"0"})
    place = {name: k for k, name in enumerate(names)}
    size = len(names) + len(sources)
    matrix, right = np.zeros((size, size)), np.zeros(size)

    def add(one, other, value):
        for a, b, sign in ((one, one, 1), (other, other, 1), (one, other, -1), (other, one, -1)):
            if a != "0" and b != "0":
                matrix[place[a], place[b]] += sign * value

    for _, one, other, ohm in resistors:
        add(one, other, 1 / float(ohm))
    for k, (_, one, ground, volt) in enumerate(sources, len(names)):
        assert ground == "0"
        matrix[place[one], k] = matrix[k, place[one]] = 1.0
        right[k] = float(volt)
    solution = np.linalg.solve(matrix, right)
    currents = dict(zip((s[0].lower() for s in sources), solution[len(names) :]))
    printed = re.findall(r"let (\S+) = (-?)i\((\S+)\)\nprint (\S+)", text)
    assert all(name == again for name, _, _, again in printed)
    return {name: (-1 if sign else 1) * currents[source] for name, sign, source, _ in printed}


def assert_currents(found, solution, rtol, atol):
    for name in CURRENTS:
        expected = getattr(solution, name)
        values = [found.get(f"{name}_{k}", 0.0) for k in range(expected.size)]
        np.testing.assert_allclose(values, expected, rtol=rtol, atol=atol, err_msg=name)


# --- the circuit


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("shape", [(3, 4), (1, 5), (4, 1), (1, 1)])
@pytest.mark.parametrize(
    "zero", [(), ("row",), ("column", "sense"), ("source", "sense", "right", "top"), ("row", "source")]
)
def test_the_netlist_is_the_circuit(ends, shape, zero):
    circuit = draw(1, "none", shape, ends, zero)
    solution = circuit.crossbar.solve(circuit.bias)
    found = read_linear(ngspice(circuit.crossbar, circuit.bias))
    largest = max(np.abs(getattr(solution, name)).max() for name in CURRENTS)
    assert_currents(found, solution, 1e-9, 1e-11 * largest)


def test_lines_without_resistance_are_single_nodes():
    text = ngspice(Crossbar([[1e-3, 2e-3], [0.0, 4e-3]]), Bias.matvec([0.5, -1e-3]))
    assert elements(text, "R") == [
        ["Rcell0_0", "w0", "b0", "1000.0"], ["Rcell0_1", "w0", "b1", "500.0"], ["Rcell1_1", "w1", "b1", "250.0"],
    ]  # fmt: skip
    assert elements(text, "V") == [
        ["Vleft0", "w0", "0", "0.5"], ["Vleft1", "w1", "0", "-0.001"],
        ["Vbottom0", "b0", "0", "0.0"], ["Vbottom1", "b1", "0", "0.0"],
    ]  # fmt: skip


def test_a_short_line_keeps_one_of_two_equal_sources():
    xbar = Crossbar([[1e-3]], Wires(column=1.0))
    text = ngspice(xbar, Bias([0.5], 0.0, right=[0.5]))
    assert [line[0] for line in elements(text, "V")] == ["Vleft0", "Vbottom0"]
    with pytest.raises(ParameterError, match="word line 0 has no resistance and is driven at both ends"):
        ngspice(xbar, Bias([0.5], 0.0, right=[0.4]))


def test_a_size_comes_from_the_crossbar():
    text = ngspice(Crossbar(np.full((2, 3), 1e-3)), Bias.select(1, 2, 0.9, "third"))
    volts = {line[0]: float(line[3]) for line in elements(text, "V")}
    assert volts == pytest.approx({"Vleft0": 0.3, "Vleft1": 0.9, "Vbottom0": 0.6, "Vbottom1": 0.6, "Vbottom2": 0.0})


def test_a_statistical_population_is_written_as_it_is_now():
    devices = load_cell("ibm-90nm-statistical").population((2, 2), seed=3)
    devices.program(np.full((2, 2), 8e-6))
    ohms = [float(line[3]) for line in elements(ngspice(Crossbar(devices), Bias.matvec([0.1, 0.2])), "R")]
    np.testing.assert_allclose(ohms, 1.0 / devices.conductance().ravel(), rtol=1e-15)


# --- formulas of the laws


def formulas(selector, bias=None, on=None, **options):
    xbar = Crossbar(np.full((2, 1), 1e-6), selector=selector)
    text = ngspice(xbar, Bias.matvec([0.1, 0.2]) if bias is None else bias, on=on, **options)
    lines = [line for line in text.splitlines() if line.startswith("Bcell")]
    out = []
    for line in lines:
        head, expression = line.split(" I = ")
        _, inner, bit = head.split()
        expression = expression.replace(f"v({inner},{bit})", "V").replace("^", "**")
        assert "v(" not in expression
        out.append(eval(f"lambda V: {expression}", dict(FUNCTIONS)))
    return out


GATED = Bias.matvec([0.1, 0.2], gate=[1.4, 0.1])


@pytest.mark.parametrize(
    ("selector", "options"),
    [
        (Diode(1e-12, ideality=1.5, temperature=350.0), {"behavioural": True}),
        (Exponential(1e-9, 0.1), {}),
        (Transistor(0.5, 2e-4, modulation=0.05, temperature=330.0), {"bias": GATED}),
        (Transistor(0.5, 2e-4, gate_voltage=0.9), {}),
        (OTS(), {"on": [[True], [False]]}),
    ],
    ids=["diode", "sinh", "gates", "gate of its own", "OTS"],
)
def test_formulas_are_the_laws(selector, options):
    gates = {"gate": GATED.gate[:, None]} if "bias" in options else {}
    states = {"on": np.array(options["on"])} if "on" in options else {}
    for volt in (-2.0, -0.61, -0.4, -0.03, -1e-4, 1e-4, 0.02, 0.3, 0.45, 0.8, 2.0):
        expected, _ = selector.current(np.full((2, 1), volt), **gates, **states)
        found = [formula(volt) for formula in formulas(selector, **options)]
        # the formula of the transistor is a difference of squares
        np.testing.assert_allclose(found, expected[:, 0], rtol=1e-10, err_msg=str(volt))


def test_weak_inversion_keeps_its_digits():
    # ln(1 + e^x) taken as it stands would lose all of them here
    selector, bias = Transistor(1.5, 2e-4), Bias.matvec([0.1, 0.2], gate=[-1.5, 0.0])
    expected, _ = selector.current(np.full((2, 1), 0.05), gate=np.array([[-1.5], [0.0]]))
    found = [formula(0.05) for formula in formulas(selector, bias)]
    assert expected[0, 0] < 1e-40
    np.testing.assert_allclose(found, expected[:, 0], rtol=1e-10)


class Cubic(Selector):
    gated = True

    def current(self, voltage, *, gate):
        return gate * voltage**3, 3 * gate * voltage**2


class WrittenCubic(Cubic):
    def ngspice(self, voltage, cell, *, gate):
        return f"{gate * (1 + cell[0])!r}*({voltage})^3"


def test_a_law_of_the_users_own():
    bias = Bias.matvec([0.1, 0.2], gate=[1e-3, 2e-3])
    assert [f(2.0) for f in formulas(WrittenCubic(), bias)] == pytest.approx([8e-3, 32e-3])
    with pytest.raises(ParameterError, match=r"no formula for Cubic; give it a method ngspice\(voltage, cell\)"):
        formulas(Cubic(), bias)


@pytest.mark.parametrize("wrong", [None, 1.0, "", "1e-9\n+v(x)"])
def test_a_wrong_formula_of_the_users_own(wrong):
    class Wrong(Cubic):
        gated = False

        def ngspice(self, voltage, cell):
            return wrong

    with pytest.raises(ParameterError, match=r"Wrong\.ngspice must return an expression"):
        formulas(Wrong())


def test_diode_model_card():
    selector = Diode(2e-12, ideality=1.5, temperature=323.15)
    text = ngspice(Crossbar([[1e-6]], selector=selector), Bias.matvec([1.0]))
    assert ".model junction d(is=2e-12 n=1.5)" in text
    assert re.search(r"^\.options .* temp=50\.0 tnom=50\.0$", text, re.MULTILINE)
    assert elements(text, "D") == [["Dcell0_0", "x0_0", "b0", "junction"]]
    # the program's own constants are asked for before the solution
    assert text.index("const.boltz/const.echarge") < text.index("\nop\n")


def test_the_junction_model_far_in_reverse():
    # the bound that the docstring gives: e^-u against (3 / e u)^3
    u = np.linspace(3.0, 100.0, 100_000)
    assert 0.0040 < np.abs(np.exp(-u) - (3.0 / (np.e * u)) ** 3).max() < 0.0041


# --- files, first guess


def test_file_is_written_whole(tmp_path):
    file = tmp_path / "deep" / "array.cir"
    text = ngspice(Crossbar([[1e-3]]), Bias.matvec([1.0]), file)
    assert file.read_text() == text
    with pytest.raises(ParameterError, match="no formula"):
        ngspice(Crossbar([[1e-3]], selector=Cubic()), Bias.matvec([1.0], gate=[1.0]), file)
    assert file.read_text() == text
    assert [p.name for p in file.parent.iterdir()] == ["array.cir"]
    with pytest.raises(ParameterError, match="path: cannot write"):
        ngspice(Crossbar([[1e-3]]), Bias.matvec([1.0]), file / "below")


def test_first_guess_is_the_solution():
    circuit = draw(3, "sinh", (2, 3), "matvec", ("source",))
    solution = circuit.crossbar.solve(circuit.bias)
    text = ngspice(circuit.crossbar, circuit.bias, start=solution)
    guess = dict(re.findall(r"^\.nodeset v\((\S+)\)=(\S+)$", text, re.MULTILINE))
    assert float(guess["w1_2"]) == solution.row_voltage[1, 2]
    assert float(guess["b0_1"]) == solution.column_voltage[0, 1]
    assert float(guess["x0_2"]) == solution.column_voltage[0, 2] + solution.selector_voltage[0, 2]
    assert "x1_0" not in guess  # an open cell
    assert len(guess) == 6 + 6 + 5
    ideal = Crossbar(circuit.crossbar.conductance, selector=circuit.crossbar.selector)
    text = ngspice(ideal, circuit.bias, start=ideal.solve(circuit.bias))
    assert set(re.findall(r"nodeset v\((.)", text)) == {"x"}  # all lines are held by sources


# --- refusals


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"xbar": [[1.0]]}, "xbar must be a Crossbar; got list"),
        ({"bias": [0.1, 0.2]}, "bias must be a Bias"),
        ({"bias": Bias.matvec([[0.1, 0.3], [0.2, 0.1]])}, "holds one input, this bias is a batch of 2"),
        ({"bias": Bias.matvec([0.1])}, r"left must be a number or have shape \(2,\)"),
        ({"bias": Bias([0.1, np.nan], [0.0, np.nan])}, "no path to a terminal: word line 1, bit line 1"),
        ({"xbar": Crossbar(np.eye(2), selector=Transistor(0.5, 1e-4))}, "gate voltage .* missing: Transistor"),
        ({"start": Crossbar(np.ones((2, 3))).solve(Bias.matvec([1.0, 1.0]))}, r"start .*\(2, 2\); got .*\(2, 3\)"),
        ({"options": "reltol=1e-3\n.end"}, "options must be text of one line"),
        ({"options": None}, "options must be text of one line"),
        ({"start": 5}, "start must be a Solution of one input"),
        ({"on": True}, "on must be None"),
    ],
)  # fmt: skip
def test_refusals(change, message):
    given = {"xbar": Crossbar(np.eye(2)), "bias": Bias.matvec([0.1, 0.2])} | change
    with pytest.raises(ParameterError, match=message):
        ngspice(given.pop("xbar"), given.pop("bias"), **given)


# --- ngspice itself


@needs_ngspice
@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("selector", SELECTORS)
def test_ngspice_agrees(selector, ends):
    circuit = draw(2, selector, (4, 3), ends)
    solution = circuit.reference() if selector == "OTS" else circuit.crossbar.solve(circuit.bias)
    found = program.run(ngspice(circuit.crossbar, circuit.bias, on=circuit.on))
    largest = max(np.abs(getattr(solution, name)).max() for name in CURRENTS)
    assert_currents(found, solution, 1e-8, 1e-8 * largest)


@needs_ngspice
@pytest.mark.filterwarnings("ignore:cells. conductances up to")
def test_ngspice_reads_our_diode_to_twelve_digits():
    # its own kT/q would change this current by 5e-6
    selector = Diode(1e-12, ideality=1.5)
    xbar = Crossbar([[1e12]], selector=selector)
    found = program.run(ngspice(xbar, Bias.matvec([0.6])))
    assert found["column_current_0"] == pytest.approx(selector.current([0.6])[0][0], rel=1e-12)


@needs_ngspice
def test_ngspice_prints_what_the_docstring_says():
    found = program.run(ngspice(Crossbar([[1e-3]], Wires(row=1.0, column=1.0)), Bias.matvec([1.0])))
    assert found["row_current_0"] == pytest.approx(1.0 / 1002.0, rel=1e-12)
    assert "9.98003992015968" in ngspice.__doc__


@needs_ngspice
def test_from_a_solution_ngspice_finds_the_same():
    circuit = draw(4, "diode", (5, 5), "half")
    solution = circuit.crossbar.solve(circuit.bias)
    found = program.solve(circuit.crossbar, circuit.bias, start=solution, behavioural=True)
    np.testing.assert_allclose(found.column_current, solution.column_current, rtol=1e-7)


@needs_ngspice
def test_a_circuit_without_solution_is_told():
    with pytest.raises(RuntimeError, match="ngspice did not solve the circuit"):
        program.run("* two sources\nV1 a 0 1\nV2 a 0 2\n.control\nop\nprint i(v1)\nquit\n.endc\n.end\n")
