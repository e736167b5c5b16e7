"""Programming: conductance against the amplitude and the number of pulses."""
