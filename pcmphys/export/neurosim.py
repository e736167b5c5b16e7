"""A cell's levels for NeuroSim: states with mean and spread, output error by code, options of its command line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.protocol import Cell
from pcmphys.errors import ParameterError
from pcmphys.export.exported import Exported, sources, statistics
from pcmphys.export.folder import check_folder, write_folder
from pcmphys.export.levels import DEVICES, LevelStatistics
from pcmphys.export.outputs import OutputError
from pcmphys.export.round_trip import round_trip
from pcmphys.numerics import check

_DAY = 86400.0
_LOST = (
    "Non-Gaussian tails: NeuroSim draws each state as a normal number and does not hold it at zero.",
    "Drift of each device: each file of states is that of one time; NeuroSim's own --t and --v move all devices alike, "
    "held between the least and the largest state of the moment, so that --v 0 is written here.",
    "Read noise by state: NeuroSim has one relative read noise for all; what is written is its rms over the states "
    "by their current, and the states themselves are without it.",
    "Even steps: NeuroSim's converter takes the states to be evenly spaced; those of a drifted cell are not quite.",
    "Coherent noise, temperature, correlation of programming and drift.",
    "Pair identity: weights are differences to a reference column of the same table.",
)
_REASONS = {"noise_std": "NeuroSim has one relative read noise for all states."}


def neurosim(
    cell: Cell | LevelStatistics,
    folder: str | Path,
    *,
    bits: int = 2,
    times: ArrayLike = (_DAY,),
    devices: int = DEVICES,
    seed: int = 0,
    outputs: OutputError | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write a cell of any kind as memory states for NeuroSim (inference, version 1.5), with the report of a round trip.

    Parameters
    ----------
    cell : cell or LevelStatistics
        What to export; statistics that were sampled before must have 2**bits targets.
    folder : str or Path
        Where to; a new or empty folder.
    bits : int
        Of a cell: 2**bits states, evenly spaced from the least to the largest conductance.
    times : array_like [s]
        Ages that get a file of states each, beside that of the cell's reference time.
    devices, seed
        See `pcmphys.export.sample`.
    outputs : OutputError, optional
        An array's error by output code (`pcmphys.export.output_error`), with IR drop and selector folded in.
    overwrite : bool
        Replace an export that lies there, if nobody changed it.

    Returns
    -------
    Exported

    Raises
    ------
    ParameterError
        A folder that holds other files, states that are not in ascending order after programming, or what `sample`
        refuses.

    Notes
    -----
    Files: ``mem_states.csv`` at the reference time and ``mem_states_<age>s.csv`` later (header ``states,mean,std``,
    2**bits rows, S), ``options.txt`` (arguments of ``inference.py``), and with ``outputs`` ``output_noise.csv`` (header
    ``output,mean,std``, one row a code). A cell without drift is as welcome as any.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> done = pcm.export.neurosim(pcm.load_cell("ibm-90nm-statistical"), "states", bits=1)
    >>> (done.folder / "mem_states.csv").read_text().splitlines()[0]
    'states,mean,std'
    >>> print(*done.files)
    mem_states.csv mem_states_86400s.csv options.txt round_trip.html sources.bib
    """
    count = 2 ** check.integer("bits", bits, 1, 8)
    if outputs is not None and not isinstance(outputs, OutputError):
        raise ParameterError(f"outputs must be what output_error gives; got {type(outputs).__name__}")
    check_folder(folder, overwrite=overwrite)
    source = cell if isinstance(cell, LevelStatistics) else _sampled(cell, count, times, devices, seed)
    if source.target.size != count:
        raise ParameterError(
            f"cell: {bits} bits are {count} states; these statistics have {source.target.size} targets"
        )
    files = {_file(source, k): _states(source, k) for k in range(source.time.size)}
    options = _options(source, bits, outputs)
    files["options.txt"] = (" ".join(options) + "\n").encode()
    if outputs is not None:
        files["output_noise.csv"] = _rows("output,mean,std", (outputs.code, outputs.mean, outputs.std))
    found = read_states([files[_file(source, k)] for k in range(source.time.size)])
    noise = float(options[options.index("--read_noise") + 1])
    found["noise_std"] = np.full_like(source.noise_std, noise)
    trip = round_trip("NeuroSim", source, found, _REASONS, _LOST, 0)
    files |= {"round_trip.html": trip.page().encode(), **sources(source.cell)}
    about = {"target": "NeuroSim", "cell": source.cell.name, "bits": bits, "devices": source.devices}
    path = write_folder(folder, files, about, overwrite=overwrite)
    return Exported(path, tuple(sorted(files)), trip)


def _sampled(cell: Cell, count: int, times: ArrayLike, devices: int, seed: int) -> LevelStatistics:
    low, high = (getattr(cell, name, 0.0) for name in ("conductance_minimum", "conductance_maximum"))
    if callable(getattr(cell, "population", None)) and not low < high:
        raise ParameterError(f"cell {cell.name} has one state, {high:g} S: there are no levels to export")
    return statistics(cell, np.linspace(low, high, count), times, devices, seed)


def _file(source: LevelStatistics, time: int) -> str:
    return "mem_states.csv" if time == 0 else f"mem_states_{source.time[time]:.10g}s.csv"


def _states(source: LevelStatistics, time: int) -> bytes:
    mean = source.conductance_mean[:, time]
    if np.any(np.diff(mean) <= 0.0):
        raise ParameterError(
            f"bits: the states of {source.cell.name} are not in ascending order at {source.time[time]:g} s; take fewer"
        )
    return _rows("states,mean,std", (np.arange(mean.size), mean, source.conductance_std[:, time]))


def _rows(header: str, columns: tuple[np.ndarray, ...]) -> bytes:
    lines = [header, *(f"{code},{mean:.9g},{std:.9g}" for code, mean, std in zip(*columns, strict=True))]
    return ("\n".join(lines) + "\n").encode()


def _options(source: LevelStatistics, bits: int, outputs: OutputError | None) -> list[str]:
    # what adds up in a column: the large conductances count
    share = source.conductance_mean[:, 0] ** 2
    noise = np.sqrt(np.average(source.noise_std[:, 0] ** 2, weights=share))
    found = ["--mem_type", "resistive", "--bitcell", f"{bits}", "--mem_states_file", "mem_states.csv"]
    found += ["--vdd", f"{source.cell.read_voltage:.6g}", "--read_noise", f"{noise:.6g}", "--t", "1", "--v", "0"]
    if outputs is not None:
        found += ["--output_noise", "-1", "--output_noise_file", "output_noise.csv"]
        found += ["--adc_precision", f"{(outputs.code.size - 1).bit_length() - 1}"]
    return found


def read_states(files: list[bytes]) -> dict[str, np.ndarray]:
    """Means and spreads [S] of files of states, (states, files), read as NeuroSim reads them: columns by name.

    Examples
    --------
    >>> lines = b"states,mean,std", b"0,1e-6,1e-7", b"1,2e-5,1e-6"
    >>> read_states([bytes([10]).join(lines)])["conductance_mean"].ravel()
    array([1.e-06, 2.e-05])
    """
    rows = [list(csv.DictReader(io.StringIO(text.decode("utf-8-sig")))) for text in files]
    return {
        name: np.array([[float(row[column]) for row in one] for one in rows]).T
        for name, column in (("conductance_mean", "mean"), ("conductance_std", "std"))
    }
