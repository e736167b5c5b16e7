"""A cell's devices for CrossSim 3: a device class made of tables."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.protocol import Cell
from pcmphys.export.carried import SAMPLES, carried
from pcmphys.export.exported import Exported, sources, statistics
from pcmphys.export.folder import check_folder, class_name, write_folder
from pcmphys.export.generated import TableCarrier, constants, filled, require_drift, tables
from pcmphys.export.levels import DEVICES, LEVELS, TIMES, LevelStatistics
from pcmphys.export.round_trip import round_trip
from pcmphys.export.scores import drawn

_MICRO = 1e-6
TAKEN = (
    "EmptyDevice", "ComputeBackend", "xp", "log", "CELL", "T_0", "DAY", "TARGETS", "TIMES", "REACH", "PROGRAMMED",
    "COUPLING", "LOSS", "NOISE", "MEAN", "READ_VOLTAGE", "SHAPE",
)  # fmt: skip
"""Names that the written module uses."""
_LARGEST_RATIO = 1e6
"""Of Rmax over Rmin in the module's advice, where the least target is zero."""
_DRAWS, _STEPS = 4096, 30
"""Devices of a target that are spread over conductances, and steps towards the noise that belongs to these."""
_EACH_CELL = "    params.simulation.disable_fast_nonlinear_IV = True      # currents cell by cell\n"
_LOST = (
    "Time: CrossSim's time is fixed during a simulation, and each programming at another time draws new devices.",
    "Coherent noise: CrossSim draws the read noise anew at every product, where 1/f and telegraph noise keep their "
    "state from read to read.",
    "Read noise belongs to the present conductance, not to what a device was programmed to: devices that share a "
    "conductance by different ways share its noise.",
    "Spread of the I-V's shape: all devices of one conductance bend alike; its shape does not age.",
    "Temperature: the tables are those of the cell's own.",
    "Between exported targets and times, tables are interpolated linearly (time: in its logarithm).",
)
_REASONS = {
    "conductance_mean": "One correlation joins drift and programmed conductance.",
    "conductance_std": "One correlation joins drift and programmed conductance.",
    "exponent_mean": "Devices overtake each other in their loss.",
    "exponent_std": "Devices overtake each other in their loss.",
    "noise_std": "CrossSim's read noise sees the present conductance only: neighbouring targets overlap.",
}


def crosssim(
    cell: Cell | LevelStatistics,
    folder: str | Path,
    *,
    name: str = "PcmDevice",
    levels: int | ArrayLike = LEVELS,
    times: int | ArrayLike = TIMES,
    devices: int = DEVICES,
    seed: int = 0,
    overwrite: bool = False,
) -> Exported:
    """Write a cell of any kind as a device for CrossSim 3, with the report of its round trip.

    Parameters
    ----------
    cell : cell or LevelStatistics
        What to export; statistics that were sampled before are taken as they are.
    folder : str or Path
        Where to; a new or empty folder.
    name : str
        Of the device's class, by which CrossSim finds it once its module is imported.
    levels, times, devices, seed
        See `pcmphys.export.sample`.
    overwrite : bool
        Replace an export that lies there, if nobody changed it.

    Returns
    -------
    Exported

    Raises
    ------
    ParameterError
        See `pcmphys.export.aihwkit`.

    Notes
    -----
    The module offers ``programming_error``, ``drift_error`` (time in days, programming error included), ``read_noise``
    and ``nonlinear_current`` (up to the cell's read voltage). CrossSim's conductances are G Rmin; its head says which
    Rmin and Rmax fit. Held against CrossSim 3.2.0.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> done = pcm.export.crosssim(pcm.load_cell("ibm-90nm-statistical"), "device", levels=8, times=[86400.0])
    >>> print(*done.files)
    pcm_device.py round_trip.html sources.bib
    """
    name = class_name(name, TAKEN)
    check_folder(folder, overwrite=overwrite)
    check_cell(cell)
    source = statistics(cell, levels, times, devices, seed)
    check_cell(source)
    module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    low, high = source.target[0], source.target[-1]
    mean = np.maximum.accumulate(source.conductance_mean.T, axis=1)
    text = filled(
        "crosssim.py.txt",
        {
            **tables(source, _MICRO),
            "noise": _noise_of_conductance(source, mean),
            "name": name,
            "module": module,
            "r_min": 1.0 / high,
            "r_max": 1.0 / max(low, high / _LARGEST_RATIO),
            "nonlinear_part": "" if source.ohmic else ", device.nonlinear_IV",
            "nonlinear_line": "" if source.ohmic else _EACH_CELL,
            "mean": mean / _MICRO,
            "read_voltage": source.cell.read_voltage,
            "shape": source.shape[:, :1] if source.ohmic else source.shape,
        },
    )
    carrier = CrossSimCarrier(text)
    trip = round_trip("CrossSim", source, carried(source, carrier), _REASONS, _LOST, SAMPLES)
    files = {f"{module}.py": text, "round_trip.html": trip.page().encode(), **sources(source.cell)}
    about = {"target": "CrossSim", "cell": source.cell.name, "class": name, "devices": source.devices}
    path = write_folder(folder, files, about, overwrite=overwrite)
    return Exported(path, tuple(sorted(files)), trip)


def check_cell(cell: Cell | LevelStatistics) -> None:
    """Refuse a cell without drift, before it is sampled if it is known."""
    require_drift(
        cell, "a device of CrossSim",
        "export its levels with tables or neurosim, or its steps, if it is trained in place, with update_tables "
        "(pcmphys export updates)",
    )  # fmt: skip


def _noise_of_conductance(source: LevelStatistics, mean: np.ndarray) -> np.ndarray:
    """Tables of read noise (times, levels, scores) by present conductance, at nodes ``mean`` [S] (times, levels).

    Devices of a target spread over several nodes. The nodes' spreads are raised and lowered until each target's devices
    have theirs in the mean, by the multiplicative steps of Richardson and Lucy, which keep them positive and smooth.

    References
    ----------
    L. B. Lucy, Astron. J. 79, 745 (1974).
    """
    rng = np.random.default_rng(0)
    z = rng.standard_normal((2, _DRAWS))
    found = np.moveaxis(source.noise, 1, 0).copy()
    nodes = np.arange(source.target.size)
    for time in range(source.time.size):
        shares = np.zeros((nodes.size, nodes.size))
        for level in nodes:
            shared = source.coupling[level]
            score = shared * z[0] + np.sqrt(1.0 - shared * shared) * z[1]
            now = drawn(source.programmed[level], z[0]) * np.exp(-drawn(source.loss[level, time], score))
            place = np.interp(now[now > 0.0], mean[time], nodes)
            below = np.minimum(place.astype(int), nodes.size - 2)
            np.add.at(shares[level], below, 1.0 - (place - below))
            np.add.at(shares[level], below + 1, place - below)
        shares /= shares.sum(axis=1, keepdims=True)
        wanted = source.noise_std[:, time] ** 2
        variance = wanted.copy()
        for _ in range(_STEPS):
            variance *= (shares.T @ (wanted / (shares @ variance))) / np.maximum(shares.sum(axis=0), 1e-12)
        found[time] *= np.sqrt(variance / wanted)[:, None]
    return np.maximum(found, -1.0)


class CrossSimCarrier(TableCarrier):
    """The numpy twin of the written device: its read noise knows the present conductance only."""

    def __init__(self, module: bytes):
        super().__init__(module, _MICRO)
        found = constants(module)
        self._mean, self._noises = np.array(found["MEAN"]), np.array(found["NOISE"])

    def noise(self, level: int, time: int, z: np.ndarray, conductance: np.ndarray) -> np.ndarray:
        """A reading over the conductance without noise, minus one."""
        mean, noises = self._mean[time], self._noises[time]
        place = np.interp(conductance / _MICRO, mean, np.arange(mean.size))
        below = np.minimum(place.astype(int), mean.size - 2)
        share = place - below
        found = np.zeros(z.shape)
        for k in np.unique(below):
            here = below == k
            found[here] = (1.0 - share[here]) * drawn(noises[k], z[here]) + share[here] * drawn(noises[k + 1], z[here])
        return np.maximum(found, -1.0)
