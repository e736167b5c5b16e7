"""Networks on chips of tiles: energy, time and area by part, and the two plots with the noise of the output."""
