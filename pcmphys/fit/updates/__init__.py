"""Update laws from trains of pulses: measured ones, or those of a physical cell."""
