"""A whole chip, device by device: what its devices do, and how fast and in how much memory this machine computes it."""
