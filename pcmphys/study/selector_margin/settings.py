"""Settings of the study of selectors: what its file may say, and the template of one."""

from __future__ import annotations

import tomllib
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from pcmphys.crossbar.bias import SCHEMES
from pcmphys.numerics import check
from pcmphys.study.selectors import TABLES, SelectorSettings, check_selectors
from pcmphys.study.settings import NotNegative, Positive, Whole, distinct, strictly_increasing

TEMPLATE = f"""# A pcmphys study: how large may an array be with which selector and which wires?
# Run it with:  pcmphys study FILE.toml       Every line but the first may be left out; these are the defaults.

study = "selector-margin"     # the kind of study
selectors = ["none", "diode", "exponential", "transistor", "ots"]
sizes = [16, 32, 64, 128, 256]   # word lines and bit lines of the arrays
# [ohm] a wire segment. NeuroSim's technology table, one 2F cell: 0.25 at 90 nm, 0.35 at 45 nm, 0.78 at 22 nm,
# 1.02 at 14 nm, 2.09 at 7 nm; 5 is what thin or long segments may have
wires = [0.25, 1.0, 5.0]
schemes = ["half", "third", "float", "ground"]   # unselected lines while a cell is read
write_scheme = "half"         # unselected lines while a cell is written
high = 25e-6                  # [S] largest conductance of the 90 nm cell (measured)
low = 0.25e-6                 # [S] a hundredth of it
device_read_voltage = 0.2     # [V] across a device at high conductance while it is read: the 90 nm cell's own
device_write_voltage = 1.69   # [V] across device and leads while it is written: 0.8 V + 2 kohm times the current,
write_current = 440e-6        # [A] ... at the RESET current: both of the physical 90 nm cell. A SET needs 1.0 to 1.35 V
overdrive = 0.1               # a threshold switch gets so much more than its threshold voltage
inputs = 4                    # random inputs of the matvec
seed = 1                      # same seed, same devices and inputs

{TABLES}"""
"""Commented study file with all defaults."""
_DEFAULTS = tomllib.loads(TEMPLATE)
"""All defaults: they stand in the template and nowhere else."""
Lines = Annotated[Whole, Field(ge=2, le=8192)]


class SelectorMarginConfig(SelectorSettings):
    """Arrays of several sizes and wire resistances with each of several selectors.

    Attributes
    ----------
    selectors, schemes : tuple of str
        What to compare; schemes of the unselected lines for reading.
    sizes : tuple of int
        Word lines, and as many bit lines; increasing.
    wires : tuple of float [ohm]
        Resistance of a wire segment of word and bit lines; increasing.
    write_scheme : str
        Scheme of the unselected lines for writing.
    high, low : float [S]
        Conductance of the two states.
    device_read_voltage, device_write_voltage : float [V]
        Across the selected device, see `pcmphys.study.selector_margin.array`.
    write_current : float [A]
        Through it while it is written.
    overdrive : float
        Part by which the voltage exceeds a switch's threshold.
    inputs, seed : int
        Random inputs of the matvec; seed of the devices and the inputs.
    """

    built_in: ClassVar[str] = "selector-margin"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "solving arrays"

    study: Literal["selector-margin"] = "selector-margin"
    selectors: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["selectors"])
    sizes: Annotated[tuple[Lines, ...], Field(min_length=1)] = tuple(_DEFAULTS["sizes"])
    wires: Annotated[tuple[NotNegative, ...], Field(min_length=1)] = tuple(_DEFAULTS["wires"])
    schemes: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["schemes"])
    write_scheme: str = _DEFAULTS["write_scheme"]
    high: Positive = _DEFAULTS["high"]
    low: NotNegative = _DEFAULTS["low"]
    device_read_voltage: Positive = _DEFAULTS["device_read_voltage"]
    device_write_voltage: Positive = _DEFAULTS["device_write_voltage"]
    write_current: Positive = _DEFAULTS["write_current"]
    overdrive: Positive = _DEFAULTS["overdrive"]
    inputs: Annotated[Whole, Field(ge=1)] = _DEFAULTS["inputs"]
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = _DEFAULTS["seed"]

    @field_validator("selectors")
    @classmethod
    def _known(cls, values):
        return check_selectors(values)

    @field_validator("schemes")
    @classmethod
    def _known_schemes(cls, values):
        return distinct(tuple(check.choice("each", value, SCHEMES) for value in values))

    @field_validator("write_scheme")
    @classmethod
    def _known_scheme(cls, value):
        return check.choice("it", value, SCHEMES)

    @field_validator("sizes", "wires")
    @classmethod
    def _increasing(cls, values, info):
        return strictly_increasing(info.field_name, values, "ohm" if info.field_name == "wires" else "")

    @model_validator(mode="after")
    def _apart(self):
        if not self.low < self.high:
            raise ValueError(f"low [S] must be below high [S]; {self.low:g} S is not below {self.high:g} S")
        return self
