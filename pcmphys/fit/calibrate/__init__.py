"""Numbers of a cell fitted to measurements of any kind at once, by simulating the same experiments."""
