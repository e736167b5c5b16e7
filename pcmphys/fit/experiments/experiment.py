"""What every experiment offers: data at places, and a simulation of a cell at the same places."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

_LEAST = 1e-12
"""Conductance [S] that stands for a read at or below zero in a logarithm: below what any instrument tells apart."""


class Observable(NamedTuple):
    """What a column of data is: its unit, and words for figures."""

    unit: str
    words: str


@dataclass(frozen=True, eq=False, repr=False)
class Target:
    """One measured quantity of an experiment, at all places of it.

    Attributes
    ----------
    value : (n,) array
        Measured; NaN where it was not.
    error : float or (n,) array
        One standard deviation [unit of value] of the data; what a model of this kind cannot be expected to reach may
        be put into it.
    held_out : bool, or (n,) array of bool
        Data that the search must not see: the fitted cell is held against them afterwards.

    Raises
    ------
    ParameterError
        Lengths that differ, no data, an error that is not positive.
    """

    value: ArrayLike
    error: ArrayLike
    held_out: ArrayLike = False

    def __post_init__(self) -> None:
        value = check.with_gaps("value", self.value, ndim=1)
        if not np.isfinite(value).any():
            raise ParameterError("value must hold at least one number; all are NaN")
        error = check.array("error", self.error, ndim=(0, 1), low=0.0)
        held_out = np.asarray(self.held_out)
        for name, given in (("error", error), ("held_out", held_out)):
            if given.shape not in ((), value.shape):
                raise ParameterError(f"{name} must be one, or one for each of {value.size} values; got {given.shape}")
        if not (error > 0.0).all():
            raise ParameterError("error must be positive; what is known exactly needs no fit")
        held_out = check.flags("held_out", np.broadcast_to(held_out, value.shape), value.shape)
        for name, given in (("value", value), ("error", np.broadcast_to(error, value.shape)), ("held_out", held_out)):
            own = np.array(given)
            own.flags.writeable = False
            object.__setattr__(self, name, own)

    def __repr__(self) -> str:
        return f"Target({int(self.measured.sum())} values, {int(self.used.sum())} of them not held out)"

    @property
    def measured(self) -> np.ndarray:
        """Where there is a value, (n,)."""
        return np.isfinite(np.asarray(self.value))

    @property
    def used(self) -> np.ndarray:
        """Where there is a value that the search may see, (n,)."""
        return self.measured & ~np.asarray(self.held_out)

    def at(self, places: np.ndarray) -> Target:
        """The same at some of its places."""
        value, error, held_out = (np.asarray(part)[places] for part in (self.value, self.error, self.held_out))
        return Target(value, error, held_out)


@dataclass(frozen=True, eq=False, repr=False)
class Experiment(ABC):
    """An experiment on devices of a cell, with what was measured.

    A kind of your own is a subclass with ``axis``, ``quantities`` and ``simulate``; it is pickled where an executor
    runs it in other processes.

    Attributes
    ----------
    x : (n,) array
        Where it was measured [unit of ``axis``], increasing.
    targets : dict of Target
        By quantity, each with n values.
    name : str
        Whose data these are, in a few words; for figures and sources.
    devices : int
        Devices that are simulated: for each place where each has its own, else in all.
    source : str
        Where the data come from: file, licence; for the notes of a calibration.
    """

    axis: ClassVar[Observable]
    quantities: ClassVar[Mapping[str, Observable]]

    x: ArrayLike
    targets: Mapping[str, Target]
    name: str = field(default="", kw_only=True)
    devices: int = field(default=600, kw_only=True)
    source: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        x = check.increasing("x", check.array("x", self.x, self.axis.unit, ndim=1, low=0.0), self.axis.unit)
        if not isinstance(self.targets, Mapping) or not self.targets:
            raise ParameterError(f"targets must be a dict of Target by quantity ({', '.join(self.quantities)})")
        for quantity, target in self.targets.items():
            self.describe(quantity)
            if not isinstance(target, Target):
                raise ParameterError(f"targets[{quantity!r}] must be a Target; got {type(target).__name__}")
            if np.shape(target.value) != x.shape:
                raise ParameterError(
                    f"targets[{quantity!r}] must have a value for each of the {x.size} places; got "
                    f"{np.size(target.value)}"
                )
        for part in ("name", "source"):
            if not isinstance(getattr(self, part), str):
                raise ParameterError(f"{part} must be text; got {getattr(self, part)!r}")
        check.integer("devices", self.devices, low=2)
        x.flags.writeable = False
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "targets", dict(self.targets))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.title!r}, {np.size(self.x)} places, {', '.join(self.targets)})"

    @property
    def title(self) -> str:
        """Its name, or what kind it is."""
        return self.name or type(self).__name__

    def describe(self, quantity: str) -> Observable:
        """Unit of a quantity, and words for figures; one that this kind does not have is named."""
        return self.quantities[check.choice("quantity", quantity, self.quantities)]

    @abstractmethod
    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """What the experiment gives with a cell: (n,) numbers for each quantity in ``targets``, more are allowed.

        Called with the same seed, it must draw the same random numbers whatever the cell.
        """

    def for_search(self) -> Self | None:
        """The experiment at the places that the search may see; None if there are none."""
        used = np.any([target.used for target in self.targets.values()], axis=0)
        if not used.any():
            return None
        kept = {quantity: target for quantity, target in self.targets.items() if target.used.any()}
        return dataclasses.replace(
            self, x=np.asarray(self.x)[used], targets={quantity: target.at(used) for quantity, target in kept.items()}
        )

    def digest(self) -> str:
        """Hash of all that decides what is simulated and held against it."""
        found = hashlib.sha256(type(self).__qualname__.encode())
        for part in dataclasses.fields(self):
            value = getattr(self, part.name)
            if isinstance(value, np.ndarray):
                found.update(value.tobytes())
            elif part.name == "source":
                continue
            elif part.name == "targets":
                for quantity, target in value.items():
                    found.update(quantity.encode())
                    for array in (target.value, target.error, target.held_out):
                        found.update(np.asarray(array).tobytes())
            else:
                found.update((_text(value) if callable(value) else repr(value)).encode())
        return found.hexdigest()


def _text(function: Any) -> str:
    """What a function is, without the place where it lies in memory."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # defined where no text is kept
        return f"{function.__module__}.{getattr(function, '__qualname__', '')}"


def logarithm(reads: np.ndarray) -> np.ndarray:
    """ln(G/S) of reads, of which noise may put some at or below zero."""
    return np.log(np.maximum(reads, _LEAST))
