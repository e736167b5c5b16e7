"""Cells that the tests of matrices share."""

import pytest

from tests.matrix.test_analog_matrix import quiet_cell


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    return quiet_cell(tmp_path_factory.mktemp("cells"))


@pytest.fixture(scope="module")
def drifting(tmp_path_factory):
    return quiet_cell(tmp_path_factory.mktemp("cells"), drift=0.05)
