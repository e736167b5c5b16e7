"""What a validation case reports."""

from __future__ import annotations

from dataclasses import dataclass

MEASURED = "measured"
PUBLISHED_FIT = "published fit"
CALIBRATED = "calibrated"
MODEL = "model against model"
NOT_CHECKABLE = "not checkable"
KNOWN_ANSWER = "known answer"

STANDINGS = {
    MEASURED: "held against values read off a published figure of measurements",
    PUBLISHED_FIT: "held against a formula that the source fitted to its own measurements",
    CALIBRATED: "held against values that the cell was fitted to: shows that one state carries them all, tests nothing",
    MODEL: "held against another program, another method, or a model of ours; says nothing about nature",
    KNOWN_ANSWER: "held against an exact result (a conservation law, an identity)",
    NOT_CHECKABLE: "shown, but no reference allows a verdict",
}


@dataclass(frozen=True)
class Result:
    """One quantity of a validation case, held against its reference.

    Attributes
    ----------
    quantity : str
        What was compared, with its unit.
    value : float
        What pcmphys gives.
    reference : str
        What it is held against.
    tolerance : str
        How close it must come.
    passed : bool
        Whether it does.
    standing : str
        "measured", "published fit", "calibrated", "model against model", "not checkable" or "known answer".
    """

    quantity: str
    value: float
    reference: str
    tolerance: str
    passed: bool
    standing: str

    def __post_init__(self):
        if self.standing not in STANDINGS:
            raise ValueError(f"standing must be one of {', '.join(STANDINGS)}; got {self.standing!r}")
        # numpy's own kinds of number do not go into a JSON file
        object.__setattr__(self, "value", float(self.value))
        object.__setattr__(self, "passed", bool(self.passed))


def within(quantity: str, value: float, limit: float, reference: str, standing: str) -> Result:
    """Make a result for an error that must not exceed ``limit`` in magnitude; NaN never passes."""
    return Result(quantity, float(value), reference, f"<= {limit:g}", bool(abs(value) <= limit), standing)


class MissingProgram(Exception):
    """An outside program that a case or a measurement needs is not installed; the message says how to get it."""
