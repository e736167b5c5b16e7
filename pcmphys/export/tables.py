"""A cell's levels as plain tables: CSV, NetCDF with units, and a JSON schema of the CSV's columns."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.protocol import Cell
from pcmphys.export.exported import Exported, sources, statistics
from pcmphys.export.folder import check_folder, write_folder
from pcmphys.export.levels import DEVICES, LEVELS, TIMES, LevelStatistics
from pcmphys.export.outputs import OutputError
from pcmphys.export.round_trip import round_trip

_COLUMNS = {
    "target_S": ("S", "target conductance"),
    "time_s": ("s", "time since the end of programming"),
    "conductance_mean_S": ("S", "mean conductance over devices, without read noise"),
    "conductance_std_S": ("S", "its standard deviation over devices"),
    "exponent_mean": ("1", "mean drift exponent over all times"),
    "exponent_std": ("1", "its standard deviation over devices"),
    "noise_std": ("1", "read noise over conductance, standard deviation"),
    "blank": ("1", "part of the devices that conduct nothing"),
}
_LOST = (
    "Coherent noise: the tables hold one read at a time, not how reads of one device go together.",
    "Which device is which: levels.csv holds moments; levels.nc holds tables of whole distributions, and the "
    "correlation of programmed conductance and drift.",
    "Temperature: that of the cell's own.",
)


def tables(
    cell: Cell | LevelStatistics,
    folder: str | Path,
    *,
    levels: int | ArrayLike = LEVELS,
    times: int | ArrayLike = TIMES,
    devices: int = DEVICES,
    seed: int = 0,
    outputs: OutputError | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write a cell of any kind as plain tables, with the report of a round trip through its own files.

    Parameters
    ----------
    cell : cell or LevelStatistics
        What to export; statistics that were sampled before are taken as they are.
    folder : str or Path
        Where to; a new or empty folder.
    levels, times, devices, seed
        See `pcmphys.export.sample`.
    outputs : OutputError, optional
        An array's error by output code (`pcmphys.export.output_error`), written as ``outputs.csv``.
    overwrite : bool
        Replace an export that lies there, if nobody changed it.

    Returns
    -------
    Exported

    Raises
    ------
    ParameterError
        A folder that holds other files, or what `sample` refuses.

    Notes
    -----
    Files: ``levels.csv`` (one row a target and time, units in the names), ``levels.nc`` (NetCDF: all of
    `LevelStatistics` with units), ``levels.schema.json`` (JSON Schema of a row).

    Examples
    --------
    >>> import pcmphys as pcm
    >>> done = pcm.export.tables(pcm.load_cell("ibm-90nm-statistical"), "levels", levels=4, times=2)
    >>> (done.folder / "levels.csv").read_text()[:38]
    'target_S,time_s,conductance_mean_S,con'
    """
    check_folder(folder, overwrite=overwrite)
    source = statistics(cell, levels, times, devices, seed)
    files = {"levels.csv": _csv(source), "levels.schema.json": _schema(source), "levels.nc": _netcdf(source)}
    if outputs is not None:
        columns = np.stack([outputs.code, outputs.mean, outputs.std, outputs.count], axis=1)
        lines = ["output,mean,std,count", *(f"{a:g},{b:.9g},{c:.9g},{d:g}" for a, b, c, d in columns)]
        files["outputs.csv"] = ("\n".join(lines) + "\n").encode()
    trip = round_trip("tables", source, read_levels(files["levels.csv"]), {}, _LOST, 0)
    files |= {"round_trip.html": trip.page().encode(), **sources(source.cell)}
    about = {"target": "tables", "cell": source.cell.name, "devices": source.devices, "seed": source.seed}
    path = write_folder(folder, files, about, overwrite=overwrite)
    return Exported(path, tuple(sorted(files)), trip)


def _csv(source: LevelStatistics) -> bytes:
    lines = [",".join(_COLUMNS)]
    for i, target in enumerate(source.target):
        for k, time in enumerate(source.time):
            row = (
                target, time, source.conductance_mean[i, k], source.conductance_std[i, k], source.exponent_mean[i],
                source.exponent_std[i], source.noise_std[i, k], source.blank[i],
            )  # fmt: skip
            lines.append(",".join(f"{value:.9g}" for value in row))
    return ("\n".join(lines) + "\n").encode()


def _schema(source: LevelStatistics) -> bytes:
    properties = {
        name: {"type": "number", "description": text, "unit": unit} | ({} if "exponent" in name else {"minimum": 0})
        for name, (unit, text) in _COLUMNS.items()
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"a row of levels.csv: devices of {source.cell.name} programmed to one target, at one time",
        "type": "object",
        "properties": properties,
        "required": list(_COLUMNS),
        "additionalProperties": False,
    }
    return (json.dumps(schema, indent=1) + "\n").encode()


def _netcdf(source: LevelStatistics) -> bytes:
    return bytes(source.to_dataset().to_netcdf(engine="h5netcdf"))


def read_levels(text: bytes) -> dict[str, np.ndarray]:
    """Moments of a written ``levels.csv``, (targets, times) and (targets,), by the names of `LevelStatistics`."""
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in _COLUMNS}
    shape = np.unique(columns["target_S"]).size, -1
    names = {"conductance_mean": "conductance_mean_S", "conductance_std": "conductance_std_S", "noise_std": "noise_std"}
    found = {name: columns[column].reshape(shape) for name, column in names.items()}
    return found | {name: columns[name].reshape(shape)[:, 0] for name in ("exponent_mean", "exponent_std")}
