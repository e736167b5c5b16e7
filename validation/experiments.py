"""Experiments on the physical cell that several cases share."""

from __future__ import annotations

import csv
import pathlib
from dataclasses import dataclass

import numpy as np

import pcmphys as pcm
from pcmphys.physics import dome
from pcmphys.programming import SCHEMES

DATA = pathlib.Path(__file__).parents[1] / "data" / "ibm-pcm-joshi-digitised"
MAXIMUM = 25e-6
READ = 250e-9
RESET = pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9)
SET = SCHEMES["gradient"].prepare[0]
# number and averaging of the reads behind the measured exponents are not known
READS = np.geomspace(27.0, 1e5, 20)


def table(name: str) -> np.ndarray:
    """Columns of a digitised file, one row a measured point."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    return np.array(rows[1:], dtype=float)


@dataclass(frozen=True)
class Programmed:
    """What the program-and-verify experiment gives at each level; levels in units of 25 uS."""

    level: np.ndarray
    error: np.ndarray
    """Std over devices [S] of the read at the reference time."""
    bias: np.ndarray
    """Mean of that read over the target."""
    converged: np.ndarray
    iterations: np.ndarray
    exponent: np.ndarray
    """Exponents of the noisy reads, (levels, devices)."""
    clean: np.ndarray
    """Exponents of the same devices without read noise."""


def programmed(cell, levels: np.ndarray, devices: int, seed: int, scheme=None) -> Programmed:
    """Program ``devices`` devices a level, read at 20 s, then 20 times up to 1e5 s, and fit each one's exponent."""
    population = cell.population((levels.size, devices), seed=seed)
    targets = np.repeat(levels[:, None] * MAXIMUM, devices, axis=1)
    report = population.program(targets, scheme=scheme)
    start = population.time
    population.wait(cell.reference_time - (population.time - start))
    first = population.read()
    noisy, clean = [], []
    for time in READS:
        population.wait(max(time - (population.time - start), 0.0))
        noisy.append(population.read())
        clean.append(population.conductance())
    return Programmed(
        level=levels,
        error=first.std(axis=1, ddof=1),
        bias=first.mean(axis=1) / (levels * MAXIMUM),
        converged=report.converged.mean(axis=1),
        iterations=report.iterations.mean(axis=1),
        exponent=slopes(np.array(noisy)),
        clean=slopes(np.array(clean)),
    )


def slopes(reads: np.ndarray) -> np.ndarray:
    """Least-squares exponents of reads (times, ...) at `READS`; as the experiment fits them."""
    x = np.log(READS) - np.log(READS).mean()
    return -np.tensordot(x, np.log(np.maximum(reads, 1e-12)), axes=(0, 0)) / (x @ x)


def incremental_set(cell, current: float, devices: int, seed: int, pulses: int = 50, pause: float = 20.0) -> np.ndarray:
    """Reads [S] after a RESET and after each of ``pulses`` pulses of 50 ns, shape (pulses + 1, devices)."""
    population = cell.population(devices, seed=seed)
    population.apply(RESET)
    population.wait(pause)
    reads = [population.read()]
    step = pcm.Pulse(current=current, width=50e-9, fall=5e-9)
    for _ in range(pulses):
        population.apply(step)
        population.wait(pause)
        reads.append(population.read())
    return np.array(reads)


def barrier(look) -> np.ndarray:
    """Harmonic mean thickness [m] of each device's domes, that of its threshold; population's shape."""
    floats, state = look.cell.parameters.pack(), look.state
    return np.array([dome.barrier(i, floats, state) for i in range(look.size)]).reshape(look.shape)


def published_increment(conductance: np.ndarray, pulse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and std [uS] of the change by pulse number 1, 2, ... at a conductance [uS] (nandakumar2018, second-hand)."""
    memory = np.exp(-pulse / 2.6)
    mean = -0.084 * conductance + 0.880 + 1.40 * memory
    return mean, 0.091 * conductance + 0.260 + 2.15 * memory


def published_curve(pulses: int) -> np.ndarray:
    """Conductance [uS] after 0, 1, ... pulses when the published mean changes add up."""
    curve = [0.0]
    for k in range(1, pulses + 1):
        curve.append(curve[-1] + float(published_increment(np.array(curve[-1]), np.array(k))[0]))
    return np.array(curve)


def published_noise(level: np.ndarray) -> np.ndarray:
    """Q_s at a level (nandakumar2019)."""
    return np.minimum(0.0088 / level**0.65, 0.2)


def spectrum(cell, levels: np.ndarray, devices: int, seed: int, interval: float = 1e-3, reads: int = 2048):
    """Frequencies [Hz] and mean relative spectrum [1/Hz] (levels, frequencies) of programmed devices 1e4 s old."""
    from scipy import signal

    population = cell.population((levels.size, devices), seed=seed)
    population.program(np.repeat(levels[:, None] * MAXIMUM, devices, axis=1))
    population.wait(1e4)
    trace = np.empty((levels.size, devices, reads), dtype=np.float32)
    for k in range(reads):
        # each read lasts as long as the interval, so that faster noise is averaged and not folded into the spectrum
        trace[..., k] = population.read(duration=interval)
    trace /= trace.mean(axis=-1, keepdims=True)
    frequency, density = signal.welch(trace, fs=1.0 / interval, nperseg=reads // 2, detrend="linear", axis=-1)
    return frequency[1:], density[..., 1:].mean(axis=1), trace


def noise_amplitude(frequency: np.ndarray, density: np.ndarray, interval: float) -> np.ndarray:
    """Q_s of each level of a spectrum as `spectrum` gives it, S = Q_s^2 / f."""
    band = noise_band(frequency, interval)
    return np.sqrt((density[:, band] * frequency[band]).mean(axis=1))


def noise_band(frequency: np.ndarray, interval: float) -> np.ndarray:
    """Frequencies away from the ends: from the window's width below, and the average of a read above."""
    return (frequency > 5.0 * frequency[0]) & (frequency < 0.4 / interval)
