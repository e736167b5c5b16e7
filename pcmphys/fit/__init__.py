"""Fits of models to measured data, and readers of the files the data come in.

Files of testers are read in any layout, encoding and unit that they write (`read` for reads over time, `read_table`
for columns of any kind; ``pcmphys data FILE`` shows what was recognised). Columns and units are declared as
``name[unit]`` or found in the header. Masked, missing, censored, negative, unordered reads and a tester's 9.9E37 are
refused with line and column, or taken by a named policy, and counted.

>>> import numpy as np
>>> import pcmphys as pcm
>>> time = np.geomspace(1.0, 1e5, 40)
>>> reads = 20e-6 * time**-0.05 * (1.0 + 0.002 * np.random.default_rng(1).standard_normal((3, 40)))
>>> found = pcm.fit.drift(time, reads)
>>> bool(abs(found.exponent_mean - 0.05) < 0.002)
True

- `drift`: power laws by generalised least squares whose errors hold for 1/f-like residuals; own times, delay and
  temperature of each device; the population's spread with the fit error removed.
- `spectrum`, `telegraph`: exponent and amplitude of noise; levels and times of traps.
- `retention`, `failures`: Arrhenius with a spread of energies, censored devices, the temperature for a life.
- `iv`: amorphous thickness or hop distance, activation energy, threshold, holding voltage of I-V sweeps.
- `programming` (`programming_curve`, `pulse_train`): onsets of SET and melting; steps by state and pulse number.
- `updates`, `updates_of`: pulses up and down, measured or of a physical cell, as a cell that can be trained.
- `curve`: a law of your own; `calibrate` (`experiments`, `read_calibration`): a whole cell fitted to measurements of
  any kind at once by simulating them.

Each result has ``.summary()``, ``.plot()``, ``.to_dataset()``, where it makes sense ``.to_cell()``, carries file,
SHA-256 and licence of its data, and says in words what the data leave open.
"""

from pcmphys.fit import experiments
from pcmphys.fit.calibrate.curves import CalibratedCurve
from pcmphys.fit.calibrate.fit import calibrate
from pcmphys.fit.calibrate.free import Free
from pcmphys.fit.calibrate.plan import CalibrationPlan, read_calibration
from pcmphys.fit.calibrate.result import Calibration
from pcmphys.fit.calibrate.search import Search
from pcmphys.fit.drift.fit import drift
from pcmphys.fit.drift.result import DriftFit, DriftPopulation, Prediction
from pcmphys.fit.drift.spread import Spread
from pcmphys.fit.drift.table import DriftTable
from pcmphys.fit.drift.temperature import AtTemperature, equivalent_time
from pcmphys.fit.engine.curve import CurveFit, curve
from pcmphys.fit.engine.parameter import Parameter
from pcmphys.fit.engine.result import Estimate, FitResult, Goodness
from pcmphys.fit.iv.fit import iv
from pcmphys.fit.iv.laws import FitLaw, OhmicLaw, PooleDomeLaw, PooleFrenkelLaw, PooleLaw
from pcmphys.fit.iv.options import IvOptions
from pcmphys.fit.iv.result import IvFit, IvSweep
from pcmphys.fit.programming.curve import programming_curve
from pcmphys.fit.programming.fit import programming
from pcmphys.fit.programming.result import ProgrammingCurve
from pcmphys.fit.programming.train import pulse_train
from pcmphys.fit.programming.train_result import PulseTrainFit, PulseTrains
from pcmphys.fit.readers.layout import Layout
from pcmphys.fit.readers.measurement import Measurement, Source, Trace
from pcmphys.fit.readers.read import read
from pcmphys.fit.readers.read_table import read_table
from pcmphys.fit.readers.tables import Table
from pcmphys.fit.retention.failures import Failures, failures
from pcmphys.fit.retention.fit import retention
from pcmphys.fit.retention.result import RetentionFit
from pcmphys.fit.spectrum.fit import spectrum
from pcmphys.fit.spectrum.result import SpectrumFit
from pcmphys.fit.telegraph.fit import telegraph
from pcmphys.fit.telegraph.result import TelegraphFit
from pcmphys.fit.updates.fit import updates
from pcmphys.fit.updates.of_cell import updates_of
from pcmphys.fit.updates.result import FittedCell, UpdateFit

__all__ = [
    "AtTemperature",
    "CalibratedCurve",
    "Calibration",
    "CalibrationPlan",
    "CurveFit",
    "DriftFit",
    "DriftPopulation",
    "DriftTable",
    "Estimate",
    "Failures",
    "FitLaw",
    "FitResult",
    "FittedCell",
    "Free",
    "Goodness",
    "IvFit",
    "IvOptions",
    "IvSweep",
    "Layout",
    "Measurement",
    "OhmicLaw",
    "Parameter",
    "PooleDomeLaw",
    "PooleFrenkelLaw",
    "PooleLaw",
    "Prediction",
    "ProgrammingCurve",
    "PulseTrainFit",
    "PulseTrains",
    "RetentionFit",
    "Search",
    "Source",
    "SpectrumFit",
    "Spread",
    "Table",
    "TelegraphFit",
    "Trace",
    "UpdateFit",
    "calibrate",
    "curve",
    "drift",
    "equivalent_time",
    "experiments",
    "failures",
    "iv",
    "programming",
    "programming_curve",
    "pulse_train",
    "read",
    "read_calibration",
    "read_table",
    "retention",
    "spectrum",
    "telegraph",
    "updates",
    "updates_of",
]
