"""Fits of models to measured data, and readers of the files the data come in."""

from pcmphys.fit.drift.fit import drift
from pcmphys.fit.drift.result import DriftFit, DriftPopulation, Prediction
from pcmphys.fit.drift.spread import Spread
from pcmphys.fit.drift.table import DriftTable
from pcmphys.fit.drift.temperature import AtTemperature, equivalent_time
from pcmphys.fit.readers.layout import Layout
from pcmphys.fit.readers.measurement import Measurement, Source, Trace
from pcmphys.fit.readers.read import read
from pcmphys.fit.readers.table import read_drift

__all__ = [
    "AtTemperature",
    "DriftFit",
    "DriftPopulation",
    "DriftTable",
    "Layout",
    "Measurement",
    "Prediction",
    "Source",
    "Spread",
    "Trace",
    "drift",
    "equivalent_time",
    "read",
    "read_drift",
]
