"""What the devices of a tile have to do with its cost: their conductances, and the noise of what they give.

Signal and noise
----------------
Each output is a sum over devices, y = sum_i x_i G_i. Read noise of relative rms r and the thermal noise of the devices
are independent from device to device, so that for inputs that vary independently the ratio of the rms of an output to
that of its noise is that of one device, whatever the number of rows:

    1 / SNR^2 = r(G, t)^2 + 2 k_B T / (G V^2 t)

with the cell's own read noise r for a read of duration t, and the current noise 4 k_B T G of a conductance (Nyquist
1928) averaged over t, 2 k_B T G / t, over (G V)^2. The second term is k_B T over half of what the device dissipates:
with energy on the other axis no optimum has more signal than that leaves.

Not modelled: noise of converters and amplifiers; shot noise, which above 2 k_B T / e = 52 mV would exceed Nyquist's in
devices shorter than their electrons' inelastic length; inputs that are correlated; drift and programming errors (see
`AnalogMatrix`); devices of a pair that stand at their least conductance.

References
----------
H. Nyquist, Phys. Rev. 32, 110 (1928), eq. 1.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.protocol import are_devices, is_look
from pcmphys.constants import BOLTZMANN
from pcmphys.errors import ParameterError
from pcmphys.numerics import check

_DURATIONS = ("read.duration", "read_duration")
"""What parameter files call the length of a usual read."""
_SHORTEST, _LONGEST = 1e-12, 1.0
_AGE = 3600.0


def mean_conductance(given: Any, name: str = "conductance") -> float:
    """Mean conductance [S] over devices: of a number, an array, devices, a look at them, or an `AnalogMatrix`.

    Raises
    ------
    ParameterError
        None of these, or a negative conductance.
    """
    if hasattr(given, "conductances"):
        arrays = given.conductances()
        return float(sum(one.sum() for one in arrays) / sum(one.size for one in arrays))
    if are_devices(given):
        given = given.now()
    if is_look(given):
        given = given.conductance
    return float(check.array(name, given, "S", 0.0).mean())


def signal_to_noise(
    cell: Any,
    conductance: ArrayLike,
    integration: ArrayLike,
    *,
    voltage: float | None = None,
    age: float = _AGE,
    devices: int = 200,
    seed: int = 0,
) -> np.ndarray:
    """Ratio of an output's rms to that of its noise, against device conductance and integration time.

    Parameters
    ----------
    cell : cell
        Technology, as `pcmphys.load_cell` gives it.
    conductance : array_like [S]
        Conductances that devices are programmed to, any number of them, each within the cell's range.
    integration : array_like [s]
        Durations of the read.
    voltage : float [V], optional
        On the word lines, for the thermal noise; the cell's read voltage by default.
    age : float [s]
        Time since programming.
    devices : int
        Devices programmed to each conductance; their mean squared relative noise counts.
    seed : int
        Same seed, same devices.

    Returns
    -------
    ndarray
        Shape (conductances, durations), of amplitudes: 20 log10 of it in decibel.

    Raises
    ------
    ParameterError
        Conductances beyond the cell's, times that are not positive, a cell without read noise.

    Examples
    --------
    More conductance or more time, less noise:

    >>> import pcmphys as pcm
    >>> ratio = signal_to_noise(pcm.load_cell("hermes-14nm-statistical"), [1e-6, 8e-6], [10e-9, 1e-6])
    >>> (20.0 * np.log10(ratio)).round(1).tolist()
    [[19.0, 19.9], [20.7, 21.6]]
    """
    wanted = np.atleast_1d(check.array("conductance", conductance, "S", 0.0))
    times = np.atleast_1d(check.array("integration", integration, "s", _SHORTEST, _LONGEST))
    volts = check.number("voltage", cell.read_voltage if voltage is None else voltage, "V", 0.0, low_open=True)
    check.number("age", age, "s", 0.0)
    _within(cell, wanted)
    count = check.integer("devices", devices, 1, 10**7)
    population = cell.population((wanted.size, count), seed=seed)
    population.program(np.broadcast_to(wanted[:, None], (wanted.size, count)))
    population.wait(age)
    look = population.now()
    noise = np.stack([_noise(look, float(time)) for time in times], axis=1)
    temperature = getattr(look, "temperature", None) or cell.parameters.temperature
    thermal = 2.0 * BOLTZMANN * temperature / (wanted[:, None] * volts**2 * times)
    return 1.0 / np.sqrt(noise + thermal)


def _within(cell: Any, wanted: np.ndarray) -> None:
    low, high = cell.conductance_minimum, cell.conductance_maximum
    wrong = (wanted <= 0.0) | (wanted < low) | (wanted > high * (1.0 + 1e-12))
    if wrong.any():
        raise ParameterError(
            f"conductance must lie above {low:g} S and up to {high:g} S, what {cell.name} can be programmed to; got "
            f"{wanted[wrong][0]:g} S"
        )


def _noise(look: Any, duration: float) -> np.ndarray:
    """Mean squared relative read noise of a read of this duration, one number a conductance."""
    known = look.cell.technology.quantities
    key = next((key for key in _DURATIONS if key in known), None)
    if key is None:
        raise ParameterError(
            f"cell must have one of {', '.join(_DURATIONS)} to be read for another time; {look.cell!r}"
        )
    read = dataclasses.replace(look, cell=look.cell.but({key: duration}, source="integration time"))
    return np.mean(read.relative_noise**2, axis=1)
