"""Networks that learn in place: the module, its optimiser, what they report and keep."""

from pcmphys.nn.live.optimizer import PulsedOptimizer
from pcmphys.nn.live.report import LiveReport, PulsedLayer
from pcmphys.nn.live.twin import LiveTwin

__all__ = ["LiveReport", "LiveTwin", "PulsedLayer", "PulsedOptimizer"]
