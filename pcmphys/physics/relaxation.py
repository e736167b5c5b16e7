"""Structural relaxation of the glass: what makes conductance drift.

One order parameter S a sector falls as the glass relaxes: the barrier of a relaxation event, E_s (1 - S), grows as the
structure gets better. Events undo themselves too, the more the hotter, so that S comes to rest at a floor S_eq(T):

    dS/dt = -nu_0 dS [exp(-E_s (1 - S)/kT) - exp(-E_s (1 - S_eq)/kT)]

The floor rises linearly with temperature, from what a glass reaches in ``glass_time`` at ``glass_temperature`` to that
of the melt, S_0, at ``fluid_temperature``. With a = E_s/kT the number e^(-aS) goes to e^(-a S_eq) exponentially in
time, with the time constant tau = e^(a (1 - S_eq)) / (a nu_0 dS): the law is exact however long a wait, relaxes upward
(an aged glass that is heated becomes young) as well as downward, and any thermal history is a chain of segments.
What is kept of a sector is the ``age`` [s] that its glass would have, had it been at the technology's ambient
temperature since it was molten: S = -ln(age / tau_1)/a there, and a wait at that temperature is one product and one
sum.

The barrier of conduction rises by alpha per unit of S lost; with alpha = nu E_s the resistance goes as
(age / age_0)^nu, and nu does not depend on the temperature at which the device is kept and read.

The dome and the films between grains of a sector share S and differ in nu. Sectors that melt in the same pulse are one
quench: they draw both exponents anew, together, around the device's own values, so that a device that melted as a
whole has the whole spread from cycle to cycle, and not that of a mean over sectors.

Not modelled: a distribution of barriers beyond the collective one, stress by crystallization, how fast a melt was
quenched (S_0 is the order right after any quench), memory of the glass beside S (Kovacs).

References
----------
M. Le Gallo et al., Adv. Electron. Mater. 4, 1700627 (2018): collective relaxation. The constants are assumed, and so is
the floor, which is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.errors import ParameterError
from pcmphys.numerics.borrow import borrowed
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import exp, exp_pair, log, rough_log
from pcmphys.physics.state import SECTORS

SEEN = 1e-3
"""Age [s] at the ambient temperature from which on a read sees what a pulse did to the glass, see `felt_from`."""
_FLUID_TIME = 1e-12
"""Time constant [s] of a glass that follows any pulse at once."""
_UNSEEN_PART = 1e-3
"""Of a time constant: what does not wake an aged glass."""
_HOTTEST = 5000.0
"""Temperature [K] above all that there are."""
DEVIATE = 2.0**-12
"""Unit of the normal deviates of drift exponents as a state keeps them, in whole numbers of 16 bits."""
_LARGEST_DEVIATE = 32767.0
_LEAST = 1e-300
"""Of times over time constants: nothing then divides by zero."""
_LONGEST = 1e200
"""Time [s] that stands for all longer ones: its products are numbers."""


@dataclass(frozen=True)
class RelaxationParameters:
    """Constants of structural relaxation and drift."""

    barrier: float = field(metadata={"unit": "eV", "above": 0.0, "doc": "E_s, barrier of the fully relaxed glass"})
    attempt_rate: float = field(metadata={"unit": "1/s", "above": 0.0, "doc": "nu_0 dS, rate times change per event"})
    initial: float = field(
        metadata={"unit": "1", "above": 0.0, "doc": "order parameter S_0 of the melt, and right after the quench"}
    )
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
    glass_temperature: float = field(
        metadata={"unit": "K", "above": 0.0, "doc": "T_g, where the floor is known by glass_time"}
    )
    fluid_temperature: float = field(
        metadata={"unit": "K", "more_than": "glass_temperature", "doc": "T_f, from where on the floor is S_0"}
    )
    glass_time: float = field(metadata={"unit": "s", "above": 0.0, "doc": "time constant of the glass at T_g"})

    def __post_init__(self) -> None:
        if not self.glass_order < self.initial:
            raise ParameterError(
                f"relaxation: glass_time, attempt_rate and barrier put the floor at glass_temperature to S = "
                f"{self.glass_order:.4g}, which must lie below initial = {self.initial:g}; got a glass_time of "
                f"{self.glass_time:g} s"
            )

    @property
    def glass_order(self) -> float:
        """Floor S_g at the glass temperature: where the time constant is ``glass_time``."""
        reduced = self._reduced(self.glass_temperature)
        return 1.0 - math.log(self.glass_time * self.attempt_rate * reduced) / reduced

    def pack(self, reference: float, ambient: float) -> RelaxationFloats:
        """The same numbers as the laws take them.

        Mean drift factors at ``mixture_age`` are those at the temperature ``reference`` [K]; ages count at ``ambient``
        [K].
        """
        reduced = self._reduced(reference)
        onset = math.exp((1.0 - self.initial) * reduced) / (reduced * self.attempt_rate)
        aged = 1.0 + self.mixture_age / onset
        kept = self._reduced(ambient)
        log_time = kept - math.log(kept * self.attempt_rate)
        youngest = math.exp(log_time - kept * self.initial)
        seen = (log_time - math.log(SEEN + youngest)) / kept
        log_rate = math.log(kept * self.attempt_rate)
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
            self.glass_temperature,
            self.glass_order,
            (self.initial - self.glass_order) / (self.fluid_temperature - self.glass_temperature),
            ambient,
            kept,
            log_time,
            youngest,
            seen,
            self._fluid(),
            log_rate,
            math.exp((1.0 - seen) * self._reduced(self.fluid_temperature) - log_rate),
        )

    def _reduced(self, temperature: float) -> float:
        """E_s/kT at a temperature [K]."""
        return self.barrier * ELEMENTARY_CHARGE / (BOLTZMANN * temperature)

    def _fluid(self) -> float:
        """Temperature [K], at least T_f, from where on the time constant is below `_FLUID_TIME`."""
        found = self.fluid_temperature
        while found < _HOTTEST:
            reduced = self._reduced(found)
            if math.exp((1.0 - self.initial) * reduced) < _FLUID_TIME * reduced * self.attempt_rate:
                return found
            found += 1.0
        return math.inf


class RelaxationFloats(NamedTuple):
    """`RelaxationParameters` for the laws; the barrier in J, and mean drift factors of an aged dome and aged films.

    Of the floor: its value at the glass temperature and its slope [1/K]. Of ages: the temperature ``kept`` [K] at which
    they count, E_s/kT and ln(tau_1 / 1 s) there, and the age [s] of a glass that was just quenched. Of pulses: order of
    a glass of the age `SEEN`; the temperature [K] from which on a glass is as in the melt at once; ln of the rate of
    events without a barrier, times E_s/kT; the time [s] that ages a fresh glass to `SEEN` at T_f.
    """

    barrier: float
    attempt_rate: float
    initial: float
    dome_exponent: float
    boundary_exponent: float
    device_spread: float
    cycle_spread: float
    dome_aged: float
    films_aged: float
    glass_temperature: float
    glass_order: float
    floor_slope: float
    kept: float
    kept_reduced: float
    kept_log_time: float
    youngest: float
    seen_order: float
    fluid: float
    log_rate: float
    brief: float


@law
def floor(temperature: float, p: RelaxationFloats) -> float:
    """Order parameter S_eq at which the glass comes to rest at a temperature [K]; that of the melt at most.

    min(S_0, S_g + (S_0 - S_g)(T - T_g)/(T_f - T_g)).

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().relaxation
    >>> round(floor(450.0, p), 4), floor(700.0, p) == p.initial
    (0.3996, True)
    """
    return min(p.initial, p.glass_order + p.floor_slope * (temperature - p.glass_temperature))


@law
def relaxed(order: float, duration: float, temperature: float, p: RelaxationFloats) -> float:
    """Order parameter after a time [s] at one temperature [K]; exact, so two halves of a wait give the whole.

    S = S_eq - ln[e^(-a (S - S_eq)) e^(-t/tau) - expm1(-t/tau)] / a, from above and from below the floor; written here
    from S on, because in the cold e^(-a (S - S_eq)) is no number.

    Examples
    --------
    A glass of one hour, then 50 ns of heat: unchanged at 480 K, young again at 600 K.

    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().relaxation
    >>> aged = relaxed(p.initial, 3600.0, 300.0, p)
    >>> abs(relaxed(aged, 50e-9, 480.0, p) - aged) < 1e-5, relaxed(aged, 50e-9, 600.0, p) == p.initial
    (True, True)
    """
    reduced = p.barrier / (BOLTZMANN * temperature)
    rest = floor(temperature, p)
    rate = min(duration, _LONGEST) * reduced * p.attempt_rate
    # t/tau, and the same with the order itself instead of the floor
    towards = max(rate * exp(-reduced * (1.0 - rest)), _LEAST)
    forth = rate * exp(-reduced * (1.0 - order))
    less, left = exp_pair(-towards)
    after = order - log(left - forth * (less / towards)) / reduced
    return min(max(after, min(order, rest)), max(order, rest))


@law
def order_of(age: float, p: RelaxationFloats) -> float:
    """Order parameter of a glass of an age [s] at the temperature at which ages count."""
    return (p.kept_log_time - log(age)) / p.kept_reduced


@law
def age_of(order: float, p: RelaxationFloats) -> float:
    """Age [s] of a glass, at the temperature at which ages count: tau_1 e^(-a S).

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().relaxation
    >>> round(age_of(relaxed(p.initial, 3600.0, 300.0, p), p), 9)
    3600.0
    """
    return exp(p.kept_log_time - p.kept_reduced * order)


@law
def ageing(duration: float, p: RelaxationFloats) -> tuple[float, float]:
    """Factor and summand [s] by which an age changes in a time [s] of either sign, at the temperature ages count at.

    age -> age e^(-t/tau) - tau expm1(-t/tau), where tau is also the age at which the glass is at rest.
    """
    rest = age_of(floor(p.kept, p), p)
    duration = max(min(duration, _LONGEST), -_LONGEST)
    part = duration / rest
    if abs(part) < _LEAST:
        return 1.0, duration
    less, left = exp_pair(-part)
    return left, -rest * less


@law
def older(age: float, duration: float, temperature: float, p: RelaxationFloats) -> float:
    """Age [s] after a time [s] at any temperature [K], see `relaxed`."""
    return age_of(relaxed(order_of(age, p), duration, temperature, p), p)


@law
def felt_from(duration: float, p: RelaxationFloats) -> tuple[float, float]:
    """Temperatures [K] below which a glass does not feel a time [s] in a pulse: a young one, and an aged one.

    Below the first, it ages a fresh glass by less than `SEEN` at the ambient temperature. Below the second it is
    also less than a thousandth of the time constant tau, so that no glass moves upward (tau follows Arrhenius' law, as
    S_eq is linear). The second is not above the first.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().relaxation
    >>> [[round(t) for t in felt_from(duration, p)] for duration in (1e-9, 50e-9, 1e-6)]
    [[601, 511], [468, 468], [400, 400]]
    """
    kelvin = p.barrier / BOLTZMANN
    # kT/E_s varies little within the logarithm: as at the ambient temperature
    events = rough_log(duration) + p.log_rate
    ages = kelvin * (1.0 - p.seen_order) / max(events, 1.0)
    at_zero = p.glass_order - p.floor_slope * p.glass_temperature
    wakes = kelvin * (1.0 - at_zero) / max(events - math.log(_UNSEEN_PART) + kelvin * p.floor_slope, 1.0)
    return ages, min(ages, wakes)


@law
def e_folds(age: float, temperature: float, p: RelaxationFloats) -> float:
    """What relaxation has added to ln R of a resistance with a drift exponent of one, read at a temperature [K].

    E_s (S_0 - S) / kT, which is ln(age / age_0) at the temperature at which ages count.
    """
    return log(age * (1.0 / p.youngest)) * (p.kept / temperature)


@law
def log_drift(age: float, exponent: float, temperature: float, p: RelaxationFloats) -> float:
    """Ln of the factor by which relaxation has raised a resistance of drift exponent nu, read at a temperature [K].

    nu E_s (S_0 - S) / kT.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> p = pcm.load_cell("ibm-90nm-doped-gst").parameters.pack().relaxation
    >>> late, early = (log_drift(age, 0.1, 300.0, p) for age in (1e4, 1e3))
    >>> round(late - early, 6), round(0.1 * math.log(10.0), 6)
    (0.230259, 0.230259)
    """
    return exponent * e_folds(age, temperature, p)


@law
def drift_exponent(mean: float, own: float, deviate: float, p: RelaxationFloats) -> float:
    """Drift exponent: the technology's mean, times the device's own factor, times that of the quench; never < 0.

    ``deviate`` is the quench's, in units of `DEVIATE`.
    """
    return mean * own * max(1.0 + p.cycle_spread * DEVIATE * deviate, 0.0)


@law
def kept_deviate(deviate: float) -> int:
    """A normal deviate as a state keeps it: the nearest multiple of `DEVIATE`, within 8.

    Examples
    --------
    >>> int(kept_deviate(1.0)), int(kept_deviate(-9.0))
    (4096, -32767)
    """
    return round(min(max(deviate / DEVIATE, -_LARGEST_DEVIATE), _LARGEST_DEVIATE))


@law
def _age_device(age, duration, temperature, p):
    """Let the sectors of one device age for a time [s] at a temperature [K]; ``age`` (16,)."""
    others = 0
    for s in range(SECTORS):
        others += np.int64(age[s] != age[0])
    if others == 0:  # they melted together: one stands for all
        alike = older(age[0], duration, temperature, p)
        for s in range(SECTORS):
            age[s] = alike
    else:
        for s in range(SECTORS):
            age[s] = older(age[s], duration, temperature, p)


@kernel
def relax(start, stop, duration, temperature, p, age):
    """Let the glass of devices start..stop relax for a time [s], each at its own temperature [K]; age (devices, 16)."""
    age, temperature = borrowed((age, temperature))
    left, gained = ageing(duration, p)
    for i in range(start, stop):
        if temperature[i] == p.kept:
            for s in range(SECTORS):
                age[i, s] = age[i, s] * left + gained
        else:
            _age_device(age[i], duration, temperature[i], p)


@kernel
def relax_alike(start, stop, duration, temperature, p, age):
    """Let the glass of devices start..stop relax for a time [s], all at one temperature [K]; age (devices, 16)."""
    age = borrowed(age)
    if temperature == p.kept:
        left, gained = ageing(duration, p)
        for i in range(start, stop):
            for s in range(SECTORS):
                age[i, s] = age[i, s] * left + gained
    else:
        for i in range(start, stop):
            _age_device(age[i], duration, temperature, p)


@kernel
def later(start, stop, duration, p, age, out):
    """Ages of devices start..stop a time [s] of its own from now, back to the quench if below zero.

    At the temperature at which ages count; ``out`` (devices, 16).
    """
    for i in range(start, stop):
        left, gained = ageing(duration[i], p)
        for s in range(SECTORS):
            out[i, s] = max(age[i, s] * left + gained, p.youngest)
