"""Study files: defaults, template, and an error that names file and key for everything else."""

from __future__ import annotations

import tomllib

import pytest

from pcmphys import ParameterError
from pcmphys.study import KINDS, TEMPLATE, SelectorMarginConfig, StudyConfig, built_in, read_config


@pytest.mark.parametrize("kind", KINDS, ids=[kind.built_in for kind in KINDS])
def test_a_template_is_the_default_study(kind, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(built_in(kind.built_in).template)
    assert read_config(path) == kind() == read_config(kind.built_in)
    assert set(kind.model_fields) - set(tomllib.loads(kind.template)) <= {"inputs"}


def test_every_number_of_a_selector_is_in_the_template():
    tables = tomllib.loads(SelectorMarginConfig.template)
    for name in ("diode", "exponential", "transistor", "ots"):
        assert tables[name] == getattr(SelectorMarginConfig(), name).model_dump()


def test_a_study_without_kind_is_that_of_a_network():
    assert read_config(None) == read_config({}) == StudyConfig() == built_in(None)()
    assert StudyConfig.template == TEMPLATE


def test_every_commented_line_of_the_template_is_a_valid_setting(tmp_path):
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line and "pcmphys" not in line else line
        for line in TEMPLATE.splitlines()
    ]
    settings = read_config(tomllib.loads("\n".join(lines)))
    assert settings.inputs == 100
    assert settings.periphery.read_voltage == 0.2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"chip": 3}, ["chip", "unknown key", "did you mean 'chips'"]),
        ({"wires": {"rows": 1.0}}, ["wires.rows", "unknown key", "did you mean 'row'"]),
        ({"wires": {"row": -1.0}}, ["wires.row", "-1"]),
        ({"wires": {"row": float("nan")}}, ["wires.row", "nan"]),
        ({"times": [20.0, 20.0]}, ["times", "increase", "20"]),
        ({"times": []}, ["times"]),
        ({"times": [0.0]}, ["times"]),
        ({"chips": 0}, ["chips", "0"]),
        ({"cells": []}, ["cells"]),
        ({"cells": ["a", "a"]}, ["cells", "once"]),
        ({"ir_drop": [True, True]}, ["ir_drop", "once"]),
        ({"periphery": {"adc_bits": 1}}, ["periphery.adc_bits", "1"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"study": "selector"}, ["study", "network, selector-margin", "did you mean 'selector-margin'"]),
        ({"study": 3}, ["study", "3"]),
    ],
)
def test_a_wrong_setting_is_named(content, words):
    with pytest.raises(ParameterError) as caught:
        read_config(content)
    for word in words:
        assert word in str(caught.value)


MARGIN = {"study": "selector-margin"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"selectors": ["diod"]}, ["selectors", "'diod'", "did you mean 'diode'"]),
        ({"selectors": ["none", "none"]}, ["selectors", "once"]),
        ({"selectors": []}, ["selectors"]),
        ({"schemes": ["halff"]}, ["schemes", "did you mean 'half'"]),
        ({"write_scheme": "grounded"}, ["write_scheme", "did you mean 'ground'"]),
        ({"sizes": [16, 16]}, ["sizes", "increase", "16 follows 16"]),
        ({"sizes": [64, 16]}, ["sizes", "16 follows 64"]),
        ({"sizes": [1]}, ["sizes.0", "2", "got 1"]),
        ({"wires": [-1.0]}, ["wires.0", "got -1"]),
        ({"wires": [1.0, 0.5]}, ["wires [ohm]", "0.5 follows 1"]),
        ({"wires": [float("inf")]}, ["wires.0", "inf"]),
        ({"low": 25e-6}, ["low [S] must be below high [S]", "2.5e-05"]),
        ({"diode": {"ideality": 0.0}}, ["diode", "ideality", "within [0.1, 100]"]),
        ({"diode": {"saturation": 1.0}}, ["diode.saturation", "did you mean 'saturation_current'"]),
        ({"ots": {"hold_voltage": 2.0}}, ["ots", "hold_voltage", "threshold_voltage"]),
        ({"transistor": {"gate_voltage": None}}, ["transistor.gate_voltage"]),
        ({"size": [16]}, ["size", "unknown key", "did you mean 'sizes'"]),
        ({"chips": 2}, ["chips", "unknown key"]),
    ],
)
def test_a_wrong_setting_of_a_selector_study_is_named(content, words):
    with pytest.raises(ParameterError) as caught:
        read_config(MARGIN | content)
    for word in ["study", *words]:
        assert word in str(caught.value)


def test_a_selector_that_cannot_carry_the_current_is_refused_before_anything_runs():
    weak = SelectorMarginConfig(selectors=["transistor"], transistor={"gate_voltage": 1.0})
    with pytest.raises(ParameterError, match=r"Transistor\(.*does not carry 0.00044 A"):
        weak.plan()


def test_the_name_of_a_study_may_be_misspelt():
    with pytest.raises(ParameterError, match="built-in study: digits, selector-margin; did you mean 'selector-margin'"):
        read_config("selector-margins")
    with pytest.raises(ParameterError, match="did you mean 'digits'"):
        built_in("digit")


def test_an_unreadable_or_broken_file_is_named(tmp_path):
    with pytest.raises(ParameterError, match=r"nowhere\.toml.*cannot be read"):
        read_config(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("chips = = 3")
    with pytest.raises(ParameterError, match=r"broken\.toml: not valid TOML"):
        read_config(broken)


def test_the_digest_tells_studies_apart():
    assert StudyConfig().digest() == StudyConfig().digest()
    digests = {config.digest() for config in (StudyConfig(), StudyConfig(seed=2), SelectorMarginConfig())}
    assert len(digests) == 3
