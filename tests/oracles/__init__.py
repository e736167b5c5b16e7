"""Slow, obvious plain-Python twins of the kernels."""
