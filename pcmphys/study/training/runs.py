"""What a study of training runs: a rule on devices, each with what it is a part of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pcmphys.cells import load_cell
from pcmphys.cells.pulsed.cell import PulsedCell
from pcmphys.errors import ParameterError
from pcmphys.study.training.settings import TrainingConfig
from pcmphys.training import (
    Buffered,
    Chopped,
    DynamicReference,
    MixedPrecision,
    OneSided,
    PairCell,
    Sgd,
    TikiTaka,
)
from pcmphys.training.rules.rule import Rule

FLOAT = "floating point"
ONE_SIDED, PAIR, MIXED = "one-sided", "pair", "mixed-precision"
DEVICES, ASYMMETRY, STATES, CAPACITOR = "devices", "asymmetry", "states", "capacitor"
"""Parts of a study."""


@dataclass(frozen=True)
class TrainingRun:
    """One way to train the network.

    Attributes
    ----------
    part : str
        What it is compared in.
    rule, cell : str
        Names of both; no cell for floating point.
    value : float
        Of what is swept; of a pair, whether the sign changes. NaN for nothing.
    rate : float
        Learning rate.
    made : tuple of Rule and cell, or None
        What trains; None for floating point.
    """

    part: str
    rule: str
    cell: str
    value: float
    rate: float
    made: tuple[Rule, PulsedCell] | None

    @property
    def label(self) -> str:
        """All that sets it apart, on a line."""
        value = "" if self.value != self.value else f" {self.value:g}"
        return f"{self.part}: {self.rule} {self.cell}".rstrip() + value


def runs(config: TrainingConfig) -> list[TrainingRun]:
    """All runs of a study, floating point first.

    Raises
    ------
    ParameterError
        A cell that is not trained in place or that a rule cannot train.
    """
    nothing = float("nan")
    found = [TrainingRun(DEVICES, FLOAT, "", nothing, config.rate, None)]
    for name in config.cells:
        cell = _cell(config, "cells", name)
        if cell.one_sided:
            own = config.one_sided
            rule = OneSided(high=own.high, low=own.low)
            found.append(TrainingRun(DEVICES, ONE_SIDED, cell.name, nothing, own.rate, (rule, cell)))
            if MIXED in config.rules:
                rule = rule_of(config, MIXED)
                found.append(TrainingRun(DEVICES, MIXED, cell.name, nothing, config.rate, (rule, cell)))
            continue
        for rule in config.rules:
            found.append(TrainingRun(DEVICES, rule, cell.name, nothing, config.rate, (rule_of(config, rule), cell)))
    return [*found, *_swept(config), *_pairs(config)]


def rule_of(config: TrainingConfig, name: str) -> Rule:
    """A rule by its name."""
    every = config.tiki_taka.transfer_every
    versions = {
        "tiki-taka": TikiTaka, "buffered": Buffered, "chopped": Chopped, "dynamic-reference": DynamicReference
    }  # fmt: skip
    if name in versions:
        return versions[name](transfer_every=every)
    if name == "sgd":
        return Sgd()
    pairs = config.one_sided
    return MixedPrecision(transfer_every=config.mixed_precision.transfer_every, high=pairs.high, low=pairs.low)


def _swept(config: TrainingConfig) -> Iterator[TrainingRun]:
    sweep = config.sweep
    if not sweep.rules or not (sweep.asymmetry or sweep.states):
        return
    cell = _cell(config, "sweep.cell", sweep.cell)
    if cell.parameters.linear is None:
        raise ParameterError(f"sweep.cell must have linear steps, as ecram-tang2018 has; got {sweep.cell!r}")
    window = cell.parameters.window
    reach = window.weight_maximum - window.weight_minimum
    changes = [
        (ASYMMETRY, value, {"linear.decrease_up": value, "linear.decrease_down": value}) for value in sweep.asymmetry
    ] + [(STATES, float(value), {"linear.step": reach / value}) for value in sweep.states]
    for part, value, change in changes:
        changed = cell.but(change, source="study of training")
        for rule in sweep.rules:
            yield TrainingRun(part, rule, cell.name, value, config.rate, (rule_of(config, rule), changed))


def _pairs(config: TrainingConfig) -> Iterator[TrainingRun]:
    own = config.pair
    if not own.inversion:
        return
    capacitor = _cell(config, "pair.capacitor", own.capacitor)
    memory = _cell(config, "pair.memory", own.memory)
    if capacitor.one_sided:
        raise ParameterError(f"pair.capacitor must go up and down; devices of {own.capacitor!r} only go up")
    if memory.parameters.reset is None:
        raise ParameterError(f"pair.memory must be a technology with a RESET; {own.memory!r} has none")
    changed = capacitor.but({"pulse.imbalance": own.imbalance}, source="study of training")
    yield TrainingRun(CAPACITOR, "sgd", capacitor.name, float("nan"), config.rate, (Sgd(), changed))
    for inversion in own.inversion:
        rule = PairCell(pair=memory, gain=own.gain, transfer_every=own.transfer_every, inversion=inversion)
        yield TrainingRun(CAPACITOR, PAIR, capacitor.name, float(inversion), config.rate, (rule, changed))


def _cell(config: TrainingConfig, key: str, name: str) -> Any:
    cell = load_cell(config.path_or_name(name))
    if not isinstance(cell, PulsedCell):
        raise ParameterError(f"{key}: {name!r} is not trained in place; take one such as 'ecram-tang2018'")
    return cell
