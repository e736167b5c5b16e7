"""What many mushroom cells do: programming curve, noise. Each figure runs its experiment on a copy.

References
----------
Averaged periodograms: P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967), as in scipy.signal.welch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells import MushroomCell, MushroomPopulation
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.physics import heat
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL, plain_log
from pcmphys.plot.figures import plain
from pcmphys.plot.mushroom import selection, spectrum
from pcmphys.programming import SCHEMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def programming_curve(
    devices: Any, *, amplitudes: ArrayLike | None = None, n: int = 300, seed: int = 0, axes: Axes | None = None
) -> Figure:
    """Conductance against the amplitude of a 50 ns pulse: partial RESET from the SET state, SET staircase from RESET.

    Parameters
    ----------
    devices : MushroomCell or MushroomPopulation
        A cell: ``n`` new devices. A population: copies of its first ``n`` devices; it is left as it is.
    amplitudes : array_like [A], optional
        Rising; 20 to 480 uA in steps of 10 uA by default.
    n : int
        Most devices.
    seed : int
        Of the new devices of a cell.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        Neither cell nor population, amplitudes that do not rise or lie beyond the on-state's validity.

    Notes
    -----
    Pulses, preparation and the delay up to the read are those of the schemes "partial-reset" and "set-staircase".
    Partial RESET prepares the device anew before each pulse; the staircase sends one pulse after the other to the same
    device. Lines are medians, bands hold 90 % of the devices. The marks at the top are the currents at which the
    heater of a device without deviations reaches the glass transition and melting, where they lie within the axis;
    sectors whose front lies further out melt earlier.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> figure = programming_curve(pcm.load_cell("ibm-90nm-doped-gst"), n=20)
    >>> figure.axes[0].get_xlabel()
    'pulse amplitude [µA]'
    """
    population = _some_devices(devices, check.integer("n", n, 1), seed)
    largest = population.cell.parameters.heat.largest_current
    given = np.arange(20e-6, 481e-6, 10e-6) if amplitudes is None else amplitudes
    given = check.increasing("amplitudes", check.array("amplitudes", given, "A", 0.0, largest, ndim=1), "A")
    runs = (
        (_partial_reset(population, given), style.BLUE, "partial RESET, each pulse from the SET state"),
        (_staircase(population, given), style.VERMILION, "SET staircase, from RESET upwards"),
    )
    with style.panel(axes, figsize=(7.2, 4.8)) as (figure, axes):
        for conductance, colour, label in runs:
            _median_and_band(1e6 * given, 1e6 * conductance, colour, label, axes)
        plain_log(axes)
        axes.set_xlim(1e6 * given[0], 1e6 * given[-1])
        _mark_temperatures(population, given, axes)
        axes.set_xlabel("pulse amplitude [µA]")
        axes.set_ylabel("conductance [µS]")
        count = population.size
        spoken = f"median and 5-95 % of {count} devices" if count > 1 else "one device"
        axes.set_title(f"{plain(population.cell.name)}: {spoken}", fontsize=10, pad=18)
        axes.legend(fontsize=SMALL, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2)
        return figure


def _some_devices(devices, n: int, seed: int) -> MushroomPopulation:
    if isinstance(devices, MushroomCell):
        return devices.population(n, seed=seed)
    if not isinstance(devices, MushroomPopulation):
        raise ParameterError(f"devices must be a MushroomCell or a population of one; got {type(devices).__name__}")
    return devices.flat[0 : min(n, selection.checked(devices).size)]


def _partial_reset(population: MushroomPopulation, amplitudes) -> np.ndarray:
    """Reads [S] (amplitudes, devices) after one pulse from the SET state."""
    scheme = SCHEMES["partial-reset"]
    out = np.empty((amplitudes.size, population.size))
    for k, amplitude in enumerate(amplitudes):
        twin = population.copy()
        for pulse in scheme.prepare:
            twin.apply(pulse)
        twin.apply(scheme.pulse, amplitude=amplitude, pause=scheme.verify_delay)
        out[k] = twin.read()
    return out


def _staircase(population: MushroomPopulation, amplitudes) -> np.ndarray:
    """Reads [S] (amplitudes, devices) after each pulse of a rising staircase from RESET."""
    scheme = SCHEMES["set-staircase"]
    twin = population.copy()
    for pulse in scheme.prepare:
        twin.apply(pulse)
    out = np.empty((amplitudes.size, population.size))
    for k, amplitude in enumerate(amplitudes):
        twin.apply(scheme.pulse, amplitude=amplitude, pause=scheme.verify_delay)
        out[k] = twin.read()
    return out


def _median_and_band(x, values, colour: str, label: str, axes) -> None:
    """Median over the last axis and the band between the 5th and the 95th percentile."""
    low, middle, high = np.percentile(values, [5.0, 50.0, 95.0], axis=1)
    axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)
    axes.plot(x, middle, color=colour, lw=1.8, label=label)


def _mark_temperatures(population: MushroomPopulation, amplitudes, axes) -> None:
    """Currents at which the heater of a device without deviations reaches the glass transition, and melting."""
    parameters = population.cell.parameters
    p, crystallization = parameters.heat.pack(), parameters.crystallization
    fine = np.linspace(amplitudes[0], amplitudes[-1], 1000)
    # of a SET device, whose threshold lies below the holding voltage
    power = fine * (p.on_voltage + p.on_resistance * fine)
    rise = np.array(
        [heat.heater_rise(float(w), float(current), True, p) for w, current in zip(power, fine, strict=True)]
    )
    levels = ((crystallization.viscosity.glass_temperature, "$T_g$"), (crystallization.melting_temperature, "$T_m$"))
    for level, name in levels:
        hot = np.flatnonzero(p.ambient + rise >= level)
        if hot.size and hot[0] > 0:
            at = 1e6 * fine[hot[0]]
            axes.axvline(at, color=style.GREY, lw=1.0, ls="--")
            where = axes.get_xaxis_transform()
            axes.text(at, 1.01, f"heater at {name}", transform=where, ha="center", va="bottom", fontsize=SMALL)


def noise_spectrum(
    devices: Any,
    *,
    reads: int = 4096,
    interval: float = 1e-3,
    duration: float | None = None,
    n: int = 200,
    axes: Axes | None = None,
) -> Figure:
    """Power spectral density of the relative current noise, S_I/I^2, from reads at a fixed interval.

    Parameters
    ----------
    devices : MushroomPopulation
        Copies of its first ``n`` devices are read; it is left as it is.
    reads : int
        Reads of each device, at least 1024.
    interval : float [s]
        From one read to the next.
    duration : float [s], optional
        Length of a read, at most the interval. By default the whole interval: shorter reads fold all the noise
        that is faster than the interval into the spectrum, as a plateau at its upper end.
    n : int
        Most devices.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No mushroom cells, too few reads, a read longer than the interval.

    Notes
    -----
    Each device's drift, a power law of the age of its glass, is taken out before Welch's averaged periodogram (eight
    pieces, half overlapping, Hann window). Slope and Q_s come from the median over devices, between the third bin and
    a quarter of the highest frequency, every decade with the same weight; the guide is Q_s^2/f. A few devices are far
    noisier than the rest: the rms over devices, which is what published values of Q_s state, is larger.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(20, seed=1)
    >>> report = devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    >>> devices.wait(20.0)
    >>> noise_spectrum(devices, reads=1024).axes[0].get_xlabel()
    'frequency [Hz]'
    """
    selection.checked(devices)
    reads = check.integer("reads", reads, 1024)
    n = min(check.integer("n", n, 1), devices.size)
    interval = check.number("interval", interval, "s", 0.0, low_open=True)
    duration = interval if duration is None else duration
    duration = check.number("duration", duration, "s", 0.0, interval, low_open=True)
    deviation = spectrum.relative(*spectrum.records(devices.flat[0:n], reads, interval, duration))
    frequency, power = spectrum.density(deviation, interval)
    law = spectrum.power_law(frequency, np.median(power, axis=1))
    with style.panel(axes, figsize=(6.8, 4.8)) as (figure, axes):
        _median_and_band(frequency, power, style.BLUE, f"median of {n} device{'s' * (n > 1)}, band 5-95 %", axes)
        axes.plot(law.frequency, law.curve, color=style.VERMILION, lw=2.0, label=f"fit, $f^{{{law.slope:.2f}}}$")
        guide = law.noise**2 / frequency
        axes.plot(frequency, guide, color="black", lw=1.2, ls="--", label=f"$Q_s^2/f$, $Q_s$ = {law.noise:.2g}")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(frequency[0], frequency[-1])
        axes.set_xlabel("frequency [Hz]")
        axes.set_ylabel("$S_I/I^2$ [1/Hz]")
        axes.set_title(f"{plain(devices.cell.name)}: {reads} reads at intervals of {_spoken(interval)}", fontsize=10)
        axes.legend(fontsize=SMALL, loc="lower left")
        return figure


def _spoken(seconds: float) -> str:
    """A time with the prefix that keeps it above one: 250 ns, 1 ms, 20 s."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
