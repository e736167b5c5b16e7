"""Current against voltage: conduction below threshold, the threshold itself, and the on-state."""
