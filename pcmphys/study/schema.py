"""What a study file may hold, checked by pydantic."""

from __future__ import annotations

import hashlib
import itertools
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pcmphys._check import suggest
from pcmphys.errors import ParameterError

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Bits = Annotated[int, Field(ge=2, le=24)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WireOptions(_Strict):
    """Wire resistances [ohm] of the runs with IR drop."""

    row: NotNegative = 1.0
    column: NotNegative = 1.0
    source: NotNegative = 0.0
    sense: NotNegative = 0.0


class TileOptions(_Strict):
    """Largest tile: word lines and weight columns."""

    rows: Annotated[int, Field(ge=1)] = 256
    columns: Annotated[int, Field(ge=1)] = 256


class PeripheryOptions(_Strict):
    """Converters: resolution in bits, full-scale read voltage [V] and read duration [s] (absent: the cell's own)."""

    dac_bits: Bits | None = 8
    adc_bits: Bits | None = 8
    read_voltage: Positive | None = None
    read_duration: Positive | None = None


class StudyConfig(_Strict):
    """A network on analog tiles, read at several times, for several chips.

    Attributes
    ----------
    network : str
        Built-in network ("digits") or the path of a folder with weights.npz and test.npz of the same layout.
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

    network: str = "digits"
    cells: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "ibm-90nm-statistical",
        "ibm-90nm-doped-gst",
        "ibm-90nm-projected",
    )
    chips: Annotated[int, Field(ge=1, le=65536)] = 3
    seed: Annotated[int, Field(ge=0, lt=2**47)] = 1
    times: Annotated[tuple[Positive, ...], Field(min_length=1)] = (20.0, 60.0, 3600.0, 86400.0, 2592000.0)
    inputs: Annotated[int, Field(ge=1)] | None = None
    ir_drop: Annotated[tuple[bool, ...], Field(min_length=1, max_length=2)] = (False, True)
    compensation: Annotated[tuple[bool, ...], Field(min_length=1, max_length=2)] = (False, True)
    wires: WireOptions = WireOptions()
    tile: TileOptions = TileOptions()
    periphery: PeripheryOptions = PeripheryOptions()

    @field_validator("times")
    @classmethod
    def _increasing(cls, times):
        for before, after in itertools.pairwise(times):
            if not after > before:
                raise ValueError(f"times [s] must increase strictly; {after:g} follows {before:g}")
        return times

    @field_validator("cells", "ir_drop", "compensation")
    @classmethod
    def _distinct(cls, values):
        if len(set(values)) != len(values):
            raise ValueError(f"each value may occur once; got {list(values)}")
        return values

    def digest(self) -> str:
        """Short hash of all settings: finished parts of another study are never taken for this one's."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


TEMPLATE = """# A pcmphys study: a neural network on analog tiles of phase-change memory.
# Run it with:  pcmphys study FILE.toml       Every line may be left out; the values below are the defaults.

network = "digits"            # built-in, or the path of a folder with weights.npz and test.npz
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
dac_bits = 8                  # resolution of the inputs
adc_bits = 8                  # resolution of the outputs
# read_voltage = 0.2          # [V] at full scale; default: the cell's own
# read_duration = 250e-9      # [s] default: the cell's own
"""
"""Commented study file with all defaults."""


def read_config(source: StudyConfig | dict[str, Any] | str | Path | None) -> StudyConfig:
    """A checked study from a file's path, a dictionary, or nothing (the built-in study).

    Raises
    ------
    ParameterError
        Unreadable file, unknown key (a near miss is suggested), wrong value; the message names file and key.
    """
    if isinstance(source, StudyConfig):
        return source
    if source is None or isinstance(source, dict):
        return _validate(source or {}, "study")
    if str(source) == "digits":
        return StudyConfig()
    try:
        content = tomllib.loads(Path(source).read_text(encoding="utf-8"))
    except OSError as error:
        raise ParameterError(
            f"study {str(source)!r}: cannot be read ({error.strerror or error}); expected a TOML file "
            "or the name of a built-in study: digits"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"{source}: not valid TOML: {error}") from None
    return _validate(content, str(source))


def _validate(content: dict[str, Any], name: str) -> StudyConfig:
    try:
        return StudyConfig.model_validate(content)
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] != "extra_forbidden":
            message = first["msg"].removeprefix("Value error, ")
            raise ParameterError(f"{name}: {key}: {message}; got {first['input']!r}") from None
        table: type[BaseModel] = StudyConfig
        for part in first["loc"][:-1]:
            table = table.model_fields[str(part)].annotation
        known = list(table.model_fields)
        near = suggest(first["loc"][-1], known)
        raise ParameterError(f"{name}: {key}: unknown key; expected one of {', '.join(known)}{near}") from None
