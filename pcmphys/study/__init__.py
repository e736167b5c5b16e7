"""The main job: a described experiment, labelled results, any executor."""

from pcmphys.study.runner import run, save
from pcmphys.study.schema import TEMPLATE, StudyConfig, read_config

__all__ = ["TEMPLATE", "StudyConfig", "read_config", "run", "save"]
