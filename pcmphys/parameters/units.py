"""Numbers that a file writes with an SI prefix, such as 6 nm where a model has m: brought to the model's own units."""

from __future__ import annotations

import re
from decimal import Decimal

from pcmphys.parameters.loader import fields_of
from pcmphys.parameters.schema import Quantity, Technology

_PREFIXES = {"f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "k": 3, "M": 6, "G": 9}
"""Power of ten of each; the micro sign and the Greek letter are one."""
_FIRST = re.compile(r"(m|s|S|K|V|A|J|W|F|eV|ohm)(?=$|[/ ])")
"""A unit that may carry a prefix: the first of a product, and no power, of which a prefix would be one, too."""


def in_own_units(schema: type, technology: Technology) -> Technology:
    """The technology with each number in the unit that its model has, where only a prefix differs.

    Numbers are moved by whole decimal places, without rounding: 6 nm is the same as 6e-9 m. Any other unit stays as it
    is, for `fill` to refuse.
    """
    known = fields_of(schema)
    changed = {}
    for key, quantity in technology.quantities.items():
        unit = known[key].metadata["unit"] if key in known else quantity.unit
        places = _places(quantity.unit, unit)
        if places:
            changed[key] = _moved(quantity, places, unit)
    return technology.model_copy(update={"quantities": technology.quantities | changed}) if changed else technology


def _places(given: str, own: str) -> int:
    """Decimal places from a unit with a prefix to the one without; 0 where that is not all they differ in."""
    if given[1:] != own or _FIRST.match(own) is None:
        return 0
    return _PREFIXES.get(given[:1], 0)


def _moved(quantity: Quantity, places: int, unit: str) -> Quantity:
    value = quantity.value
    moved = tuple(_shift(one, places) for one in value) if isinstance(value, tuple) else _shift(value, places)
    return quantity.model_copy(update={"value": moved, "unit": unit})


def _shift(value: float, places: int) -> float:
    return float(Decimal(repr(value)).scaleb(places))
