"""What type checkers know of the package, where basedpyright is installed."""

import subprocess
import sys

import pytest


@pytest.mark.slow  # what `python -m validation.types` runs itself
def test_the_public_face_is_known_to_type_checkers():
    pytest.importorskip("basedpyright")
    from validation.types import LEAST, completeness

    share, unknown = completeness()
    assert share >= LEAST, "\n".join(unknown)


def test_too_small_a_share_fails_the_command():
    pytest.importorskip("basedpyright")
    done = subprocess.run([sys.executable, "-m", "validation.types", "--least", "1.1"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "of the public face" in done.stdout


def test_a_package_that_is_not_there_is_no_success():
    pytest.importorskip("basedpyright")
    from validation.types import completeness

    assert completeness("no_such_package")[0] == 0.0
