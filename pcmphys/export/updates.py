"""What pulses do to a cell that is trained in place, as plain tables and as the numbers of a NeuroSim device."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.cells.pulsed.response import labels, step_moments
from pcmphys.errors import ParameterError
from pcmphys.export.aihwkit_devices import ExportedDevice
from pcmphys.export.exported import sources
from pcmphys.export.folder import check_folder, write_folder
from pcmphys.numerics import check

_MOST, _FEWEST = 10_000, 2
_LOST = (
    "Spread over devices: the tables are those of a typical one.",
    "Distributions that are not normal: steps have a mean and a standard deviation.",
    "Noise and drift of reads, write noise, leak.",
)
_LOST_NEUROSIM = (
    "NeuroSim: its curve is a closed form between the bounds, of which the label alone is met; its noise from cycle to "
    "cycle is one for all conductances, the mean over the window."
)
_LOST_ONE_SIDED = "NeuroSim: it has no devices that only go up; neurosim.csv is not written."
_LOST_MEMORY = "What a step depends on besides: the tables are those of a device that was pulsed before."


def update_tables(
    cell: PulsedCell, folder: str | Path, *, points: int = 33, share: float = 0.99, overwrite: bool = False
) -> ExportedDevice:
    """Write the steps and the staircase of a cell that is trained in place, and NeuroSim's numbers for it.

    Parameters
    ----------
    cell : PulsedCell
        What to export.
    folder : str or Path
        Where to; a new or empty folder.
    points : int
        Conductances of the table of steps, evenly from bound to bound.
    share : float
        Of the window: the pulses up and down of the staircase and of NeuroSim's curve are those that take a typical
        device through so much of it (`PulsedCell.pulses_across`); nonlinear steps have their own pulses.
    overwrite : bool
        Replace an export that lies there, if nobody changed it.

    Returns
    -------
    ExportedDevice
        Its ``lost`` says what does not arrive.

    Raises
    ------
    ParameterError
        Another kind of cell, a folder that holds other files, or steps that vanish before that share of the window.

    Notes
    -----
    Files: ``steps.csv`` (conductance, mean and standard deviation of the change by a pulse up and by one down, S; those
    down negative, as CrossSim's tables have them and `from_jump_table` takes them), ``staircase.csv`` (pulses sent and
    conductance, S, without noise), and, of devices that go both ways, ``neurosim.csv`` with the names of NeuroSim's
    ``Cell.cpp``, which `from_neurosim` takes back.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> done = pcm.export.update_tables(pcm.load_cell("ecram-tang2018"), "ecram")
    >>> print(*done.files)
    neurosim.csv sources.bib staircase.csv steps.csv
    >>> (done.folder / "neurosim.csv").read_text().splitlines()[5]
    'maxNumLevelLTP,1010'
    """
    if not isinstance(cell, PulsedCell):
        raise ParameterError(f"cell must be one that is trained in place, such as rram-gong2018; got {cell!r}")
    points = check.integer("points", points, 2, _MOST)
    pulses = _pulses(cell, check.number("share", share, "", 0.0, 1.0, low_open=True))
    check_folder(folder, overwrite=overwrite)
    lost = [*_LOST, _LOST_ONE_SIDED if cell.one_sided else _LOST_NEUROSIM]
    if cell.parameters.pack().forget < 1.0:
        lost.append(_LOST_MEMORY)
    files = {"steps.csv": _steps(cell, points), "staircase.csv": _staircase(cell, pulses), **sources(cell)}
    if not cell.one_sided:
        files["neurosim.csv"] = _rows("name,value", neurosim_numbers(cell, pulses).items())
    about = {"target": "updates", "cell": cell.name}
    path = write_folder(folder, files, about, overwrite=overwrite)
    return ExportedDevice(path, tuple(sorted(files)), "tables of steps", tuple(lost))


def neurosim_numbers(cell: PulsedCell, pulses: tuple[float, float]) -> dict[str, float]:
    """Numbers of a cell that goes both ways by the names of NeuroSim's ``Cell.cpp``, for curves of these pulses."""
    p = cell.parameters
    if p.nonlinear is not None:
        up, down, noise = p.nonlinear.label_up, p.nonlinear.label_down, p.nonlinear.noise
    else:
        up, down = labels(p, (int(pulses[0]), int(pulses[1])))
        at = np.linspace(p.window.weight_minimum, p.window.weight_maximum, 101)
        noise = float(step_moments(p, at)[2:].mean()) / (p.window.weight_maximum - p.window.weight_minimum)
    return {
        "minConductance": cell.conductance_minimum,
        "maxConductance": cell.conductance_maximum,
        "readVoltage": cell.read_voltage,
        "writePulseWidth": p.pulse.duration,
        "maxNumLevelLTP": pulses[0],
        "maxNumLevelLTD": pulses[1],
        "NL_LTP": up,
        "NL_LTD": -down,
        "sigmaCtoC": noise,
    }


def _pulses(cell: PulsedCell, share: float) -> tuple[float, float]:
    law = cell.parameters.nonlinear
    if law is not None:
        return law.pulses_up, law.pulses_down
    up, down = cell.pulses_across(share)
    if math.isinf(up) or math.isinf(down):
        raise ParameterError(
            f"share must be less: steps {'up' if math.isinf(up) else 'down'} of {cell.name} vanish before {share:g} of "
            "the window"
        )
    fewest = up if cell.one_sided else min(up, down)
    if fewest < _FEWEST:
        raise ParameterError(
            f"share must be more: {cell.name} is through {share:g} of the window after {fewest:g} pulses, and a curve "
            f"has {_FEWEST} at least"
        )
    return up, 0.0 if cell.one_sided else down


def _steps(cell: PulsedCell, points: int) -> bytes:
    window = cell.parameters.window
    at = np.linspace(window.conductance_minimum, window.conductance_maximum, points)
    up, down, up_std, down_std = window.unit * step_moments(cell.parameters, (at - window.zero) / window.unit)
    # no change is none, not one of minus zero
    columns = at, up, up_std, 0.0 - down, down_std
    return _rows("conductance_S,up_S,up_std_S,down_S,down_std_S", zip(*columns, strict=True))


def _staircase(cell: PulsedCell, pulses: tuple[float, float]) -> bytes:
    found = cell.response(round(pulses[0]), round(pulses[1]))
    return _rows("pulse,conductance_S", zip(found.pulse, found.conductance, strict=True))


def _rows(header: str, rows: Any) -> bytes:
    lines = [",".join(cell if isinstance(cell, str) else f"{cell:.9g}" for cell in row) for row in rows]
    return ("\n".join([header, *lines]) + "\n").encode()
