"""Experiments that a cell can be calibrated to: what was measured, and a simulation of the same. One kind a file."""

from pcmphys.fit.experiments.bake import Bake
from pcmphys.fit.experiments.current_voltage import CurrentVoltage
from pcmphys.fit.experiments.experiment import Experiment, Target
from pcmphys.fit.experiments.program_and_verify import ProgramAndVerify
from pcmphys.fit.experiments.pulse_amplitude import PulseAmplitude
from pcmphys.fit.experiments.pulse_train import PulseTrain
from pcmphys.fit.experiments.read_noise import ReadNoise
from pcmphys.fit.experiments.simulated import Simulated

KINDS: dict[str, type[Experiment]] = {
    kind.__name__: kind for kind in (Bake, CurrentVoltage, ProgramAndVerify, PulseAmplitude, PulseTrain, ReadNoise)
}
"""Those that a file can describe, by name."""

__all__ = [
    "KINDS",
    "Bake",
    "CurrentVoltage",
    "Experiment",
    "ProgramAndVerify",
    "PulseAmplitude",
    "PulseTrain",
    "ReadNoise",
    "Simulated",
    "Target",
]
