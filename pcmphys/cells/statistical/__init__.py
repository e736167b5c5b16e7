"""Cells of published moments: programming error, drift, 1/f read noise."""
