"""Settings of the study of a whole chip: what its file may say, and the template of one."""

from __future__ import annotations

import tomllib
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from pcmphys.numerics import check
from pcmphys.programming import SCHEMES
from pcmphys.study.settings import NotNegative, Positive, Settings, Strict, Whole, distinct, strictly_increasing

POPULATION, WIRES, CLOSED_LOOP = "population", "wires", "closed-loop"
PARTS = (POPULATION, WIRES, CLOSED_LOOP)
"""What a chip is simulated as."""

TEMPLATE = """# A pcmphys study: a whole chip, device by device, and how fast this machine computes it.
# Run it with:  pcmphys study FILE.toml       Every line but the first may be left out; these are the defaults.
# Seconds and bytes in the results are of the machine that ran it; all else is the same everywhere.
# Relative paths count from this file's folder.

study = "chip-scale"          # the kind of study
parts = ["population", "wires", "closed-loop"]   # what to run
seed = 1                      # same seed, same devices

[population]                  # published moments, one device a cell: programmed, aged, read; 35.7 million of them
cell = "ibm-90nm-statistical" # a name, or the path of a parameter file
tiles = 34
rows = 512
columns = 2048
levels = 16                   # targets from zero to the largest conductance; word lines take them in turn
times = [86400.0]             # [s] of the reads after programming
keep_reads = false            # keep every read in the results (8 bytes each; best with --zarr)

[wires]                       # weights as pairs of devices: what wires take of their products
cell = "ibm-90nm-statistical"
tiles = 64
rows = 256
columns = 256
segment = 1.0                 # [ohm] of word and bit lines
time = 86400.0                # [s] from programming to the read

[closed_loop]                 # pairs of physical devices, pulse by pulse until each stands at its target
cell = "ibm-90nm-doped-gst"
scheme = "gradient"           # set-staircase, partial-reset or gradient
devices = 131_072             # the 64 tiles above have 8_388_608
slice = 16_384                # devices in memory at once (1198 bytes each, and some copies); then written to disk
"""
"""Commented study file with all defaults."""
_DEFAULTS = tomllib.loads(TEMPLATE)
"""All defaults: they stand in the template and nowhere else."""
Lines = Annotated[Whole, Field(ge=1, le=8192)]
Tiles = Annotated[Whole, Field(ge=1, le=65536)]


class PopulationOptions(Strict):
    """Tiles of devices of published moments.

    Attributes
    ----------
    cell : str
        Statistical cell.
    tiles, rows, columns : int
        Of the chip, and word and bit lines of each tile.
    levels : int
        Target conductances, evenly spaced from zero to the cell's largest; word line i has level i modulo ``levels``.
    times : tuple of float [s]
        Reads after programming; increasing.
    keep_reads : bool
        Whether the results hold every read.
    """

    cell: str = _DEFAULTS["population"]["cell"]
    tiles: Tiles = _DEFAULTS["population"]["tiles"]
    rows: Lines = _DEFAULTS["population"]["rows"]
    columns: Lines = _DEFAULTS["population"]["columns"]
    levels: Annotated[Whole, Field(ge=2, le=4096)] = _DEFAULTS["population"]["levels"]
    times: Annotated[tuple[Positive, ...], Field(min_length=1)] = tuple(_DEFAULTS["population"]["times"])
    keep_reads: bool = _DEFAULTS["population"]["keep_reads"]

    @field_validator("times")
    @classmethod
    def _increasing(cls, values):
        return strictly_increasing("times", values, "s")

    @property
    def devices(self) -> int:
        """Devices of a tile."""
        return self.rows * self.columns


class WiredTileOptions(Strict):
    """Tiles of weights on pairs of devices behind wires.

    Attributes
    ----------
    cell : str
        Statistical cell.
    tiles, rows, columns : int
        Of the chip, and word lines and weight columns of each tile.
    segment : float [ohm]
        A wire segment of word and bit lines.
    time : float [s]
        From programming to the read.
    """

    cell: str = _DEFAULTS["wires"]["cell"]
    tiles: Tiles = _DEFAULTS["wires"]["tiles"]
    rows: Lines = _DEFAULTS["wires"]["rows"]
    columns: Lines = _DEFAULTS["wires"]["columns"]
    segment: NotNegative = _DEFAULTS["wires"]["segment"]
    time: NotNegative = _DEFAULTS["wires"]["time"]

    @property
    def devices(self) -> int:
        """Devices of a tile."""
        return 2 * self.rows * self.columns


class ClosedLoopOptions(Strict):
    """Physical devices that are programmed by pulses and reads.

    Attributes
    ----------
    cell : str
        Physical cell.
    scheme : str
        One of `pcmphys.programming.SCHEMES`.
    devices, slice : int
        Devices in all; most of them in memory at once.
    """

    cell: str = _DEFAULTS["closed_loop"]["cell"]
    scheme: str = _DEFAULTS["closed_loop"]["scheme"]
    devices: Annotated[Whole, Field(ge=1, le=2**40)] = _DEFAULTS["closed_loop"]["devices"]
    slice: Annotated[Whole, Field(ge=1, le=2**22)] = _DEFAULTS["closed_loop"]["slice"]

    @field_validator("scheme")
    @classmethod
    def _known(cls, value):
        return check.choice("it", value, SCHEMES)


class ChipScaleConfig(Settings):
    """A whole chip, device by device.

    Attributes
    ----------
    parts : tuple of str
        What is run: "population", "wires", "closed-loop".
    seed : int
        Seed of the devices.
    population, wires, closed_loop
        What each of them is.
    """

    built_in: ClassVar[str] = "chip-scale"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "simulating a chip"

    study: Literal["chip-scale"] = "chip-scale"
    parts: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["parts"])
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = _DEFAULTS["seed"]
    population: PopulationOptions = PopulationOptions()
    wires: WiredTileOptions = WiredTileOptions()
    closed_loop: ClosedLoopOptions = ClosedLoopOptions()

    @field_validator("parts")
    @classmethod
    def _known_parts(cls, values):
        return distinct(tuple(check.choice("each", value, PARTS) for value in values))

    @property
    def named(self) -> tuple[str, ...]:
        """See `Settings`."""
        return (self.population.cell, self.wires.cell, self.closed_loop.cell)
