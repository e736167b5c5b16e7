"""Cells that are trained in place: update laws, their spread and noise, and what is left of them in siemens."""
