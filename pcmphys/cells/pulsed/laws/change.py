"""The change that a pulse makes, by whichever law a device has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.cells.pulsed.laws import (
    constant,
    exponential,
    incremental_set,
    jump_table,
    linear,
    nonlinear,
    power,
    soft_bounds,
)
from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.numerics.compile import law

CONSTANT, LINEAR, SOFT_BOUNDS, EXPONENTIAL, POWER, NONLINEAR, JUMP_TABLE, INCREMENTAL_SET = range(8)


class LawFloats(NamedTuple):
    """The law of a technology, and the numbers of all laws, of which those of the others are not looked at.

    ``forget`` is what a pulse leaves of the memory of a RESET; 1: the law has none.
    """

    kind: int
    constant: constant.ConstantFloats = constant.ConstantFloats()
    linear: linear.LinearFloats = linear.LinearFloats()
    soft_bounds: soft_bounds.SoftBoundsFloats = soft_bounds.SoftBoundsFloats()
    exponential: exponential.ExponentialStepFloats = exponential.ExponentialStepFloats()
    power: power.PowerFloats = power.PowerFloats()
    nonlinear: nonlinear.NonlinearFloats = nonlinear.NonlinearFloats()
    jump_table: jump_table.JumpTableFloats = jump_table.JumpTableFloats()
    incremental_set: incremental_set.IncrementalSetFloats = incremental_set.IncrementalSetFloats()
    forget: float = 1.0
    write_noise: float = 0.0


def closed(p: LawFloats) -> tuple:
    """The same in plain tuples: at every call of a kernel a named one costs a microsecond, which small updates feel."""
    return tuple(tuple(part) if isinstance(part, tuple) else part for part in p)


@law
def opened(numbers: tuple) -> LawFloats:
    """`LawFloats` of what `closed` has made of them."""
    return LawFloats(
        numbers[0],
        constant.ConstantFloats(*numbers[1]),
        linear.LinearFloats(*numbers[2]),
        soft_bounds.SoftBoundsFloats(*numbers[3]),
        exponential.ExponentialStepFloats(*numbers[4]),
        power.PowerFloats(*numbers[5]),
        nonlinear.NonlinearFloats(*numbers[6]),
        jump_table.JumpTableFloats(*numbers[7]),
        incremental_set.IncrementalSetFloats(*numbers[8]),
        numbers[9],
        numbers[10],
    )


@law
def change(weight: float, up: bool, own: Own, p: LawFloats, table: np.ndarray) -> tuple[float, float]:
    """Mean size of the next step in its direction, and its std from pulse to pulse, in weight."""
    return change_by(p.kind, weight, up, own, p, table)


@law
def change_by(kind: int, weight: float, up: bool, own: Own, p: LawFloats, table: np.ndarray) -> tuple[float, float]:
    """`change` by the law of this kind, whatever ``p`` says of it."""
    if kind == CONSTANT:
        return constant.step(weight, up, own, p.constant)
    if kind == LINEAR:
        return linear.step(weight, up, own, p.linear)
    if kind == SOFT_BOUNDS:
        return soft_bounds.step(weight, up, own, p.soft_bounds)
    if kind == EXPONENTIAL:
        return exponential.step(weight, up, own, p.exponential)
    if kind == POWER:
        return power.step(weight, up, own, p.power)
    if kind == NONLINEAR:
        return nonlinear.step(weight, up, own, p.nonlinear)
    if kind == JUMP_TABLE:
        return jump_table.step(weight, up, own, table, p.jump_table)
    return incremental_set.step(weight, up, own, p.incremental_set)


@law
def pulsed(weight: float, up: bool, deviate: float, own: Own, p: LawFloats, table: np.ndarray) -> float:
    """Weight after one more pulse, within the device's bounds."""
    return pulsed_by(p.kind, weight, up, deviate, own, p, table)


@law
def pulsed_by(kind: int, weight: float, up: bool, deviate: float, own: Own, p: LawFloats, table: np.ndarray) -> float:
    """`pulsed` by the law of this kind: where loops write it as a constant, they hold that law and no other."""
    if kind == JUMP_TABLE:
        size = jump_table.drawn(weight, up, deviate, own, table, p.jump_table)
    else:
        mean, std = change_by(kind, weight, up, own, p, table)
        size = mean + std * deviate
    return max(min(weight + size if up else weight - size, own.high), own.low)
