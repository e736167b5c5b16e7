"""One device of a statistical cell, the slow way: published formulas in uS, math library, whole numbers for traps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import mpmath

from tests.oracles.philox import uniform, words

PROGRAMMING, TRAP_REFRESH = 1, 2


def clip(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


def ln(g: float) -> float:
    return math.log(g) if g > 0.0 else -math.inf


class Ibm90:
    """Joshi 2020 and Nandakumar 2019: doped GST, 90 nm."""

    name = "ibm-90nm-statistical"
    maximum = 25.0  # uS
    reference_time = 20.0
    read_duration = 250e-9

    @staticmethod
    def programming_error(g):  # uS
        return 0.26348 + 1.9650 * g - 1.1731 * g**2

    @staticmethod
    def drift_mean(g):
        return clip(-0.0155 * ln(g) + 0.0244, 0.049, 0.1)

    @staticmethod
    def drift_spread(g):
        return clip(-0.0125 * ln(g) - 0.0059, 0.008, 0.045)

    @staticmethod
    def read_noise(g):
        return min(0.0088 / g**0.65, 0.2) if g > 0.0 else 0.2


class Hermes14:
    """Le Gallo 2023 as fitted in aihwkit: one device a polarity."""

    name = "hermes-14nm-statistical"
    maximum = 10.35  # uS
    reference_time = 200.0
    read_duration = 512e-9

    @staticmethod
    def programming_error(g):  # uS
        return 0.15781817 + 2.32443916 * g - 2.16310839 * g**2 + 0.68841818 * g**3

    @staticmethod
    def drift_mean(g):
        return clip(-0.0387 * ln(g) - 0.0182, 0.0720, 0.13) if g < 0.0945 else -0.0436 * g**2 - 0.0126 * g + 0.0736

    @staticmethod
    def drift_spread(g):
        return clip(-0.0120 * ln(g) - 0.0023, 0.0124, 0.04) if g < 0.3039 else -0.0165 * g**2 + 0.0116 * g + 0.0104

    @staticmethod
    def read_noise(g):
        if g < 0.1591:
            return clip(-0.0078 * ln(g) + 0.0038, 0.0179, 0.04)
        return 0.0664 * g**3 - 0.1352 * g**2 + 0.0768 * g + 0.0088


TECHNOLOGIES = (Ibm90, Hermes14)
BRANCH_POINTS = (0.0945, 0.3039, 0.1591)

TRAPS = 32
FASTEST, SLOWEST = 5e-9, 3e10


def trap_rate(k: int) -> float:
    return 1.0 / (FASTEST * (SLOWEST / FASTEST) ** (k / (TRAPS - 1)))


def trap_amplitude(k: int, duration: float) -> float:
    spacing = math.log(SLOWEST / FASTEST) / (TRAPS - 1)
    return math.sqrt(spacing) * math.exp(-trap_rate(k) * duration)


def refresh_threshold(rate: float, elapsed: float) -> tuple[int, bool]:
    """The smaller of the chances of a refresh, 1 - exp(-r dt), and of none, in units of 2**-64; is it that of none?"""
    with mpmath.workdps(50):
        none = mpmath.exp(-mpmath.mpf(rate) * mpmath.mpf(elapsed))
        return int(mpmath.floor(min(none, 1 - none) * mpmath.mpf(2) ** 64)), bool(none < mpmath.mpf(0.5))


def trap_numbers(seed: int, cell: int, event: int) -> tuple[list[int], int]:
    """A 64-bit uniform number a trap, and the word of fresh states.

    Binary digit j of trap k is bit k of the j-th digit word: four of block 0, three of block 1 (the fourth is the word
    of fresh states), then three of each further block.
    """
    blocks = [words(seed, cell, event, TRAP_REFRESH, block) for block in range(21)]
    digits = [*blocks[0], *(word for block in blocks[1:] for word in block[:3])]
    numbers = [sum(((digits[j] >> k) & 1) << (63 - j) for j in range(64)) for k in range(TRAPS)]
    return numbers, blocks[1][3]


def normal_pair(seed: int, cell: int, event: int) -> tuple[float, float]:
    w0, w1, w2, w3 = words(seed, cell, event, PROGRAMMING, 0)
    radius = math.sqrt(-2.0 * math.log(uniform(w0, w1)))
    angle = 2.0 * math.pi * uniform(w2, w3)
    return radius * math.cos(angle), radius * math.sin(angle)


@dataclass
class Device:
    """State and history of one device, its times exact; the events are counted as its population counts them."""

    technology: type
    seed: int
    cell: int
    time: Fraction = Fraction(0)
    event: int = 0
    trap_time: Fraction = Fraction(0)
    programmed_at: Fraction = Fraction(0)
    conductance: float = 0.0  # S
    exponent: float = 0.0
    noise: float = 0.0
    traps: int = 0
    awake: int = 0

    def program(self, target: float, *, chosen: bool = True, all_devices: bool = True) -> None:
        """``target`` [S]; with ``all_devices`` false, only the chosen devices of the population are programmed."""
        self.event += 1
        event = self.event
        if not all_devices:
            self._advance(self.time)
        self.trap_time = self.time
        if not chosen:
            return
        g = target * 1e6 / self.technology.maximum
        z_conductance, z_exponent = normal_pair(self.seed, self.cell, event)
        self.conductance = max(target + 1e-6 * self.technology.programming_error(g) * z_conductance, 0.0)
        self.exponent = abs(self.technology.drift_mean(g) + self.technology.drift_spread(g) * z_exponent)
        self.noise = self.technology.read_noise(g)
        self.traps = self.awake = 0
        self.programmed_at = self.time

    def wait(self, duration: float) -> None:
        self.time += Fraction(duration)

    def noise_free(self) -> float:
        age = max(float(self.time - self.programmed_at) / self.technology.reference_time, 1.0)
        return self.conductance * age**-self.exponent

    def read(self, duration: float | None = None) -> float:
        duration = self.technology.read_duration if duration is None else duration
        self._advance(self.time - Fraction(duration))
        away = 0.0
        for k in range(TRAPS):
            if (self.awake >> k) & 1:
                away += trap_amplitude(k, duration) * (1 if (self.traps >> k) & 1 else -1)
        result = max(self.noise_free() * (1.0 + self.noise * away), 0.0)
        self.time += Fraction(duration)
        return result

    def _advance(self, until: Fraction) -> None:
        elapsed = float(until - self.trap_time)
        if elapsed <= 0.0:
            return
        self.event += 1
        numbers, fresh = trap_numbers(self.seed, self.cell, self.event)
        for k, number in enumerate(numbers):
            threshold, inverted = refresh_threshold(trap_rate(k), elapsed)
            if (number < threshold) != inverted:
                self.awake |= 1 << k
                self.traps = self.traps & ~(1 << k) | fresh & (1 << k)
        self.trap_time = until
