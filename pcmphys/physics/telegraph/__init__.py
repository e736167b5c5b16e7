"""Telegraph noise of traps: laws, and the states of a device's traps through time."""
