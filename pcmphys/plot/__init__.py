"""Figures, one function each, and the report of a study."""
