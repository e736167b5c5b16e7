"""Study files: defaults, template, and an error that names file and key for everything else."""

from __future__ import annotations

import tomllib

import pytest

from pcmphys import ParameterError
from pcmphys.study import TEMPLATE, StudyConfig, read_config


def test_the_template_is_the_default_study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(TEMPLATE)
    assert read_config(path) == StudyConfig() == read_config(None) == read_config("digits")


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
    ],
)
def test_a_wrong_setting_is_named(content, words):
    with pytest.raises(ParameterError) as caught:
        read_config(content)
    for word in words:
        assert word in str(caught.value)


def test_an_unreadable_or_broken_file_is_named(tmp_path):
    with pytest.raises(ParameterError, match=r"nowhere\.toml.*cannot be read"):
        read_config(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("chips = = 3")
    with pytest.raises(ParameterError, match=r"broken\.toml: not valid TOML"):
        read_config(broken)


def test_the_digest_tells_studies_apart():
    assert StudyConfig().digest() == StudyConfig().digest()
    assert StudyConfig().digest() != StudyConfig(seed=2).digest()
