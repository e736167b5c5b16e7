"""Selectors, voltages and conductances over the ranges that the package states, for the tests."""

import numpy as np
from hypothesis import strategies as st

from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Series, Transistor

KINDS = ("diode", "exponential", "transistor", "ots")


def logarithmic(rng, low, high, size=None):
    return 10 ** rng.uniform(np.log10(low), np.log10(high), size)


def random_selector(rng, kind):
    if kind == "diode":
        return Diode(logarithmic(rng, 1e-20, 1e-3), rng.uniform(1.0, 3.0), rng.uniform(250.0, 400.0))
    if kind == "exponential":
        return Exponential(logarithmic(rng, 1e-20, 1e-3), logarithmic(rng, 0.01, 3.0))
    if kind == "transistor":
        return Transistor(
            rng.uniform(-0.5, 1.0), logarithmic(rng, 1e-8, 1e-2), rng.uniform(1.0, 2.0),
            rng.choice([0.0, 0.05, 1.0]), rng.uniform(150.0, 400.0),
        )  # fmt: skip
    hold = rng.uniform(0.0, 1.0)
    return OTS(
        hold + 1.0, hold, 1e-4, logarithmic(rng, 1.0, 1e6), logarithmic(rng, 1e-18, 1e-4), rng.uniform(0.02, 0.5)
    )


def voltages(rng, shape):
    """Half of them over all magnitudes, half over all voltages up to 20 V."""
    small = logarithmic(rng, 1e-14, 20.0, shape) * rng.choice([-1.0, 1.0], shape)
    return np.where(rng.random(shape) < 0.5, small, rng.uniform(-20.0, 20.0, shape))


def states(rng, kind, shape):
    """Keywords of `series` that this kind of selector needs."""
    if kind == "transistor":
        return {"gate": rng.uniform(-2.0, 5.0, shape[0])}
    return {"on": rng.random(shape) < 0.6} if kind == "ots" else {}


def state_of(keywords, i, j):
    """The same for one cell."""
    return {name: value[i] if name == "gate" else bool(value[i, j]) for name, value in keywords.items()}


def solve(selector, voltage, conductance, **keywords) -> Series:
    work = Series.empty(voltage.shape)
    for array in work:
        array.fill(np.nan)
    selector.series(voltage, conductance, work, **keywords)
    return work


@st.composite
def problems(draw, kinds=KINDS, shape=(4, 5)):
    """Selector, its kind, voltages, conductances and keywords."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(kinds))
    conductance = logarithmic(rng, 1e-12, 1.0, shape)
    return random_selector(rng, kind), kind, voltages(rng, shape), conductance, states(rng, kind, shape)
