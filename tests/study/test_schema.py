"""Study files: defaults, template, and an error that names file and key for everything else."""

from __future__ import annotations

import inspect
import pickle
import tomllib

import numpy as np
import pytest

from pcmphys import ParameterError, Periphery
from pcmphys.crossbar.selectors.registry import SELECTORS
from pcmphys.study import KINDS, TEMPLATE, SelectorMarginConfig, StudyConfig, built_in, read_config
from pcmphys.study.registry import plan_of


@pytest.mark.parametrize("kind", KINDS, ids=[kind.built_in for kind in KINDS])
def test_a_template_is_the_default_study(kind, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(built_in(kind.built_in).template)
    assert read_config(path) == kind.settings() == read_config(kind.built_in)
    assert set(kind.settings.model_fields) - set(tomllib.loads(kind.template)) <= {"inputs", "tables", "own", "images"}


def test_every_number_of_a_selector_is_in_the_template():
    tables = tomllib.loads(SelectorMarginConfig.template)
    for name, kind in SELECTORS.own.items():
        assert list(tables[name]) == list(inspect.signature(kind).parameters)
        assert SelectorMarginConfig().selector(name) == kind(**tables[name])


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
        ({"chips": True}, ["chips must be a whole number; got True"]),
        ({"chips": "3"}, ["chips must be a whole number; got '3'"]),
        ({"chips": 2.5}, ["chips must be a whole number; got 2.5"]),
        ({"times": [20.0, True]}, ["times.1 must be a number; got True"]),
        ({"wires": {"row": True}}, ["wires.row must be a number; got True"]),
        ({"wires": 3}, ["wires must be a table; got 3"]),
        ({"ir_drop": [0, 1]}, ["ir_drop.0 must be true or false; got 0"]),
        ({"cells": 3}, ["cells must be a list of text; got 3"]),
        ({"cells": {"a": 1}}, ["cells must be a list of text; got {'a': 1}"]),
        ({"times": "20"}, ["times must be a list of numbers; got '20'"]),
        ({"inputs": 0}, ["inputs must be at least 1; got 0"]),
        ({"seed": 10**5000}, ["seed must be below 140737488355328; got a very large int"]),
        ({"periphery": {"adc_bits": 0}}, ["adc_bits", 'from 2 to 24, or "ideal"', "got 0"]),
        ({"periphery": {"dac_bits": "idle"}}, ["dac_bits", '"ideal"', "got 'idle'"]),
    ],
)
def test_a_wrong_setting_is_named(content, words):
    with pytest.raises(ParameterError) as caught:
        read_config(content)
    for word in words:
        assert word in str(caught.value)


def test_settings_made_in_python_are_checked_in_the_same_words():
    with pytest.raises(ParameterError, match=r"^StudyConfig: chips must be at least 1; got 0$"):
        StudyConfig(chips=0)
    with pytest.raises(ParameterError, match=r"^StudyConfig: wires\.rows: unknown key; .*did you mean 'row'"):
        StudyConfig(wires={"rows": 1.0})
    with pytest.raises(ParameterError, match="study: names of settings are text; got 3"):
        read_config({3: 4})
    config = StudyConfig(chips=2, periphery={"adc_bits": "ideal"})
    assert pickle.loads(pickle.dumps(config)) == config == config.model_copy()


def test_templates_survive_any_encoding_of_the_terminal():
    assert all(kind.template.isascii() for kind in KINDS)


def test_one_value_is_a_list_of_one_and_numpy_is_understood():
    config = read_config({"cells": "gst225-film", "times": np.float64(20), "ir_drop": True, "chips": np.int64(4)})
    assert (config.cells, config.times, config.ir_drop, config.chips) == (("gst225-film",), (20.0,), (True,), 4)
    assert read_config({"times": np.array([1.0, 2.0]), "seed": 1e6}).seed == 1_000_000
    assert read_config({"study": "selector-margin", "sizes": 8.0, "schemes": "half"}).sizes == (8,)


def test_converters_may_be_ideal(tmp_path):
    path = tmp_path / "ideal.toml"
    path.write_text('[periphery]\nadc_bits = "ideal"\ndac_bits = "ideal"')
    assert read_config(path) == StudyConfig(periphery={"adc_bits": None, "dac_bits": None})
    assert Periphery(**read_config(path).periphery.model_dump()).adc_bits is None


def test_a_study_file_may_be_saved_by_any_editor(tmp_path):
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le"):
        (tmp_path / "mine.toml").write_bytes("chips = 7\r\n# µ".encode(encoding))
        assert read_config(tmp_path / "mine.toml").chips == 7


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
        plan_of(weak)


def test_the_name_of_a_study_may_be_misspelt():
    words = "design-space, layers, chip, chip-scale, training; did you mean 'selector-margin'"
    with pytest.raises(ParameterError, match=words):
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
