"""Structural relaxation of the glass: what makes conductance drift.

One order parameter S falls as the glass relaxes, dS/dt = -nu_0 dS exp(-E_s (1 - S)/kT): the barrier grows as the
structure gets better. At one temperature this has the closed solution S(t) = -(kT/E_s) ln((t + tau_0)/tau_1), so that
a wait is one evaluation however long, and any thermal history is a chain of them. The barrier of conduction rises by
alpha per unit of S lost; with alpha = nu E_s the resistance goes as (1 + t/tau_0)^nu, and nu does not depend on the
temperature at which the device is kept and read.

The dome and the films between grains share S (both are renewed by any pulse that brings the heater above the glass
transition) and differ in nu; each quench draws both anew around the device's own values.

Not modelled: a distribution of barriers beyond the collective one, crystallization-induced stress.

References
----------
M. Le Gallo et al., Adv. Electron. Mater. 4, 1700627 (2018): collective relaxation. The constants are assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.numerics.borrow import borrowed
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import exp, log


@dataclass(frozen=True)
class RelaxationParameters:
    """Constants of structural relaxation and drift."""

    barrier: float = field(metadata={"unit": "eV", "above": 0.0, "doc": "E_s, barrier of the fully relaxed glass"})
    attempt_rate: float = field(metadata={"unit": "1/s", "above": 0.0, "doc": "nu_0 dS, rate times change per event"})
    initial: float = field(metadata={"unit": "1", "above": 0.0, "doc": "order parameter S_0 right after the quench"})
    dome_exponent: float = field(metadata={"unit": "1", "low": 0.0, "doc": "mean drift exponent of the amorphous dome"})
    boundary_exponent: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "mean drift exponent of the films between grains"}
    )
    device_spread: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "relative std of both exponents that a device keeps"}
    )
    cycle_spread: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "relative std of each exponent that every quench draws anew"}
    )
    mixture_age: float = field(
        metadata={"unit": "s", "above": 0.0, "doc": "age of dome and films whose mixture a shell's conduction is"}
    )

    def pack(self, temperature: float) -> RelaxationFloats:
        """The same numbers as the laws take them, with mean drift factors at ``mixture_age`` and a temperature [K]."""
        reduced = self.barrier * ELEMENTARY_CHARGE / (BOLTZMANN * temperature)
        onset = math.exp((1.0 - self.initial) * reduced) / (reduced * self.attempt_rate)
        aged = 1.0 + self.mixture_age / onset
        return RelaxationFloats(
            self.barrier * ELEMENTARY_CHARGE,
            self.attempt_rate,
            self.initial,
            self.dome_exponent,
            self.boundary_exponent,
            self.device_spread,
            self.cycle_spread,
            aged**self.dome_exponent,
            aged**self.boundary_exponent,
        )


class RelaxationFloats(NamedTuple):
    """`RelaxationParameters` for the laws; the barrier in J, and mean drift factors of an aged dome and aged films."""

    barrier: float
    attempt_rate: float
    initial: float
    dome_exponent: float
    boundary_exponent: float
    device_spread: float
    cycle_spread: float
    dome_aged: float
    films_aged: float


@law
def log_time_constant(temperature: float, p: RelaxationFloats) -> float:
    """ln(tau_1 / 1 s) at a temperature [K]: tau_1 = kT / (nu_0 dS E_s) exp(E_s / kT).

    Examples
    --------
    >>> from pcmphys.physics.relaxation import RelaxationFloats
    >>> p = RelaxationFloats(2.5 * 1.602176634e-19, 1e13, 0.8, 0.11, 0.05, 0.0, 0.0, 1.0, 1.0)
    >>> round(log_time_constant(300.0, p), 3)
    62.199
    """
    reduced = p.barrier / (BOLTZMANN * temperature)
    return reduced - log(reduced * p.attempt_rate)


@law
def relaxed(order: float, duration: float, temperature: float, p: RelaxationFloats) -> float:
    """Order parameter after a time [s] at one temperature [K]; exact, so two halves of a wait give the whole.

    S = -(kT/E_s) ln(e^(-S E_s/kT) + t/tau_1).
    """
    reduced = p.barrier / (BOLTZMANN * temperature)
    return -log(exp(-order * reduced) + exp(log(duration) - log_time_constant(temperature, p))) / reduced


@law
def shifted(order: float, duration: float, temperature: float, p: RelaxationFloats) -> float:
    """Order parameter a time [s] of either sign later, see `relaxed`; never above that of the quench.

    Examples
    --------
    >>> from pcmphys.physics.relaxation import RelaxationFloats
    >>> p = RelaxationFloats(2.5 * 1.602176634e-19, 1e13, 0.8, 0.11, 0.05, 0.0, 0.0, 1.0, 1.0)
    >>> younger = shifted(relaxed(0.8, 1e4, 300.0, p), -9e3, 300.0, p)
    >>> abs(younger - relaxed(0.8, 1e3, 300.0, p)) < 1e-12
    True
    """
    if duration >= 0.0:
        return relaxed(order, duration, temperature, p) if duration > 0.0 else order
    reduced = p.barrier / (BOLTZMANN * temperature)
    less = exp(log(-duration) - log_time_constant(temperature, p))
    return min(-log(max(exp(-order * reduced) - less, exp(-p.initial * reduced))) / reduced, p.initial)


@law
def log_drift(order: float, exponent: float, temperature: float, p: RelaxationFloats) -> float:
    """Ln of the factor by which relaxation has raised a resistance of drift exponent nu, read at a temperature [K].

    nu E_s (S_0 - S) / kT.

    Examples
    --------
    >>> from pcmphys.physics.relaxation import RelaxationFloats
    >>> p = RelaxationFloats(2.5 * 1.602176634e-19, 1e13, 0.8, 0.11, 0.05, 0.0, 0.0, 1.0, 1.0)
    >>> late, early = (log_drift(relaxed(0.8, t, 300.0, p), 0.1, 300.0, p) for t in (1e4, 1e3))
    >>> round(late - early, 6), round(0.1 * math.log(10.0), 6)
    (0.230259, 0.230259)
    """
    return exponent * (p.initial - order) * p.barrier / (BOLTZMANN * temperature)


@kernel
def relax(start, stop, duration, temperature, p, order):
    """Let the glass of devices start..stop relax for a time [s], each at its own temperature [K]."""
    order, temperature = borrowed((order[start:stop], temperature[start:stop]))
    for i in range(order.size):
        order[i] = relaxed(order[i], duration, temperature[i], p)


@kernel
def relax_alike(start, stop, duration, temperature, p, order):
    """Let the glass of devices start..stop relax for a time [s], all at one temperature [K]."""
    order = order[start:stop]
    for i in range(order.size):
        order[i] = relaxed(order[i], duration, temperature, p)


@kernel
def later(start, stop, duration, temperature, p, order, out):
    """Order of the glass of devices start..stop a time [s] of its own from now, back to the quench if below zero."""
    for i in range(start, stop):
        out[i] = shifted(order[i], duration[i], temperature, p)
