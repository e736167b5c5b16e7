"""The mushroom cell: parameters, devices, pulses, lab clock, reads."""
