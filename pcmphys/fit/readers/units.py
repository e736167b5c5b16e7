"""Units as testers and spreadsheets write them: kOhm, µS, NS, sec, uA/V."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from pcmphys.errors import ParameterError
from pcmphys.numerics import check

SI = {
    "time": "s", "conductance": "S", "resistance": "ohm", "current": "A", "voltage": "V", "temperature": "K",
    "frequency": "Hz", "power": "W", "energy": "J", "length": "m", "charge": "C", "field": "V/m", "number": "1",
}  # fmt: skip
"""What is read, and the unit in which it is kept."""
MEASURED = ("conductance", "resistance", "current")
"""What makes a conductance."""
IN_CELLS = ("time", "conductance", "resistance", "current", "voltage", "temperature")
"""What a cell with a number and a unit can be; 4C and 3m are rather names of devices."""

_PREFIXES = {
    "": 1.0, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "femto": 1e-15, "pico": 1e-12, "nano": 1e-9, "micro": 1e-6, "milli": 1e-3, "kilo": 1e3, "mega": 1e6, "giga": 1e9,
}  # fmt: skip
_WITH_LARGE = ("resistance", "voltage", "frequency", "power", "energy")
_LARGE = ("k", "M", "G", "T", "kilo", "mega", "giga")
_BASES = {
    "conductance": ("S", "siemens", "mho", "mhos", "1/ohm", "ohm^-1"),
    "resistance": ("ohm", "ohms"),
    "current": ("A", "amp", "amps", "ampere", "amperes"),
    "voltage": ("V", "volt", "volts"),
    "time": ("s", "sec", "secs", "second", "seconds", "sekunde", "sekunden"),
    "frequency": ("Hz", "hertz"),
    "power": ("W", "watt", "watts"),
    "energy": ("J", "joule", "joules"),
    "length": ("m", "meter", "metre"),
    "charge": ("C", "coulomb"),  # not alone: that may be degrees
}
_AS_WRITTEN = ("frequency", "power", "energy", "length", "charge")
"""Of these no odd spelling is guessed at, so that none of the others means two things because of them."""
_KELVIN = {"K": 0.0, "kelvin": 0.0, "degC": 273.15, "°C": 273.15, "ºC": 273.15, "℃": 273.15, "celsius": 273.15}
"""What is added to a temperature in that unit."""
_OTHERS = {
    "eV": ("energy", 1.602176634e-19), "V/m": ("field", 1.0), "V/cm": ("field", 1e2), "kV/cm": ("field", 1e5),
    "MV/cm": ("field", 1e8), "V/um": ("field", 1e6), "V/nm": ("field", 1e9), "MV/m": ("field", 1e6),
    "cm": ("length", 1e-2), "1/s": ("frequency", 1.0), "%": ("number", 1e-2),
}  # fmt: skip
_LONG_TIMES = {
    60.0: ("min", "mins", "minute", "minutes", "minuten"),
    3600.0: ("h", "hr", "hrs", "hour", "hours", "stunden"),
    86400.0: ("d", "day", "days", "tage"),
    604800.0: ("week", "weeks", "wk"),
    31557600.0: ("yr", "yrs", "year", "years"),
}
_BRACKET = re.compile(r"^(?P<name>.*?)\s*(?:\[\s*(?P<square>[^\[\]]*?)\s*\]|\(\s*(?P<round>[^()]*?)\s*\))\s*$")
_SIZED = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\D\S*)?")
_EXAMPLES = {
    "time": "s, ms, us, ns, min, h, day, yr",
    "conductance": "S, mS, uS, nS, 1 (normalised)",
    "resistance": "ohm, kohm, Mohm, Gohm",
    "current": "A, mA, uA, nA, pA",
    "voltage": "V, mV",
    "temperature": "K, degC",
    "frequency": "Hz, kHz, MHz",
    "power": "W, mW, uW",
    "energy": "J, pJ, eV",
    "length": "m, um, nm",
    "charge": "C, pC",
    "field": "V/m, V/cm, MV/cm",
    "number": "1, %",
}


class Unit(NamedTuple):
    """What a unit is of, its size in SI, and how it is written."""

    quantity: str
    factor: float
    text: str
    shift: float = 0.0
    """What is added after the factor: of degrees Celsius."""


@functools.lru_cache(maxsize=1 << 16)
def split(header: str) -> tuple[str, str | None]:
    """The name and the unit of a column's header.

    Examples
    --------
    >>> split("g_1 (µS)"), split("t_s[s]"), split("Zeit/s"), split("gate/drain")
    (('g_1', 'µS'), ('t_s', 's'), ('Zeit', 's'), ('gate/drain', None))
    """
    match = _BRACKET.match(header)
    if match is not None:
        return match["name"], match["square"] if match["square"] is not None else match["round"]
    name, slash, last = header.rpartition("/")
    if slash and name.strip() and find(last) is not None:
        return name.strip(), last.strip()
    return header.strip(), None


@functools.lru_cache(maxsize=4096)
def find(text: str, quantity: str | None = None) -> Unit | None:
    """The unit that a text means; None if it is none.

    Where only the case of the letters differs, ``quantity`` decides (``US``: microsecond or microsiemens); without
    it, nothing that could be two things is taken for one.

    Examples
    --------
    >>> find("nS").quantity, find("NS").factor, find("kOhm").factor, find("ms").quantity, find("uA/V").quantity
    ('conductance', 1e-09, 1000.0, 'time', 'conductance')
    >>> find("MS"), find("MS", "time").factor, find("furlong"), find("degC").shift
    (None, 0.001, None, 273.15)
    """
    plain = _plain(text)
    if quantity == "number":
        return Unit("number", {"1": 1.0, "%": 1e-2}[plain], plain) if plain in ("1", "%") else None
    if plain in ("1", "normalised", "normalized"):
        return Unit("conductance", 1.0, "1")
    if plain.endswith("/V"):
        current = find(plain[:-2], "current")
        return None if current is None else Unit("conductance", current.factor, text.strip())
    if plain in _KELVIN and quantity in (None, "temperature"):
        return Unit("temperature", 1.0, text.strip(), _KELVIN[plain])
    if quantity == "temperature":  # alone, C is a charge
        return Unit("temperature", 1.0, text.strip(), 273.15) if plain in ("C", "deg C") else None
    if plain in _OTHERS and quantity in (None, _OTHERS[plain][0]):
        return Unit(*_OTHERS[plain], text.strip())
    kinds = _BASES if quantity is None else tuple(kind for kind in (quantity,) if kind in _BASES)
    # as written; then with S for siemens and s for seconds kept apart; then in any case, if it is known what it is of
    for like in ("as written", "any prefix", "any case")[: 2 if quantity is None else 3]:
        found = [(kind, size) for kind in kinds for size in (_size(plain, kind, like),) if size is not None]
        if len(found) == 1:
            return Unit(found[0][0], found[0][1], text.strip())
    return None


def _plain(text: str) -> str:
    text = text.strip().replace("µ", "u").replace("μ", "u")
    return re.sub("[\u2126\u03a9]", "ohm", text)


def _size(text: str, kind: str, like: str) -> float | None:
    loose = like == "any case"
    if kind in _AS_WRITTEN and like != "as written":
        return None
    if kind == "time":
        for size, words in _LONG_TIMES.items():
            if text in words or (text.casefold() in words and (len(text) > 1 or loose)):
                return size
    for base in _BASES[kind]:
        letters, prefix = text[len(text) - len(base) :], text[: len(text) - len(base)]
        if letters != base and (letters.casefold() != base.casefold() or (len(base) == 1 and not loose)):
            continue
        if prefix == "M" and loose and kind != "resistance":
            prefix = "m"  # nobody measures times in megaseconds
        elif prefix != "M" and prefix not in _PREFIXES and like != "as written":
            prefix = prefix.casefold()
        if (kind, text) != ("charge", "C") and prefix in _PREFIXES and (kind in _WITH_LARGE or prefix not in _LARGE):
            return _PREFIXES[prefix]
    return None


def sized(name: str, text: str, quantity: str) -> float:
    """A quantity in SI from text with a number and a unit.

    Examples
    --------
    >>> sized("temperature", "85 degC", "temperature"), sized("floor", "10 pA", "current")
    (358.15, 1e-11)
    """
    match = _SIZED.fullmatch(text.strip())
    unit = match and match[2] and find(match[2], quantity)
    if not match or not unit:
        raise ParameterError(f"{name} must be a number with its unit ({allowed(quantity)}); got {text!r}")
    return float(match[1]) * unit.factor + unit.shift


def allowed(quantity: str) -> str:
    """Units of a quantity, for messages."""
    return _EXAMPLES[quantity]


def hint(text: str) -> str:
    """What a text that is no unit may have been meant to be."""
    return check.suggest(text, ("S", "mS", "uS", "nS", "ohm", "kohm", "Mohm", "A", "mA", "uA", "nA", "s", "ms", "min"))
