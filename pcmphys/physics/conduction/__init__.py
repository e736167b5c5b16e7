"""Conduction of dome, polycrystal and liner: laws, what a structure conducts, the current at a voltage."""
