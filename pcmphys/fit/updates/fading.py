"""Incremental SET as `pcmphys.fit.pulse_train` fits it, as a cell that can be trained."""

from __future__ import annotations

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.programming.train import pulse_train
from pcmphys.fit.updates.build import filled, read_and_pulse, technology_of
from pcmphys.fit.updates.doubts import UpdateReads
from pcmphys.fit.updates.result import FittedCell, UpdateFit


def incremental_set(
    given: UpdateReads, read_error: float, doubted: list[str], words: tuple[str, str, str]
) -> FittedCell:
    """The cell of trains of pulses up alone.

    ``doubted`` are notes on the trains; ``words`` the cell's name, the fit's title, and whose data they are.
    """
    numbers, reads, towards = given
    name, title, source = words
    if (towards[1:] < 0.0).any():
        raise ParameterError("law incremental_set is one of pulses up alone; direction holds some down")
    train = pulse_train(reads, pulse=numbers, read_error=read_error or None)
    values = train.values
    notes = [*doubted, *train.notes]
    memory = values.get("memory", np.nan)
    own = values.get("spread_memory", memory)
    if np.isfinite(own) and np.isfinite(memory) and abs(own / memory - 1.0) > 0.01:
        notes.append(
            f"the spread of the steps fades in {own:.3g} pulses; the cell has it fade in {memory:.3g}, as the mean"
        )
    cell = {
        "window.conductance_minimum": (0.0, "nothing conducts less"),
        "window.conductance_maximum": float(reads.max()),
        "window.weight_minimum": (0.0, "by choice"),
        "window.weight_maximum": (1.0, "by choice"),
        "reset.weight": (float(max(reads[0].mean(), 0.0) / reads.max()), "where the trains begin"),
        "incremental_set.mean_slope": values["slope"],
        "incremental_set.mean_offset": values["offset"],
        "incremental_set.mean_memory": values.get("boost", 0.0),
        "incremental_set.std_slope": values["spread_slope"],
        "incremental_set.std_offset": max(values["spread_offset"], 0.0),
        "incremental_set.std_memory": values.get("spread_boost", 0.0),
        "incremental_set.pulses": memory if np.isfinite(memory) and memory > 0.0 else (1.0, "nothing fades"),
    }
    origin = f"{title}; data of {source}" if source else title
    parameters, technology = filled(technology_of(name, title, cell | read_and_pulse(), origin, tuple(notes)))
    fit = UpdateFit(
        title=title, estimates=train.estimates, covariance=train.covariance, goodness=train.goodness,
        undetermined=train.undetermined, notes=tuple(notes), pulse=numbers, conductance=reads, direction=towards,
        parameters=parameters,
    )  # fmt: skip
    return FittedCell(parameters, technology, fit)
