"""Tests, laid out as the package is; slow plain-Python twins of the kernels are in tests/oracles."""

from hypothesis import settings

# no deadline: the first example may compile a law; the same examples each time: a failure is a failure everywhere
settings.register_profile("pcmphys", deadline=None, derandomize=True)
settings.load_profile("pcmphys")
