"""Settings of the study of layers: what its file may say, and the template of one."""

from __future__ import annotations

import tomllib
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from pcmphys.numerics import check
from pcmphys.study.network.settings import PeripheryOptions, TileOptions, WireOptions
from pcmphys.study.settings import Positive, Settings, Whole, distinct, strictly_increasing

NETWORKS = ("convolution", "lstm", "transformer", "characters")
TRAININGS = ("plain", "aware")

TEMPLATE = """# A pcmphys study: convolutions, an LSTM, a transformer on analog tiles, beside 8-bit and 4-bit digital.
# Run it with:  pcmphys study FILE.toml       Every line but the first may be left out; these are the defaults.
# Needs PyTorch and the packages that ship the data: pip install "pcmphys[torch,data]". Paths count from this folder.

study = "layers"              # the kind of study
# handwritten digits; spoken vowels; a text; also "characters": an LSTM on the same text
networks = ["convolution", "lstm", "transformer"]
trainings = ["plain", "aware"]  # weights trained without devices, and with their noise (HERMES cell)
# technologies to compare, side by side: `pcmphys cells`, or paths of parameter files
cells = ["hermes-14nm-statistical", "ibm-90nm-statistical"]
chips = 3                     # independent chips: error bars are the spread over them
seed = 1                      # same seed, same result
times = [300.0, 3600.0, 86400.0, 2592000.0, 31557600.0]   # [s] after programming: up to a year
# inputs = 100                # test inputs used; default: all, and 250 pieces of 64 characters of a text
calibration = 200             # training inputs that set the converters' ranges
pairs = 1                     # pairs of devices a weight, which share it equally
ir_drop = [false, true]       # run without and with wire resistance

[wires]                       # used where ir_drop is true
row = 1.0                     # [ohm] a segment of a word line
column = 1.0                  # [ohm] a segment of a bit line
source = 0.0                  # [ohm] output resistance of a word-line driver
sense = 0.0                   # [ohm] input resistance of a bit line's virtual ground

[tile]
rows = 256                    # most word lines of a tile
columns = 256                 # most weight columns of a tile

[periphery]
dac_bits = 8                  # resolution of the inputs, or "ideal"
adc_bits = 8                  # resolution of the outputs, or "ideal"
# read_voltage = 0.2          # [V] at full scale; default: the cell's own
# read_duration = 250e-9      # [s] default: the cell's own
"""
"""Commented study file with all defaults."""
_DEFAULTS = tomllib.loads(TEMPLATE)
"""All defaults: they stand in the template and nowhere else."""


class LayersConfig(Settings):
    """Networks of several kinds of layers on analog tiles, read at several times, beside fixed point.

    Attributes
    ----------
    networks : tuple of str
        "convolution", "lstm", "transformer", "characters".
    trainings : tuple of str
        "plain" weights, "aware" ones (see `pcmphys.nn.hardware_aware`).
    cells : tuple of str
        Technologies to compare: names of shipped cells or paths of parameter files.
    chips : int
        Independent chips (seeds); error bars are the spread over them.
    seed : int
        Seed of the whole study.
    times : tuple of float [s]
        Reads after programming, increasing. Drift is compensated by one gain a tile at each.
    inputs : int or None
        Test inputs used, evenly spread over all; None: all, and of a text, whose pieces hold 64 predictions each, 250.
    calibration : int
        Training inputs, evenly spread over all, that set ranges of converters, also those of fixed point.
    pairs : int
        Pairs of devices a weight, which share it equally.
    ir_drop : tuple of bool
        Which of "without" (false) and "with" (true) to run.
    """

    built_in: ClassVar[str] = "layers"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "programming and reading chips"

    study: Literal["layers"] = "layers"
    networks: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["networks"])
    trainings: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["trainings"])
    cells: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["cells"])
    chips: Annotated[Whole, Field(ge=1, le=65536)] = _DEFAULTS["chips"]
    seed: Annotated[Whole, Field(ge=0, lt=2**47)] = _DEFAULTS["seed"]
    times: Annotated[tuple[Positive, ...], Field(min_length=1)] = tuple(_DEFAULTS["times"])
    inputs: Annotated[Whole, Field(ge=1)] | None = None
    calibration: Annotated[Whole, Field(ge=1)] = _DEFAULTS["calibration"]
    pairs: Annotated[Whole, Field(ge=1, le=16)] = _DEFAULTS["pairs"]
    ir_drop: Annotated[tuple[bool, ...], Field(min_length=1, max_length=2)] = tuple(_DEFAULTS["ir_drop"])
    wires: WireOptions = WireOptions(**_DEFAULTS["wires"])
    tile: TileOptions = TileOptions(**_DEFAULTS["tile"])
    periphery: PeripheryOptions = PeripheryOptions(**_DEFAULTS["periphery"])

    @field_validator("times")
    @classmethod
    def _increasing(cls, times):
        return strictly_increasing("times", times, "s")

    @field_validator("networks")
    @classmethod
    def _known_networks(cls, values):
        return distinct(tuple(check.choice("each", value, NETWORKS) for value in values))

    @field_validator("trainings")
    @classmethod
    def _known_trainings(cls, values):
        return distinct(tuple(check.choice("each", value, TRAININGS) for value in values))

    @field_validator("cells", "ir_drop")
    @classmethod
    def _distinct(cls, values):
        return distinct(values)

    @property
    def named(self) -> tuple[str, ...]:
        """See `Settings`."""
        return self.cells
