"""A trained network on drifting arrays."""
