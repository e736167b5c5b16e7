"""Power spectral density of a trace, on regular or irregular times, and its power law."""
