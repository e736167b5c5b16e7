"""Update laws, one a file: what a pulse does to a device, and how uncertain that is."""
