"""A chip of tiles, from its parameter file."""

from __future__ import annotations

from pathlib import Path

from pcmphys.cells.numbers import NumberedCell
from pcmphys.chip.parameters import ChipParameters
from pcmphys.errors import ParameterError
from pcmphys.parameters import fill, read_technology
from pcmphys.parameters.shipped import CHIPS
from pcmphys.parameters.units import in_own_units


class Chip(NumberedCell[ChipParameters]):
    """A chip: how many tiles of which size, and what each of its parts costs; make one with `load_chip`.

    ``but`` gives a chip with some numbers changed, as that of a cell does, and `pcmphys.cite` its sources.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> chip = pcm.load_chip("hermes-14nm")
    >>> chip.tiles, chip.rows, chip.columns, chip.cells
    (64, 256, 256, 16777216)
    >>> chip.but({"array.phases": 1}, source="its fast mode", name="hermes, one phase")
    Chip('hermes, one phase')
    """

    @property
    def tiles(self) -> int:
        """Tiles of one chip."""
        return round(self.parameters.chip.tiles)

    @property
    def rows(self) -> int:
        """Inputs of a tile."""
        return round(self.parameters.tile.rows)

    @property
    def columns(self) -> int:
        """Outputs of a tile."""
        return round(self.parameters.tile.columns)

    @property
    def cells(self) -> int:
        """Devices of one chip."""
        return self.tiles * self.rows * self.columns * round(self.parameters.tile.devices)

    @property
    def area(self) -> float:
        """Of one chip [m2]."""
        return self.tiles * self.parameters.tile.area + self.parameters.chip.area

    def summary(self) -> str:
        """Every number with unit, kind and source, a line each."""
        return self.technology.summary()


def load_chip(name_or_path: str | Path) -> Chip:
    """Load a chip.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a chip that pcmphys or another installed package ships (`pcmphys.list_chips`), or the path of a
        parameter file; ``base = "hermes-14nm"`` in it takes all numbers that it does not say itself from that chip.

    Raises
    ------
    ParameterError
        The name is unknown (a near miss is suggested), or the file has an unknown, missing or wrong entry.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> pcm.load_chip("ambrogio2023-14nm").cells
    35651584
    """
    technology = read_technology(name_or_path, CHIPS)
    if technology.model != "chip":
        raise ParameterError(f"{technology.file}: model: expected 'chip'; got {technology.model!r}")
    made = in_own_units(ChipParameters, technology)
    return Chip(fill(ChipParameters, made), made)


def as_chip(chip: Chip | str | Path) -> Chip:
    """A chip, or the one of a name or path."""
    if isinstance(chip, Chip):
        return chip
    if isinstance(chip, str | Path):
        return load_chip(chip)
    raise ParameterError(f"chip must be a chip as load_chip gives it, a name or a path; got {type(chip).__name__}")
