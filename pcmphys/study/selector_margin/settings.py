"""Settings of the study of selectors: what its file may say, and the template of one."""

from __future__ import annotations

import inspect
import tomllib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from pcmphys.crossbar.bias import SCHEMES
from pcmphys.crossbar.selectors import Selector
from pcmphys.crossbar.selectors.registry import SELECTORS
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.parameters.words import shown
from pcmphys.study.settings import NotNegative, Positive, Settings, Whole, distinct, strictly_increasing

TEMPLATE = """# A pcmphys study: how large may an array be with which selector and which wires?
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

# Selectors. All numbers are assumed, chosen such that each carries the read and the write current of the 90 nm cell;
# threshold and hold voltage of the switch are a published simulation's. Put your own selector's here.
[diode]                       # saturation_current (exp(w / (ideality kT/q)) - 1)
saturation_current = 1e-12    # [A]
ideality = 1.5
temperature = 300.15          # [K]

[exponential]                 # current sinh(w / voltage)
current = 1e-11               # [A]
voltage = 0.06                # [V]

[transistor]                  # one transistor a cell; its gate is on where the word line is selected
threshold_voltage = 0.5       # [V]
transconductance = 1e-3       # [A/V2]
slope_factor = 1.3
modulation = 0.0              # [1/V]
temperature = 300.15          # [K]
gate_voltage = 2.0            # [V]

[ots]                         # leakage_current sinh(w / leakage_voltage); beyond the threshold, the hold voltage
threshold_voltage = 1.75      # [V]
hold_voltage = 0.4            # [V]
holding_current = 1e-6        # [A] must be below the read currents (the simulation's 0.25 mA is not)
on_resistance = 1e3           # [ohm]
leakage_current = 1e-10       # [A]
leakage_voltage = 0.2         # [V]
"""
"""Commented study file with all defaults."""


_DEFAULTS = tomllib.loads(TEMPLATE)
"""All defaults: they stand in the template and nowhere else."""
_NONE = "none"
Lines = Annotated[Whole, Field(ge=2, le=8192)]
_TABLES = tuple(name for name, value in _DEFAULTS.items() if isinstance(value, dict))


def _selector(name: str, table: dict[str, Any]) -> Selector:
    """The selector of a table; an error names the key."""
    kind = SELECTORS[name]
    known = list(inspect.signature(kind).parameters)
    for key, value in table.items():
        if key not in known:
            raise ParameterError(
                f"{name}.{key}: unknown key; expected one of {', '.join(known)}{check.suggest(key, known)}"
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ParameterError(f"{name}.{key} must be a number; got {shown(value)}")
    try:
        return kind(**table)
    except ParameterError as error:
        raise ParameterError(f"{name}: {error}") from None
    except TypeError as error:  # what another package's selector cannot do without
        raise ParameterError(f"{name}: {error}; put a table [{name}] into the study") from None


class SelectorMarginConfig(Settings):
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
    tables : dict
        Arguments of each selector by its name: in a file, a table of that name.
    """

    built_in: ClassVar[str] = "selector-margin"
    template: ClassVar[str] = TEMPLATE
    doing: ClassVar[str] = "solving arrays"

    study: Literal["selector-margin"] = "selector-margin"
    selectors: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(_DEFAULTS["selectors"])
    sizes: Annotated[tuple[Annotated[Whole, Field(ge=2, le=8192)], ...], Field(min_length=1)] = tuple(
        _DEFAULTS["sizes"]
    )
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
    tables: dict[str, dict[str, Any]] = Field(default={name: _DEFAULTS[name] for name in _TABLES})

    @model_validator(mode="before")
    @classmethod
    def _of_tables(cls, content):
        """Each selector's table goes into ``tables``, with the defaults of what it leaves out."""
        if not isinstance(content, dict):
            return content
        given = {key: value for key, value in content.items() if key in SELECTORS}
        for name, value in given.items():
            if not isinstance(value, dict):
                raise ValueError(f"{name} must be a table of numbers; got {shown(value)}")
        tables = {name: {**_DEFAULTS.get(name, {}), **table} for name, table in given.items()}
        rest = {key: value for key, value in content.items() if key not in given}
        return {**rest, "tables": {**cls.model_fields["tables"].default, **rest.get("tables", {}), **tables}}

    @field_validator("selectors", "schemes")
    @classmethod
    def _known(cls, values, info):
        allowed = (_NONE, *SELECTORS) if info.field_name == "selectors" else SCHEMES
        return distinct(tuple(check.choice("each", value, allowed) for value in values))

    @field_validator("write_scheme")
    @classmethod
    def _known_scheme(cls, value):
        return check.choice("it", value, SCHEMES)

    @field_validator("sizes", "wires")
    @classmethod
    def _increasing(cls, values, info):
        return strictly_increasing(info.field_name, values, "ohm" if info.field_name == "wires" else "")

    @field_validator("tables")
    @classmethod
    def _valid(cls, tables):
        for name, table in tables.items():
            _selector(check.choice("each", name, SELECTORS), table)
        return tables

    @model_validator(mode="after")
    def _apart(self):
        if not self.low < self.high:
            raise ValueError(f"low [S] must be below high [S]; {self.low:g} S is not below {self.high:g} S")
        return self

    def selector(self, name: str) -> Selector | None:
        """The selector of a name, None for "none"."""
        return None if name == _NONE else _selector(name, self.tables.get(name, {}))
