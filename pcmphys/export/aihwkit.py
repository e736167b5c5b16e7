"""A cell's devices for aihwkit: a module with a noise model made of tables, and arguments for aihwkit's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.protocol import Cell
from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.export.aihwkit_devices import ExportedDevice, pulsed_device
from pcmphys.export.carried import SAMPLES, carried
from pcmphys.export.exported import Exported, sources, statistics
from pcmphys.export.folder import check_folder, class_name, write_folder
from pcmphys.export.generated import TableCarrier, filled, require_drift, tables
from pcmphys.export.levels import DEVICES, LEVELS, TIMES, LevelStatistics
from pcmphys.export.round_trip import RoundTrip, round_trip

_MICRO = 1e-6
TAKEN = (
    "BaseNoiseModel", "SinglePairConductanceConverter", "CELL", "G_MIN", "G_MAX", "T_0", "TARGETS", "TIMES", "REACH",
    "PROGRAMMED", "COUPLING", "LOSS", "NOISE", "CONSTRUCTOR", "constructor", "torch", "deepcopy", "log",
)  # fmt: skip
"""Names that the written module uses."""
_DEGREE = 3
"""Of the programming polynomial; aihwkit takes any."""
_Q_S, _EXPONENT, _LEAST, _CAP = 0.0088, 0.65, 1e-3, 0.2
"""Read noise of aihwkit 1.1's `PCMLikeNoiseModel` (Nandakumar 2019): Q_s = min(0.0088 / max(g^0.65, 0.001), 0.2)."""
_LOST = (
    "Coherent noise: aihwkit draws the read noise of a device anew at each drift_analog_weights, where 1/f and "
    "telegraph noise keep their state from read to read.",
    "Temperature: the tables are those of the cell's own; export a cell at another temperature for another one.",
    "Order in time: one normal score ranks a device's drift at all times; devices that overtake each other do not.",
    "Between exported targets and times, tables are interpolated linearly (time: in its logarithm).",
    "Programming effort and energy, endurance, disturb, I-V beyond the read voltage.",
)
_LOST_BY_MODULE = (
    "Pair identity, where weights are changed between programming and drift: aihwkit then hands over only the "
    "difference of a pair (both devices keep theirs in program_analog_weights and drift_analog_weights).",
    *_LOST,
)
_LOST_BY_CONSTRUCTOR = (
    "Pair identity: aihwkit's own models get the programmed weight only; the smaller device of a pair is then taken to "
    "be at its least conductance.",
    "Non-Gaussian tails: all three draws are normal, clipped at zero.",
    "Devices that drift less because they conduct more: programming error and drift are independent.",
    *_LOST,
)
_TOGETHER = (
    "One correlation joins drift and programmed conductance: too little where many devices conduct nothing, or where "
    "the two go together in a more involved way."
)
_REASONS = {
    "conductance_mean": _TOGETHER,
    "conductance_std": _TOGETHER,
    "exponent_mean": "Devices overtake each other in their loss.",
    "exponent_std": "Devices overtake each other in their loss.",
    "noise_std": "Readings are held at zero, and the tails of large noise end with the table.",
}
_CONSTRUCTOR_REASONS = {
    "conductance_mean": "aihwkit's constructor puts the mean on the target; a negative draw is zero.",
    "conductance_std": "One polynomial for the programming error, drift independent of it.",
    "exponent_mean": "One normal exponent a device, the same at all times.",
    "exponent_std": "One normal exponent a device, the same at all times.",
    "noise_std": "The law of Q_s is fixed in aihwkit but for its scale, and is that of the programmed conductance.",
}


def aihwkit(
    cell: Cell | LevelStatistics,
    folder: str | Path,
    *,
    name: str | None = None,
    levels: int | ArrayLike = LEVELS,
    times: int | ArrayLike = TIMES,
    devices: int = DEVICES,
    seed: int = 0,
    overwrite: bool = False,
) -> Exported | ExportedDevice:
    """Write a cell as a noise model for aihwkit, with the report of its round trip; one trained in place as a device.

    Parameters
    ----------
    cell : cell or LevelStatistics
        What to export; statistics that were sampled before are taken as they are.
    folder : str or Path
        Where to; a new or empty folder.
    name : str, optional
        Of the class, "PcmNoiseModel" or "PulsedDevice" by default; its module is called accordingly.
    levels, times, devices, seed
        See `pcmphys.export.sample`.
    overwrite : bool
        Replace an export that lies there, if nobody changed it.

    Returns
    -------
    Exported or ExportedDevice
        Its ``round_trip`` says what arrives; ``lost`` of a device, what does not.

    Raises
    ------
    ParameterError
        A name that Python forbids, a folder that holds other files, a cell without drift, or what `sample` refuses;
        nothing is written then.

    Notes
    -----
    Files: ``pcm_noise_model.py`` (class, and ``constructor()``), ``constructor.json`` (arguments of aihwkit's
    ``CustomDriftPCMLikeNoiseModel``), ``round_trip.html``, ``constructor_round_trip.html``, ``sources.bib``.

    A `pcmphys.cells.pulsed.PulsedCell` becomes a device of aihwkit's own kinds (``PulsedDevice``, and ``rpu_config()``)
    by its update law: the same numbers, or a table of steps where aihwkit has no such law; what is said of levels and
    times is not used then.

    aihwkit counts ``t_inference`` from the cell's reference time (its t_0). Held against aihwkit 1.1.0.

    Programming error and drift are drawn once a device when weights are programmed: what is left after the cell's own
    write and verify. Read noise is drawn at each ``drift_analog_weights``; reading disturbs nothing.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> done = pcm.export.aihwkit(pcm.load_cell("ibm-90nm-statistical"), "noise", levels=8, times=[86400.0])
    >>> print(*done.files)
    constructor.json constructor_round_trip.html pcm_noise_model.py round_trip.html sources.bib
    """
    if isinstance(cell, PulsedCell):
        return pulsed_device(cell, folder, "PulsedDevice" if name is None else name, overwrite=overwrite)
    name = class_name("PcmNoiseModel" if name is None else name, TAKEN)
    check_folder(folder, overwrite=overwrite)
    source = statistics(cell, levels, times, devices, seed)
    require_drift(source, "aihwkit's noise model", "in aihwkit, drift_scale=0 takes the drift of any model away")
    arguments = constructor(source)
    module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    text = filled(
        "aihwkit.py.txt",
        {
            **tables(source, _MICRO),
            "name": name,
            "module": module,
            "g_min": source.target[0] / _MICRO,
            "g_max": source.target[-1] / _MICRO,
            "constructor": arguments,
        },
    )
    trip = _trip("aihwkit", source, TableCarrier(text, _MICRO), _REASONS, _LOST_BY_MODULE)
    own = _trip("aihwkit's own model", source, ConstructorCarrier(source, arguments), _CONSTRUCTOR_REASONS,
                _LOST_BY_CONSTRUCTOR)  # fmt: skip
    files = {
        f"{module}.py": text,
        "constructor.json": (json.dumps(_plain(arguments), indent=1) + "\n").encode(),
        "round_trip.html": trip.page().encode(),
        "constructor_round_trip.html": own.page().encode(),
        **sources(source.cell),
    }
    about = {"target": "aihwkit", "cell": source.cell.name, "class": name, "devices": source.devices}
    path = write_folder(folder, files, about, overwrite=overwrite)
    return Exported(path, tuple(sorted(files)), trip)


def _trip(target: str, source: LevelStatistics, carrier: Any, reasons: dict[str, str], lost: Any) -> RoundTrip:
    return round_trip(target, source, carried(source, carrier), reasons, lost, SAMPLES)


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _plain(value) if isinstance(value, dict) else np.asarray(value).tolist()
        for key, value in arguments.items()
    }


def constructor(source: LevelStatistics) -> dict[str, Any]:
    """Arguments of ``CustomDriftPCMLikeNoiseModel`` that come nearest to a cell's levels: uS and s.

    A cell that knows the moments of its draws (a statistical one) gives those; of any other they are the devices'.
    """
    top = source.target[-1]
    known = source.cell.moments(source.target) if callable(getattr(source.cell, "moments", None)) else {}
    error = known.get("programming_error", source.conductance_std[:, 0])
    level = source.target / top
    degree = min(_DEGREE, level.size - 1)
    coefficients = np.polynomial.polynomial.polyfit(level, error / _MICRO, degree)
    duration = read_duration(source.cell)
    law = _own_noise(level) * np.sqrt(_variance(source.time, duration))[:, None]
    # the middle of the ratios: the law's own shape is fixed
    scale = np.exp(np.median(np.log(np.maximum(source.noise_rms.T, 1e-12) / law)))
    targets, mean, std = (
        source.target / _MICRO,
        known.get("drift_exponent_mean", source.exponent_mean),
        known.get("drift_exponent_spread", source.exponent_std),
    )
    return {
        "custom_drift_model": {"g_lst": targets, "nu_mean_lst": mean, "nu_std_lst": std},
        "prog_coeff": coefficients,
        "t_read": duration,
        "t_0": source.time[0],
        "read_noise_scale": scale,
    }


def read_duration(cell: Any) -> float:
    """Duration [s] of the cell's usual read."""
    parameters = cell.parameters
    read = getattr(parameters, "read", None)
    return float(parameters.read_duration if read is None else read.duration)


def _own_noise(level: np.ndarray) -> np.ndarray:
    return np.minimum(_Q_S / np.maximum(level**_EXPONENT, _LEAST), _CAP)


def _variance(age: np.ndarray, duration: float) -> np.ndarray:
    return np.maximum(np.log((age + duration) / (2.0 * duration)), 0.0)


class ConstructorCarrier:
    """The numpy twin of aihwkit's ``CustomDriftPCMLikeNoiseModel`` with some arguments (uS, s)."""

    def __init__(self, source: LevelStatistics, arguments: dict[str, Any]):
        self._given = arguments
        self._target = source.target / _MICRO
        self._top = self._target[-1]
        self._log = np.log(source.time / arguments["t_0"])
        self._deviation = np.sqrt(_variance(source.time, arguments["t_read"]))
        self._conducting = np.empty(0)

    def programmed(self, level: int, z: np.ndarray) -> np.ndarray:
        """Conductance [S] after programming."""
        target = self._target[level]
        spread = np.polynomial.polynomial.polyval(target / self._top, self._given["prog_coeff"])
        found = np.maximum(target + spread * z, 0.0)
        self._conducting = found[found > 0.0]
        return _MICRO * found

    def loss(self, level: int, time: int, z: np.ndarray, programmed: np.ndarray) -> np.ndarray:
        """Ln of the programmed conductance over that at a time."""
        model = self._given["custom_drift_model"]
        return np.abs(model["nu_mean_lst"][level] + model["nu_std_lst"][level] * z) * self._log[time]

    def noise(self, level: int, time: int, z: np.ndarray, conductance: np.ndarray) -> np.ndarray:
        """A reading over the conductance without noise, minus one."""
        # of the programmed conductance: where programming is uncertain, that is more in the mean than the target's own
        spread = self._given["read_noise_scale"] * _own_noise(self._conducting / self._top)
        return np.maximum(spread * self._deviation[time] * z, -1.0)
