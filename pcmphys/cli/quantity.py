"""Options that are physical quantities: a number in the SI unit that the help names, or one with its own unit."""

from __future__ import annotations

from collections.abc import Callable

import typer

from pcmphys.errors import ParameterError


def in_si(name: str, text: str, kind: str) -> float:
    """A quantity in SI from text with or without a unit; a `ParameterError` names the option.

    Examples
    --------
    >>> in_si("--wait", "1 h", "time"), in_si("--wait", "3600", "time")
    (3600.0, 3600.0)
    """
    from pcmphys.fit.readers.units import SI, allowed, sized

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return sized(name, text, kind)
    except ParameterError:
        message = f"{name} must be a number [{SI[kind]}], or one with its unit ({allowed(kind)}); got {text!r}"
        raise ParameterError(message.strip()) from None


def quantity(kind: str) -> Callable[[str], float]:
    """What an option with a quantity of a kind takes: ``typer.Option(parser=quantity("voltage"))``.

    Examples
    --------
    >>> quantity("voltage")("100 mV")
    0.1
    """

    def parse(text: str) -> float:
        try:
            return in_si("", text, kind)
        except ParameterError as error:
            raise typer.BadParameter(str(error)) from None

    parse.__name__ = kind
    return parse
