"""Fits of models to measured data, and readers of the files the data come in."""

from pcmphys.fit.drift import drift
from pcmphys.fit.drift_result import DriftFit, DriftPopulation, Prediction
from pcmphys.fit.read_table import DriftTable, read_drift

__all__ = ["DriftFit", "DriftPopulation", "DriftTable", "Prediction", "drift", "read_drift"]
