"""A network that learns on devices: rules and devices against each other, beside floating point."""
