"""What type checkers know of the results of fits."""

from pathlib import Path

import pytest

SCRIPT = """
from typing import assert_type

import numpy as np

import pcmphys as pcm
from pcmphys.fit import DriftFit, DriftPopulation, DriftTable, read

population = pcm.fit.drift(read("a.csv", missing="skip"), start=55.0)
assert_type(population, DriftPopulation)
assert_type(population[0], DriftFit)
assert_type(population["a"], DriftFit)
assert_type(population[0:2], DriftPopulation)
print(population.exponent_spread, population.names, population.plain.mean, population[["a", "b"]].exponent_method)
for device in population:
    print(device.name, device.summary())
assert_type(pcm.fit.drift([1.0, 2.0, 3.0], [1e-5, 1e-5, 1e-5]), DriftFit)
assert_type(pcm.fit.drift([1.0, 2.0, 3.0], [[1e-5, 1e-5, 1e-5]]), DriftPopulation)
time = np.geomspace(1.0, 1e5, 20)
print(pcm.fit.drift(time, np.zeros((3, 20))).exponent_spread, pcm.fit.drift(time, np.zeros(20)).name)
DriftTable(time, np.zeros((3, 20)), ["a", "b", "c"])
"""


def test_results_of_drift_type_check(tmp_path, monkeypatch):
    api = pytest.importorskip("mypy.api")
    (tmp_path / "user.py").write_text(SCRIPT)
    (tmp_path / "typo.py").write_text(SCRIPT + "population.exponent_sprad\n")
    monkeypatch.setenv("MYPYPATH", str(Path(__file__).parents[3]))
    monkeypatch.chdir(tmp_path)
    text, errors, status = api.run(["--follow-imports=silent", "user.py"])
    assert status == 0, text + errors
    text, _, status = api.run(["--follow-imports=silent", "typo.py"])
    assert status == 1
    assert 'maybe "exponent_spread"' in text
