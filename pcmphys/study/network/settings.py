"""Settings of the study of a network: what its file may say, and the template of one."""

from __future__ import annotations

import tomllib
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator

from pcmphys.parameters.words import shown
from pcmphys.study.settings import NotNegative, Positive, Settings, Strict, Whole, distinct, strictly_increasing

FEWEST_BITS, MOST_BITS = 2, 24
IDEAL = "ideal"
"""A converter that does not round, where a file cannot say None."""


def _bits(value):
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is None or value == IDEAL:
        return None
    if not whole or not FEWEST_BITS <= value <= MOST_BITS:
        raise ValueError(
            f'must be a whole number of bits from {FEWEST_BITS} to {MOST_BITS}, or "{IDEAL}" (a converter that does '
            f"not round); got {shown(value)}"
        )
    return value


Bits = Annotated[int | None, BeforeValidator(_bits)]

TEMPLATE = """# A pcmphys study: a neural network on analog tiles of phase-change memory.
# Run it with:  pcmphys study FILE.toml       Every line may be left out; the values below are the defaults.

# Relative paths count from the folder of this file.

study = "network"             # the kind of study
network = "digits"            # built-in, or the path of a folder with two files of numpy.savez:
#   weights.npz: w1, b1, w2, b2, ...   weights (inputs, outputs) and biases (outputs,) of each layer, ReLU between them
#   test.npz:    images               test inputs (batch, inputs of the first layer)
#                labels               (batch,) the right outputs, from 0 on
#                calibration_images   (any, inputs of the first layer) training inputs that set the converters' ranges
#                full_scale           images are divided by it (may be left out: 1)
# technologies to compare, side by side: `pcmphys cells`, or paths of parameter files
cells = ["ibm-90nm-statistical", "ibm-90nm-doped-gst", "ibm-90nm-projected"]
chips = 3                     # independent chips: error bars are the spread over them
seed = 1                      # same seed, same result
times = [20.0, 60.0, 3600.0, 86400.0, 2592000.0]   # [s] after programming: 20 s, 1 min, 1 h, 1 day, 1 month
# inputs = 100                # use only the first test inputs
ir_drop = [false, true]       # run without and with wire resistance
compensation = [false, true]  # run without and with drift compensation

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


class WireOptions(Strict):
    """Wire resistances [ohm] of the runs with IR drop."""

    row: NotNegative = _DEFAULTS["wires"]["row"]
    column: NotNegative = _DEFAULTS["wires"]["column"]
    source: NotNegative = _DEFAULTS["wires"]["source"]
    sense: NotNegative = _DEFAULTS["wires"]["sense"]


class TileOptions(Strict):
    """Largest tile: word lines and weight columns."""

    rows: Annotated[Whole, Field(ge=1)] = _DEFAULTS["tile"]["rows"]
    columns: Annotated[Whole, Field(ge=1)] = _DEFAULTS["tile"]["columns"]


class PeripheryOptions(Strict):
    """Converters: resolution in bits (None or "ideal": no rounding), read voltage [V] at full scale and read
    duration [s] (absent: the cell's own).
    """

    dac_bits: Bits = _DEFAULTS["periphery"]["dac_bits"]
    adc_bits: Bits = _DEFAULTS["periphery"]["adc_bits"]
    read_voltage: Positive | None = None
    read_duration: Positive | None = None


class StudyConfig(Settings):
    """A network on analog tiles, read at several times, for several chips.

    Attributes
    ----------
    network : str
        Built-in network ("digits") or the path of a folder, see `load_network`.
    cells : tuple of str
        Technologies to compare: names of shipped cells or paths of parameter files.
    chips : int
        Independent chips (seeds) a technology; error bars are the spread over them.
    seed : int
        Seed of the whole study.
    times : tuple of float [s]
        Reads after programming, increasing.
    inputs : int or None
        Test inputs used, from the first on; None: all.
    ir_drop, compensation : tuple of bool
        Which of "without" (false) and "with" (true) to run.
    """

    built_in: ClassVar[str] = "digits"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "programming and reading chips"

    study: Literal["network"] = "network"
    network: str = _DEFAULTS["network"]
    cells: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["cells"])
    chips: Annotated[Whole, Field(ge=1, le=65536)] = _DEFAULTS["chips"]
    seed: Annotated[Whole, Field(ge=0, lt=2**47)] = _DEFAULTS["seed"]
    times: Annotated[tuple[Positive, ...], Field(min_length=1)] = tuple(_DEFAULTS["times"])
    inputs: Annotated[Whole, Field(ge=1)] | None = None
    ir_drop: Annotated[tuple[bool, ...], Field(min_length=1, max_length=2)] = tuple(_DEFAULTS["ir_drop"])
    compensation: Annotated[tuple[bool, ...], Field(min_length=1, max_length=2)] = tuple(_DEFAULTS["compensation"])
    wires: WireOptions = WireOptions()
    tile: TileOptions = TileOptions()
    periphery: PeripheryOptions = PeripheryOptions()

    @field_validator("times")
    @classmethod
    def _increasing(cls, times):
        return strictly_increasing("times", times, "s")

    @field_validator("cells", "ir_drop", "compensation")
    @classmethod
    def _distinct(cls, values):
        return distinct(values)

    @property
    def named(self) -> tuple[str, ...]:
        """See `Settings`."""
        return self.cells

    @property
    def names_files(self) -> bool:
        """Also a network of one's own lies in a folder."""
        return self.network != self.built_in or super().names_files
