"""What a network costs: energy and area by part, times, and what follows from them, each at one scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pcmphys.numerics import labelled

if TYPE_CHECKING:
    import xarray as xr

SCOPES = ("tile", "chip", "system")
"""Tile: arrays, converters and digital units. Chip: these, the mesh between them and what is always on. System: chips,
the links between them and the digital work outside."""


class Breakdown(Mapping[str, float], labelled.Labelled):
    """A quantity by part; its ``total`` is the sum of the parts, to the bit.

    Parameters
    ----------
    parts : dict
        Number of each part, none negative.
    unit : str
        SI unit of all of them.

    Examples
    --------
    >>> energy = Breakdown({"array": 1e-9, "adc": 3e-9}, "J")
    >>> energy.total, energy["adc"], energy.shares["adc"]
    (4e-09, 3e-09, 0.75)
    """

    def __init__(self, parts: Mapping[str, float], unit: str):
        self._parts = dict(parts)
        self.unit: str = unit

    def __getitem__(self, part: str) -> float:
        return self._parts[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __repr__(self) -> str:
        return f"Breakdown({self.total:.4g} {self.unit} in {len(self)} parts)"

    @property
    def total(self) -> float:
        """Sum of all parts."""
        return sum(self._parts.values())

    @property
    def shares(self) -> dict[str, float]:
        """Part of the total, by part; all zero if there is nothing."""
        total = self.total
        return {part: value / total if total else 0.0 for part, value in self._parts.items()}

    def to_dataset(self) -> xr.Dataset:
        """Value and share as an `xarray.Dataset` with the axis part."""
        along = ("part",)
        return labelled.dataset(
            "pcmphys breakdown by part",
            {
                "value": (along, list(self.values()), self.unit, "of the part"),
                "share": (along, list(self.shares.values()), "1", "part of the total"),
            },
            {"part": (along, list(self), "1", "name of the part")},
            total=self.total,
        )


@dataclass(frozen=True, repr=False)
class ScopeCost(labelled.Labelled):
    """What one batch costs within one scope. Costs of two scopes cannot be added: the larger holds the smaller.

    Attributes
    ----------
    scope : str
        "tile", "chip" or "system", see `SCOPES`.
    energy : Breakdown [J]
        Of the whole batch, by part.
    area : Breakdown [m2]
        By part.
    latency : float [s]
        From the first input of the first sample to its last output.
    period : float [s]
        From sample to sample, once the pipeline is full: the slowest stage.
    macs : int
        Multiplications with addition of the whole batch.
    batch : int
        Samples.
    """

    table_axes: ClassVar[tuple[str, ...]] = ("scope",)
    scope: str
    energy: Breakdown
    area: Breakdown
    latency: float
    period: float
    macs: int
    batch: int = 1

    def __repr__(self) -> str:
        return (
            f"ScopeCost({self.scope}, batch of {self.batch}: {self.energy.total:.4g} J in {self.duration:.4g} s, "
            f"{self.power:.4g} W, latency {self.latency:.4g} s, {self.efficiency / 1e12:.4g} TOPS/W)"
        )

    @property
    def operations(self) -> int:
        """Two a MAC."""
        return 2 * self.macs

    @property
    def duration(self) -> float:
        """Of the whole batch [s]: a pipeline that fills once."""
        return self.latency + (self.batch - 1) * self.period

    @property
    def efficiency(self) -> float:
        """Operations for each joule [1/J]: 1e12 is 1 TOPS/W; infinite where nothing costs energy."""
        return self.operations / self.energy.total if self.energy.total else float("inf")

    @property
    def throughput(self) -> float:
        """Operations a second once the pipeline is full."""
        return self.operations / self.batch / self.period

    @property
    def density(self) -> float:
        """Throughput over area [1/(s m2)]: 1e18 is 1 TOPS/mm2."""
        return self.throughput / self.area.total

    @property
    def power(self) -> float:
        """Energy over duration [W]."""
        return self.energy.total / self.duration

    def to_dataset(self) -> xr.Dataset:
        """Energy and area by part, and what follows from them, as an `xarray.Dataset`; NaN where a part has none."""
        return _costs([self]).isel(scope=0)


@dataclass(frozen=True, repr=False)
class Cost(labelled.Labelled):
    """What one batch costs, at the three scopes, which are never mixed.

    Attributes
    ----------
    tile, chip, system : ScopeCost
        Each by its own parts; those of a scope hold those of the one before.
    """

    table_axes: ClassVar[tuple[str, ...]] = ("scope",)
    tile: ScopeCost
    chip: ScopeCost
    system: ScopeCost

    def __repr__(self) -> str:
        return f"Cost({', '.join(f'{one.scope} {one.energy.total:.4g} J' for one in self)})"

    def __iter__(self) -> Iterator[ScopeCost]:
        return iter((self.tile, self.chip, self.system))

    def to_dataset(self) -> xr.Dataset:
        """The three scopes as an `xarray.Dataset` with axes scope and part, units as attributes.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> found = pcm.Floorplan([("fc", 256, 256)], "hermes-14nm").cost().to_dataset()
        >>> found.efficiency.attrs["units"], round(1e-12 * found.efficiency.sel(scope="tile").item(), 2)
        ('1/J', 4.97)
        """
        return _costs(list(self))

    def summary(self) -> str:
        """Energy, time and area at each scope, with the parts of the energy, a line each.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> print(pcm.Floorplan([("fc", 256, 256)], "hermes-14nm").cost().summary())
        tile: 2.64e-08 J, 7.88e-07 s, 4.97 TOPS/W, 0.4 TOPS/mm2; array 2.5 %, dac 9.7 %, ...
        chip: ...
        system: ...
        """
        return "\n".join(_line(cost) for cost in self)


_OF_A_SCOPE = {
    "latency": ("s", "from the first input of the first sample to its last output"),
    "period": ("s", "from sample to sample, once the pipeline is full"),
    "duration": ("s", "of the whole batch"),
    "power": ("W", "energy over duration"),
    "efficiency": ("1/J", "operations a joule"),
    "throughput": ("1/s", "operations a second once the pipeline is full"),
    "density": ("1/(s m2)", "throughput over area"),
    "macs": ("1", "multiplications with addition of the whole batch"),
    "batch": ("1", "samples"),
}


def _costs(scopes: list[ScopeCost]) -> xr.Dataset:
    """Costs by scope and, energy and area, by part."""
    parts = list(dict.fromkeys(part for cost in scopes for part in (*cost.energy, *cost.area)))

    def by_part(name: str) -> list[list[float]]:
        return [[getattr(cost, name).get(part, np.nan) for part in parts] for cost in scopes]

    variables: dict[str, Any] = {
        "energy_of_part": (("scope", "part"), by_part("energy"), "J", "energy of the whole batch; NaN: no such part"),
        "area_of_part": (("scope", "part"), by_part("area"), "m2", "area; NaN: no such part"),
        "energy": (("scope",), [cost.energy.total for cost in scopes], "J", "energy of the whole batch"),
        "area": (("scope",), [cost.area.total for cost in scopes], "m2", "area"),
    }
    for name, (unit, text) in _OF_A_SCOPE.items():
        variables[name] = (("scope",), [getattr(cost, name) for cost in scopes], unit, text)
    axes = {
        "scope": (("scope",), [cost.scope for cost in scopes], "1", "what the cost is that of"),
        "part": (("part",), parts, "1", "name of the part"),
    }
    return labelled.dataset("pcmphys cost of a network", variables, axes)


def _line(cost: ScopeCost) -> str:
    shares = ", ".join(f"{part} {100.0 * share:.1f} %" for part, share in cost.energy.shares.items() if share > 0.0)
    return (
        f"{cost.scope}: {cost.energy.total:.3g} J, {cost.latency:.3g} s, {1e-12 * cost.efficiency:.3g} TOPS/W, "
        f"{1e-18 * cost.density:.3g} TOPS/mm2; {shares}"
    )
