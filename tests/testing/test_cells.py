"""Our cells pass the suite; wrong twins fail it at the claim that they break."""

from __future__ import annotations

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.testing import check_cell

CELL = pcm.load_cell("ibm-90nm-statistical")


class Wrapped:
    """A cell whose devices are wrapped: a base for wrong twins, itself right."""

    def __init__(self, wrap=None, **changed):
        self.wrap, self.changed, self.made = wrap or Devices, changed, 0

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.changed[name] if name in self.changed else getattr(CELL, name)

    def population(self, shape, *, seed=0, first_cell=0):
        self.made += 1
        return self.wrap(CELL.population(shape, seed=seed, first_cell=first_cell), self)


class Devices:
    def __init__(self, inner, cell):
        self.inner, self.cell = inner, cell

    def __getattr__(self, name):
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)

    def __getitem__(self, index):
        return type(self)(self.inner[index], self.cell)

    def copy(self):
        return type(self)(self.inner.copy(), self.cell)

    def now(self, temperature=None):
        return self.inner.now(temperature)

    def wait(self, duration, temperature=None):
        self.inner.wait(duration, temperature)


class OneSeed(Wrapped):
    def population(self, shape, *, seed=0, first_cell=0):
        return super().population(shape, seed=0, first_cell=first_cell)


class OneChunk(Wrapped):
    def population(self, shape, *, seed=0, first_cell=0):
        return super().population(shape, seed=seed)


class Restless(Wrapped):
    """A generator of its own that goes on: no two populations are alike."""

    def population(self, shape, *, seed=0, first_cell=0):
        return super().population(shape, seed=seed + self.made, first_cell=first_cell)


class Flat(Wrapped):
    def population(self, shape, *, seed=0, first_cell=0):
        return super().population(int(np.prod(shape)), seed=seed, first_cell=first_cell)


class Timeless(Devices):
    def wait(self, duration, temperature=None):
        self.inner.wait(0.5 * duration)


class Careless(Devices):
    def wait(self, duration, temperature=None):
        self.inner.wait(abs(duration))


class Shared(Devices):
    def copy(self):
        return self


class Deaf(Devices):
    def program(self, targets, *, where=None):
        return self.inner.program(np.nan_to_num(np.resize(targets, self.inner.shape)), where=where)


class Everyone(Devices):
    def program(self, targets, *, where=None):
        return self.inner.program(targets)


class LookedAt(Devices):
    """A look costs a read."""

    def now(self, temperature=None):
        self.inner.read()
        return self.inner.now(temperature)


class Leaking(Devices):
    def now(self, temperature=None):
        return Leak(self.inner.now(temperature))


class Leak:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def current(self, voltage, *, warn=True):
        current, slope = self.inner.current(voltage)
        return current + 1e-12, slope


class Tilted(Leaking):
    def now(self, temperature=None):
        return Tilt(self.inner.now(temperature))


class Tilt(Leak):
    def current(self, voltage, *, warn=True):
        current, slope = self.inner.current(voltage)
        return current, 1.01 * slope


@pytest.mark.parametrize("name", ["ibm-90nm-statistical", "hermes-14nm-statistical", "ibm-90nm-projected"])
def test_ours_pass(name):
    assert len(check_cell(pcm.load_cell(name))) == 13


def test_a_wrapper_that_changes_nothing_passes():
    assert len(check_cell(Wrapped(), many=4)) == 13


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (lambda: Wrapped(conductance_minimum=3e-5), "ranges: conductances from 3e-05 to 2.5e-05 S"),
        (lambda: Wrapped(read_voltage=0.0), "ranges: read voltage 0 V"),
        (Flat, r"shapes: a population of shape \(\)"),
        (OneSeed, "seeds: another seed makes the same devices"),
        (Restless, "seeds: conductance of the same seed: not the same bits"),
        (OneChunk, "chunks: conductance in two chunks: not the same bits"),
        (lambda: Wrapped(Timeless), "clock: waiting an hour took 1800 s"),
        (lambda: Wrapped(Careless), "clock: a negative wait must be refused"),
        (lambda: Wrapped(LookedAt), "looks: the future of devices that were looked at"),
        (lambda: Wrapped(Shared), "copies: reads of a copy"),
        (lambda: Wrapped(Leaking), "currents: a current flows at 0 V"),
        (lambda: Wrapped(Tilted), "currents: slope is off"),
        (lambda: Wrapped(Deaf), "programming: a target of NaN must be refused"),
        (lambda: Wrapped(Everyone), "programming: devices that were left alone changed"),
    ],
)
def test_a_wrong_one_fails_where_it_is_wrong(cell, words):
    with pytest.raises(AssertionError, match=words):
        check_cell(cell(), many=4)


def test_what_is_no_cell_is_refused():
    with pytest.raises(ParameterError, match=r"cell must offer name, .*; float has no name"):
        check_cell(1.0)
