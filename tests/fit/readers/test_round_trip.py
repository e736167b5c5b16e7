"""Whatever way a table is written, the same numbers are read back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcmphys import fit
from tests.fit.readers import files

UNITS = ("S", "mS", "µS", "uS", "nS", "NS", "ohm", "kOhm", "MΩ", "A", "mA", "uA", "nA")
CLOCKS = ("s", "sec", "ms", "us", "min", "h", "day")


@st.composite
def styles(draw):
    separator = draw(st.sampled_from([",", ";", "\t", " "]))
    form = draw(st.sampled_from(["wide", "long", "pairs"]))
    if separator == " " and form == "pairs":
        form = "wide"  # blanks cannot say that a field is blank
    unit = draw(st.sampled_from(UNITS))
    encodings = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
    places = ["round", "square", "declared"]
    if separator != " " and form != "long":
        places.append("row")
    place = draw(st.sampled_from(places))
    # a row of units is not tagged as a row of numbers is, and not there without a header
    head = "found" if place == "row" else draw(st.sampled_from(["found", "tagged", "none"]))
    return files.Style(
        form=form,
        separator=separator,
        decimal=draw(st.sampled_from(["."] if separator == "," else [".", ","])),
        encoding=draw(st.sampled_from(encodings if "Ω" in unit else [*encodings, "cp1252"])),
        unit=unit,
        clock=draw(st.sampled_from(CLOCKS)),
        units=place,
        before=draw(st.integers(0, 3)),
        packed=draw(st.booleans()),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        head=head,
        footer=draw(st.booleans()),
        stated=files.kind_of(unit) == "current" and draw(st.booleans()),
    )


@st.composite
def reads(draw, own):
    devices, most = draw(st.integers(1, 4)), draw(st.integers(2, 6))
    times, values = [], []
    for _ in range(devices):
        count = draw(st.integers(2, most)) if own else most
        steps = draw(st.lists(st.floats(1e-3, 1e4), min_size=count, max_size=count))
        times.append(np.cumsum(steps))
        values.append(draw(st.lists(st.floats(1e-9, 1e-3), min_size=count, max_size=count)))
    return (times if own else times[:1] * devices), values


@pytest.mark.filterwarnings("ignore::pcmphys.errors.ValidityWarning")
@settings(deadline=None, max_examples=200)
@given(data=st.data(), style=styles())
def test_what_is_written_is_read_back(tmp_path_factory, data, style):
    times, values = data.draw(reads(own=style.form != "wide"))
    folder = tmp_path_factory.mktemp("table")
    file, layout = folder / "table.dat", folder / "mine.toml"
    file.write_bytes(files.written(style, times, values))
    layout.write_text(files.layout(style, len(values)), encoding="utf-8")
    measured = fit.read(file, layout)
    assert len(measured) == len(values)
    for trace, time, value in zip(measured, times, values, strict=True):
        np.testing.assert_allclose(trace.time, time, rtol=1e-14)
        np.testing.assert_allclose(trace.conductance, value, rtol=1e-14)
    assert measured.source.layout == "mine"
    assert measured.source.counts == ()
