"""Fits of models to measured data, and readers of the files the data come in."""

from pcmphys.fit.drift import drift
from pcmphys.fit.drift_result import DriftFit, DriftPopulation, Prediction
from pcmphys.fit.drift_spread import Spread
from pcmphys.fit.drift_table import DriftTable
from pcmphys.fit.read_table import read_drift

__all__ = ["DriftFit", "DriftPopulation", "DriftTable", "Prediction", "Spread", "drift", "read_drift"]
