"""Settings of the study of a design space: what its file may say, and the template of one."""

from __future__ import annotations

import tomllib
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from pcmphys.crossbar.bias import SCHEMES
from pcmphys.numerics import check
from pcmphys.programming import Pulse
from pcmphys.study.selectors import TABLES, SelectorSettings, check_selectors
from pcmphys.study.settings import NotNegative, Positive, Strict, Whole, distinct, strictly_increasing

TEMPLATE = f"""# A pcmphys study: what does a bit cost that can still be read at the end?
# Run it with:  pcmphys study FILE.toml       Every line but the first may be left out; these are the defaults.
# Every cell with every pulse, selector, wire and size, at every time. Relative paths count from this file's folder.

study = "design-space"        # the kind of study
cells = ["ibm-90nm-doped-gst", "ibm-90nm-projected"]   # physical cells: names, or paths of parameter files
selectors = ["none", "transistor", "ots"]              # none, diode, exponential, transistor, ots
wires = [1.0, 5.0]            # [ohm] a wire segment of word and bit lines
sizes = [32, 128]             # word lines and bit lines of the arrays
times = [20.0, 86400.0, 2592000.0]   # [s] of the reads after programming: 20 s, 1 day, 1 month
temperature = 300.0           # [K] of the surroundings after programming
scheme = "half"               # unselected lines: half, third, float or ground
devices = 20_000              # devices of each cell and pulse, each in both states
tail = 1e-3                   # the bits that decide: the weakest device in a thousand of each state
slice = 5_000                 # most devices that a worker holds at once (1198 bytes each, and some copies)
read_voltage = 0.2            # [V] across a device at high conductance while it is read
overdrive = 0.1               # a threshold switch gets so much more than its threshold voltage
wanted_margin = 0.5           # read margin that a design must have at the last time to be listed
keep_reads = false            # keep every read of every device in the results (large: run with --zarr)
seed = 1                      # same seed, same devices

[set_pulse]                   # makes the high state: melts the dome and lets it crystallize while the current falls
current = 500e-6              # [A]
width = 100e-9                # [s] of the plateau
fall = 3e-6                   # [s] of the falling edge

[[pulses]]                    # make the low state (RESET): as many as you like, the axis of the trade-off
current = 400e-6
width = 50e-9
fall = 5e-9

[[pulses]]
current = 440e-6
width = 50e-9
fall = 5e-9

[[pulses]]
current = 480e-6
width = 50e-9
fall = 5e-9

[[pulses]]
current = 560e-6
width = 50e-9
fall = 5e-9

{TABLES}"""
"""Commented study file with all defaults."""
_DEFAULTS = tomllib.loads(TEMPLATE)
"""All defaults: they stand in the template and nowhere else."""


class PulseOptions(Strict):
    """A current pulse: height [A], length of its plateau [s] and of its falling edge [s]."""

    current: Positive
    width: Positive
    fall: NotNegative = 5e-9

    @property
    def pulse(self) -> Pulse:
        """The pulse."""
        return Pulse(current=self.current, width=self.width, fall=self.fall)

    @property
    def charge(self) -> float:
        """Integral of its current [C]."""
        return self.current * (self.width + 0.5 * self.fall)

    @property
    def label(self) -> str:
        """Its name on an axis."""
        return f"{1e6 * self.current:g} uA, {1e9 * self.width:g}/{1e9 * self.fall:g} ns"


class DesignSpaceConfig(SelectorSettings):
    """Every cell with every RESET pulse, selector, wire and array size, at every time.

    Attributes
    ----------
    cells : tuple of str
        Physical cells: names of shipped ones or paths of parameter files.
    selectors : tuple of str
        Selectors to compare.
    wires : tuple of float [ohm]
        Resistance of a wire segment; increasing.
    sizes : tuple of int
        Word lines, and as many bit lines; increasing.
    times : tuple of float [s]
        Reads after programming; increasing.
    temperature : float [K]
        Of the surroundings after programming.
    scheme : str
        Unselected lines while a cell is read or written.
    devices, slice : int
        Devices of each cell and pulse; most of them in a worker at once.
    tail : float
        Fraction of the devices of a state beyond the one that decides.
    read_voltage : float [V]
        Across a device at high conductance while it is read.
    overdrive : float
        Part by which the voltage exceeds a switch's threshold.
    wanted_margin : float
        Read margin at the last time of the designs that are listed.
    keep_reads : bool
        Whether the results hold every read.
    seed : int
        Seed of the devices.
    set_pulse, pulses : PulseOptions
        The pulse of the high state; those of the low one.
    """

    built_in: ClassVar[str] = "design-space"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "measuring devices and arrays"

    study: Literal["design-space"] = "design-space"
    cells: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["cells"])
    selectors: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["selectors"])
    wires: Annotated[tuple[NotNegative, ...], Field(min_length=1)] = tuple(_DEFAULTS["wires"])
    sizes: Annotated[tuple[Annotated[Whole, Field(ge=2, le=8192)], ...], Field(min_length=1)] = tuple(
        _DEFAULTS["sizes"]
    )
    times: Annotated[tuple[Positive, ...], Field(min_length=1)] = tuple(_DEFAULTS["times"])
    temperature: Positive = _DEFAULTS["temperature"]
    scheme: str = _DEFAULTS["scheme"]
    devices: Annotated[Whole, Field(ge=1, le=2**40)] = _DEFAULTS["devices"]
    tail: Annotated[float, Field(gt=0.0, lt=0.5)] = _DEFAULTS["tail"]
    slice: Annotated[Whole, Field(ge=1, le=2**22)] = _DEFAULTS["slice"]
    read_voltage: Positive = _DEFAULTS["read_voltage"]
    overdrive: Positive = _DEFAULTS["overdrive"]
    wanted_margin: Annotated[float, Field(gt=0.0, lt=1.0)] = _DEFAULTS["wanted_margin"]
    keep_reads: bool = _DEFAULTS["keep_reads"]
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = _DEFAULTS["seed"]
    set_pulse: PulseOptions = PulseOptions(**_DEFAULTS["set_pulse"])
    pulses: Annotated[tuple[PulseOptions, ...], Field(min_length=1)] = tuple(
        PulseOptions(**pulse) for pulse in _DEFAULTS["pulses"]
    )

    @field_validator("selectors")
    @classmethod
    def _known(cls, values):
        return check_selectors(values)

    @field_validator("cells", "pulses")
    @classmethod
    def _distinct(cls, values):
        return distinct(values)

    @field_validator("scheme")
    @classmethod
    def _known_scheme(cls, value):
        return check.choice("it", value, SCHEMES)

    @field_validator("sizes", "wires", "times")
    @classmethod
    def _increasing(cls, values, info):
        return strictly_increasing(info.field_name, values, {"wires": "ohm", "times": "s"}.get(info.field_name, ""))

    @model_validator(mode="after")
    def _enough_devices(self):
        if self.tail * self.devices < 1.0:
            raise ValueError(
                f"devices must be at least 1 / tail, so that one lies beyond it; {self.devices} devices have none of "
                f"{1.0 / self.tail:.0f}"
            )
        return self

    @property
    def beyond(self) -> int:
        """Rank of the device that decides, counted from the weakest: 1 is the weakest."""
        return max(1, round(self.tail * self.devices))

    @property
    def named(self) -> tuple[str, ...]:
        """See `Settings`."""
        return self.cells
