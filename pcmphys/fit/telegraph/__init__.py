"""Random telegraph noise of a few traps in a trace: a hidden Markov model."""
