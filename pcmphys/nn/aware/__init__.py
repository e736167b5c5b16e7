"""Training that knows the devices: weights with their errors, drift and noise, converters with learned ranges."""

from pcmphys.nn.aware.hardware import hardware_aware, learned_ranges, plain

__all__ = ["hardware_aware", "learned_ranges", "plain"]
