"""ngspice, an independent circuit simulator, on the netlists that pcmphys exports."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import tempfile
from typing import NamedTuple

import numpy as np

import pcmphys as pcm
from pcmphys.export import ngspice as netlist
from validation.result import MissingProgram

LOOSE = "reltol=1e-6 vntol=1e-7 abstol=1e-14 gmin=1e-20"
"""Options for lines that only leakage holds: see `pcmphys.export.ngspice`."""

_VALUE = re.compile(r"^(\S+) = (-?\d\.\d+e[+-]\d+)\s*$", re.MULTILINE)


class Currents(NamedTuple):
    """Terminal currents [A] with the signs of `pcmphys.Solution`, zero at open ends; node voltages [V] by name."""

    row_current: np.ndarray
    column_current: np.ndarray
    right_current: np.ndarray
    top_current: np.ndarray
    nodes: dict[str, float]


def program() -> str:
    """Path of the program."""
    found = shutil.which("ngspice")
    if found is None:
        raise MissingProgram("ngspice: needs the program (Debian and Ubuntu: apt install ngspice)")
    return found


def version() -> str:
    """Version number as the program tells it."""
    text = subprocess.run([program(), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"ngspice-(\S+)", text)
    return found[1] if found else "unknown"


def run(text: str, *, nodes: bool = False) -> dict[str, float]:
    """Run a netlist; every number that it prints, by name, and all node voltages if asked.

    Raises
    ------
    MissingProgram
        ngspice is not installed.
    RuntimeError
        It did not solve the circuit; with the end of what it said.
    """
    if nodes:
        text = text.replace("\nquit\n", "\nprint all\nquit\n")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "circuit.cir"
        file.write_text(text, encoding="ascii")
        done = subprocess.run([program(), "-b", str(file)], capture_output=True, text=True, cwd=folder, check=False)
    found = {name: float(value) for name, value in _VALUE.findall(done.stdout)}
    if done.returncode or not found or "aborted" in done.stdout + done.stderr:
        raise RuntimeError(f"ngspice did not solve the circuit:\n{done.stdout[-1000:]}\n{done.stderr[-1000:]}")
    return found


def solve(xbar: pcm.Crossbar, bias: pcm.Bias, *, nodes: bool = False, **options) -> Currents:
    """Export and run; options as in `pcmphys.export.ngspice`."""
    found = run(netlist(xbar, bias, **options), nodes=nodes)
    rows, columns = xbar.shape
    counts = {"row_current": rows, "column_current": columns, "right_current": rows, "top_current": columns}
    currents = {name: np.array([found.pop(f"{name}_{k}", 0.0) for k in range(n)]) for name, n in counts.items()}
    return Currents(**currents, nodes=found if nodes else {})


def node_voltages(xbar: pcm.Crossbar, nodes: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Word-line and bit-line voltages [V], shape (rows, columns), from the nodes by name."""
    places = list(np.ndindex(*xbar.shape))
    word = [nodes.get(f"w{i}_{j}", nodes.get(f"w{i}")) for i, j in places]
    bit = [nodes.get(f"b{i}_{j}", nodes.get(f"b{j}")) for i, j in places]
    return np.reshape(word, xbar.shape), np.reshape(bit, xbar.shape)
