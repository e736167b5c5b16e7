"""An experiment of the user's own, from a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.experiments.experiment import Experiment, Observable


@dataclass(frozen=True, eq=False, repr=False)
class Simulated(Experiment):
    """An experiment of your own: ``function(cell, x, devices, seed)`` returns n numbers for each of its quantities.

    The names of quantities are those in ``targets``, in whatever unit you use. Where an executor runs it in other
    processes, the function must be one of a module.
    """

    axis: ClassVar[Observable] = Observable("1", "x")
    quantities: ClassVar[Mapping[str, Observable]] = {}

    function: Callable[[Any, np.ndarray, int, int], Mapping[str, Any]] = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.function):
            raise ParameterError(f"function must be called with (cell, x, devices, seed); got {self.function!r}")

    def describe(self, quantity: str) -> Observable:
        """Any name is one."""
        return Observable("1", str(quantity).replace("_", " "))

    def simulate(self, cell: Any, seed: int) -> Mapping[str, np.ndarray]:
        """See `Experiment.simulate`."""
        return self.function(cell, np.asarray(self.x), self.devices, seed)
