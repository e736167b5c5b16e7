"""Experiments that a cell can be calibrated to: what was measured, and a simulation of the same. One kind a file."""

from pcmphys.fit.experiments.bake import Bake
from pcmphys.fit.experiments.current_voltage import CurrentVoltage
from pcmphys.fit.experiments.experiment import Experiment, Target
from pcmphys.fit.experiments.program_and_verify import ProgramAndVerify
from pcmphys.fit.experiments.pulse_amplitude import PulseAmplitude
from pcmphys.fit.experiments.pulse_train import PulseTrain
from pcmphys.fit.experiments.read_noise import ReadNoise
from pcmphys.fit.experiments.simulated import Simulated

__all__ = [
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
