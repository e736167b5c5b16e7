"""However a tester's file is damaged, it is read or refused in words: nothing else is raised."""

import contextlib
import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pcmphys import fit
from pcmphys.errors import ParameterError
from tests.fit.readers.test_read_table import KEITHLEY, KEYSIGHT, TRAIN
from tests.fit.readers.test_tester_files import FILES, TESTERS

PIECES = [
    b",", b";", b"\t", b"\n", b'"', b"#", b"(", b"]", b"NaN", b"1e999", b"-", b"S", b"9.9E37", b"=1", b"\0", b"\xff",
    b" ", b"2024-01-01", b"5 uS", b",,,,", b"\n\n", b"time", b"\xef\xbb\xbf", b"1.234,5", b"03/04/2026", b"12:00",
    b"25 degC", b"VAR1", b"DataName, ", b"30.2.2026 12:00",
]  # fmt: skip
LENIENT = {"missing": "skip", "censored": "skip", "negative": "keep", "unordered": "sort", "repeated": "mean"}


@settings(deadline=None, max_examples=200)
@given(data=st.data(), name=st.sampled_from(sorted(FILES)), lenient=st.booleans())
def test_damaged_files(tmp_path_factory, data, name, lenient):
    raw = bytearray((TESTERS / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw)))
        cut = data.draw(st.integers(0, 30))
        raw[place : place + cut] = data.draw(st.sampled_from(PIECES))
    file = tmp_path_factory.mktemp("damaged") / name
    file.write_bytes(bytes(raw))
    with warnings.catch_warnings(), contextlib.suppress(ParameterError):
        warnings.simplefilter("ignore")
        found = fit.read(file, **(FILES[name] | (LENIENT if lenient else {})))
        assert found.conductance.shape == (len(found), found.time.shape[-1])


TABLES = [*(path.read_bytes() for path in TESTERS.iterdir()), *(text.encode() for text in (KEYSIGHT, KEITHLEY, TRAIN))]
COLUMNS = [{}, {"voltage": "V*"}, {"current": "*[A]"}, {"temperature": "85 degC"}, {"sweep": "cycle"}, {"x": "*"}]


@settings(deadline=None, max_examples=200)
@given(data=st.data(), raw=st.sampled_from(TABLES), policy=st.sampled_from(["refuse", "skip", "keep"]))
def test_damaged_tables(tmp_path_factory, data, raw, policy):
    changed = bytearray(raw)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(raw)))
        changed[place : place + data.draw(st.integers(0, 30))] = data.draw(st.sampled_from(PIECES))
    file = tmp_path_factory.mktemp("damaged") / "table.csv"
    file.write_bytes(bytes(changed))
    columns = data.draw(st.sampled_from(COLUMNS))
    with warnings.catch_warnings(), contextlib.suppress(ParameterError):
        warnings.simplefilter("ignore")
        found = fit.read_table(file, missing=policy, censored=policy, **columns)
        assert {column.shape for column in found.columns.values()} == {(len(found),)}
        assert policy == "keep" or not any(
            np.isnan(found[name]).any() for name in found if name not in ("device", "file")
        )
        found.summary()
        found.to_dataset()
