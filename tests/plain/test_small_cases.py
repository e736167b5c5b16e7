"""Every kernel on a small case, compiled and as plain Python: the same answers.

Run as it stands, this process is the compiled one and asks another for the plain one; with ``NUMBA_DISABLE_JIT=1`` it
is the other way round (which is how lines of kernels that nothing reaches are found), and with
``NUMBA_BOUNDSCHECK=1`` any place outside of an array ends the run.
"""

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from pcmphys.numerics import compile
from tests.plain import small_cases

ROOT = Path(__file__).parents[2]
PLAIN = bool(numba.config.DISABLE_JIT)


@pytest.fixture(scope="module")
def here():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile, "_CELLS_PER_THREAD", 10**9)
        return small_cases.results()


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """The same from a process with the compiler if this one has none, and without it if this one has it."""
    file = tmp_path_factory.mktemp("small") / "results.npz"
    environment = {k: v for k, v in os.environ.items() if k not in ("NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK")}
    environment |= {"PYTHONPATH": str(ROOT)} | ({} if PLAIN else {"NUMBA_DISABLE_JIT": "1"})
    subprocess.run(
        [sys.executable, "-m", "tests.plain.small_cases", str(file)], env=environment, cwd=ROOT, check=True, timeout=300
    )
    with np.load(file) as archive:
        return dict(archive)


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
def test_plain_python_gives_what_compiled_kernels_give(here, there):
    """On the machine where this was written to the bit; a math library may differ in the last place of a logarithm,
    which shows where lengths are kept in single precision."""
    assert here.keys() == there.keys()
    for name, found in here.items():
        assert found.dtype == there[name].dtype, name
        size = np.abs(found[np.isfinite(found)]).max()
        np.testing.assert_allclose(found, there[name], rtol=2e-6, atol=1e-12 * size, err_msg=name)


def test_the_cases_are_worth_comparing(here):
    """Melts, closed loops that move, arrays with drops: else equal answers would say little."""
    assert (here["bare: hottest"] > 890.0).any()
    assert len(np.unique(here["bare: iterations"])) > 1
    assert np.ptp(here["bare: thickness"]) > 1e-9
    assert np.ptp(here["crossbar: one, row_voltage"]) > 0.1
    for name, values in here.items():  # of reads only the chosen devices, and few devices are limited
        assert np.isfinite(values).any() if name.endswith(("read", "ceiling")) else np.isfinite(values).all(), name


def test_numbers_behave_as_compiled_ones_do():
    """Divisions by zero, logarithms of zero, overflows: infinite or NaN, without an exception; results are Python's."""
    from pcmphys.physics.conduction.laws import activated
    from pcmphys.physics.geometry import shell_factor

    assert shell_factor(1.0, 1.0) == 0.0
    assert activated(1.0, 1e-3, 1e9) == 0.0
    assert activated(1.0, 1e9, 1e-3) == np.inf
    assert np.isnan(activated(np.nan, 300.0, 300.0))
    assert type(activated(0.0, 300.0, 300.0)) is float


BEYOND = """
import numpy as np
from pcmphys.numerics import compile

def pick(values, place):
    return values[place]

def visit(start, stop, values, out):
    for k in range(start, stop):
        out[k] = chosen(values, k + 1)

chosen = compile.law(pick)
compile.kernel(visit)(0, 3, np.zeros(3), np.zeros(3))
"""


@pytest.mark.parametrize("mode", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_a_place_outside_of_an_array_ends_the_run(mode, tmp_path):
    """In a law that a kernel has taken in, too; also where the same kernel was compiled without the check before."""
    (tmp_path / "beyond.py").write_text(BEYOND)
    own = {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}
    plain = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")} | own
    command = [sys.executable, str(tmp_path / "beyond.py")]
    assert subprocess.run(command, env=plain, check=False, timeout=100).returncode == 0
    checked = subprocess.run(command, env=plain | {mode: "1"}, check=False, capture_output=True, text=True, timeout=100)
    assert checked.returncode == 1
    assert "IndexError" in checked.stderr
