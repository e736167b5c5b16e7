"""Columns of any kind: I-V curves, trains of pulses, times to failure, under the names that fits know them by."""

import copy
import gzip
import pickle

import numpy as np
import pytest

import pcmphys as pcm
from pcmphys import fit
from pcmphys.errors import ParameterError

KEYSIGHT = """SetupTitle, I/V Sweep
PrimitiveTest, I/V Sweep
TestParameter, Channel.UnitType, SMU, SMU
TestParameter, Channel.IName, Ibot, Itop
TestParameter, Channel.VName, Vbot, Vtop
TestParameter, Channel.Func, CONST, VAR1
Dimension1, 2, 2
Dimension2, 2, 2
DataName, Vtop, Itop, Ibot, Time
DataValue, 0.1, 1e-9, -1e-9, 0.0
DataValue, 0.2, 4e-9, -4e-9, 0.5
DataValue, 0.1, 2e-9, -2e-9, 1.0
DataValue, 0.2, 9.9E37, -8e-9, 1.5
"""
KEITHLEY = """Common Settings,\t,,
.Source/Sweep Points,\t3,,
,,,
"Index","SMU-1 Voltage (V)","SMU-1 Current (A)","SMU-1 Time (s)"
"1","0","4.1E-12","0"
"2","0.1","4.0E-06","0.1"

"Min","0","1E-06","7E-07"
"""
TRAIN = "Pulse #;Amplitude (mA);Width (ns);G (µS);cycle\n1;0,1;50;2,0;1\n2;0,12;50;2,5;1\n1;0,1;50;2,1;2\n"


@pytest.fixture
def read(tmp_path):
    def reads(text, name="file.csv", encoding="utf-8", **columns):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode(encoding)) if name.endswith(".gz") else text.encode(encoding))
        return fit.read_table(path, **columns)

    return reads


def test_a_sweep_of_keysight(read):
    table = read(KEYSIGHT, censored="keep")
    assert table.units == {"voltage": "V", "current": "A", "time": "s", "sweep": "1"}
    assert table["voltage"].tolist() == [0.1, 0.2, 0.1, 0.2]
    np.testing.assert_array_equal(table["current"], [1e-9, 4e-9, 2e-9, np.nan])
    assert table["sweep"].tolist() == [0, 0, 1, 1]
    assert table.source.layout == "keysight-easyexpert"
    assert dict(table.source.counts) == {"current: out of range, NaN": 1}
    assert "Ibot" in [one.header for one in table.source.columns if one.role == "unused"]
    with pytest.raises(ParameterError, match=r"line 13, column 'Itop' holds '9.9E37', out of range \(1 of 4 values of"):
        read(KEYSIGHT)
    assert len(read(KEYSIGHT, current="Ibot", censored="refuse")) == 4


def test_several_records_of_keysight_are_sweeps(read):
    table = read(KEYSIGHT + KEYSIGHT, censored="skip")
    assert table["sweep"].tolist() == [0, 0, 1, 2, 2, 3]
    assert table.rows.tolist() == [10, 11, 12, 23, 24, 25]
    assert read(KEYSIGHT + KEYSIGHT, table=2, censored="skip")["sweep"].tolist() == [0, 0, 1]
    other = KEYSIGHT.replace("Vtop", "Vgate")
    with pytest.raises(ParameterError, match=r"2 tables with different columns .Vtop.*from line 23 on Vgate"):
        read(KEYSIGHT + other)


def test_a_sweep_of_keithley(read):
    table = read(KEITHLEY)
    assert table.names == ("voltage", "current", "time")
    assert table["current"].tolist() == [4.1e-12, 4e-6]
    assert table.source.layout == "keithley-kickstart"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["train.csv", "train.csv.gz"])
def test_a_train_of_pulses(read, encoding, name):
    table = read(TRAIN, name, encoding)
    assert table.names == ("pulse", "amplitude", "width", "conductance", "cycle")
    assert [table.units[one] for one in table] == ["1", "A", "s", "S", "1"]
    np.testing.assert_allclose(table["amplitude"], [1e-4, 1.2e-4, 1e-4])
    np.testing.assert_allclose(table["width"], 50e-9)
    np.testing.assert_allclose(table["conductance"], [2e-6, 2.5e-6, 2.1e-6])
    assert table.counts("pulse").tolist() == [1, 2, 1]
    assert [(value, len(part)) for value, part in table.by("cycle")] == [(1.0, 2), (2.0, 1)]


def test_columns_of_several_devices_follow_each_other(read):
    text = "V1 (V),I1 (uA),V2 (V),I2 (uA),T (°C)\n0.1,1,0.15,2,25\n0.2,2,0.25,4,26\n0.3,3,,,27\n"
    table = read(text, voltage="V*", current="I*")
    assert table["device"].tolist() == ["I1", "I1", "I1", "I2", "I2"]
    np.testing.assert_allclose(table["voltage"], [0.1, 0.2, 0.3, 0.15, 0.25])
    np.testing.assert_allclose(table["current"], np.array([1, 2, 3, 2, 4]) * 1e-6)
    np.testing.assert_allclose(table["temperature"], 273.15 + np.array([25, 26, 27, 25, 26]))
    assert table.rows.tolist() == [2, 3, 4, 2, 3]
    assert [(name, len(part)) for name, part in table.by("device")] == [("I1", 3), ("I2", 2)]
    with pytest.raises(
        ParameterError, match="several columns must be as many for each name; they are voltage 3, current 2"
    ):
        read(text.replace("T (°C)", "V3 (V)"), voltage="V*", current="I*")


def test_one_of_several_is_not_guessed(read):
    text = "V1 (V),I1 (uA),V2 (V),I2 (uA),t (s)\n0.1,1,0.1,2,1\n0.2,2,0.2,4,2\n"
    table = read(text)
    assert table.names == ("time",)
    with pytest.raises(
        ParameterError,
        match=r"no column 'voltage' \(2 columns could be it \(V1 .V., V2 .V.\)\).*read_table\(file, ",
    ):
        table["voltage"]
    assert "voltage: 2 columns could be it" in table.summary()


@pytest.mark.parametrize(
    "text",
    [
        "V[V],I[A]\n0.1,1e-6\n0.2,2e-6\nV[V],I[A]\n0.1,3e-6\n0.2,4e-6\n",
        "V[V],I[A]\n0.1,1e-6\n0.2,2e-6\n\n0.1,3e-6\n0.2,4e-6\n",
        "V[V],I[A],Sweep\n0.1,1e-6,5\n0.2,2e-6,5\n0.1,3e-6,7\n0.2,4e-6,7\n",
        "# V[V] I[A]\n0.1 1e-6\n0.2 2e-6\n\n\n0.1 3e-6\n0.2 4e-6\n",
        "V[V],I[A],number\n0.1,1e-6,a\n0.2,2e-6,a\n0.1,3e-6,b\n0.2,4e-6,b\n",
    ],
)
def test_sweeps(read, text):
    table = read(text, **({"sweep": "number"} if "number" in text else {}))
    assert table["sweep"].tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(table["current"], [1e-6, 2e-6, 3e-6, 4e-6])
    assert table.units["sweep"] == "1"


def test_lines_a_blank_one_apart_are_no_sweeps(read):
    assert "sweep" not in read("V[V],I[A]\n\n0.1,1e-6\n\n0.2,2e-6\n\n0.3,3e-6\n")


def test_what_holds_for_all_rows(read):
    table = read("V[V],I[A]\n0.1,1e-6\n0.2,2e-6\n", temperature="85 degC", width=50e-9, bias="20 mV")
    np.testing.assert_allclose(table["temperature"], 358.15)
    np.testing.assert_allclose(table["width"], 50e-9)
    np.testing.assert_allclose(table["bias"], 0.02)
    assert ("temperature", "85 degC", "the caller") in table.source.declared


def test_any_name_and_any_unit(read):
    table = read("a,b [MV/cm],c (%)\n1,2,3\n4,5,6\n", gate="a[nm]", field="b", share="c")
    assert dict(table.units) == {"gate": "m", "field": "V/m", "share": "1"}
    np.testing.assert_allclose([table[name][1] for name in table], [4e-9, 5e8, 0.06])


def test_moments_count_from_the_first_or_from_what_is_said(read):
    text = "when,V[V]\n2026-11-26 12:00:00,0.1\n2026-11-26 12:01:00,0.2\n"
    table = read(text)
    assert table["time"].tolist() == [0.0, 60.0]
    assert ("zero of time", "2026-11-26 12:00:00", "the first time stamp") in table.source.declared
    assert read(text, programmed="2026-11-26 11:59:00")["time"].tolist() == [60.0, 120.0]


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("V,I\n1,2\n3,4\n", {}, r"none of its columns \(V, I\) tells what it is.*column 'V' has no unit"),
        (
            "V,I\n1,2\n3,4\n",
            {"voltage": "V"},
            r"column 'V' has no unit; declare it, such as voltage='V\[V\]' \(V, mV\)",
        ),
        (
            "V,I\n1,2\n3,4\n",
            {"voltage": "V[A]"},
            r"voltage='V\[A\]' has the unit 'A'; a voltage is in V, mV: A is a unit",
        ),
        ("V[mV],I\n1,2\n3,4\n", {"voltage": "V[V]"}, r"'V\[mV\]' is in mV by its header but declared in V"),
        ("T[K],I\n1,2\n3,4\n", {"temperature": "T[degC]"}, "is in K by its header but declared in degC"),
        ("T,I\n1,2\n3,4\n", {"stage": "T[MS]"}, "has the unit 'MS'; a stage is in a unit that is known"),
        ("V[V],I\n1,2\n3,4\n", {"curent": "J[A]"}, r"no curent column 'J'.*curent= did you mean 'current'"),
        ("V[V],I\n1,2\n3,4\n", {"current": 3 + 1j}, "current must be a number"),
        ("V[V],I\n1,2\n3,4\n", {"temperature": "85"}, "temperature='85' is neither a column of .* such as '85 K'"),
        ("V[V],I\n1,2\n3,4\n", {"mine": 3.0}, "mine must be the name of a column, or a number with its unit as text"),
        (
            "V[V],I\n1,1 uA\n3,2 mA\n",
            {"current": "I"},
            "line 3, column 'I': '2 mA' is in mA, while the column is in uA",
        ),
        (
            "V[V],I[A]\n1,\n3,2\n",
            {},
            r"line 2, column 'I\[A\]' is blank, missing \(1 of 2 values of current\); missing=",
        ),
        ("V[V],I[A]\n1,x\n3,2\n", {}, r"line 2, column 'I\[A\]': 'x' is not a number"),
        ("V[V],I[A]\n1,nan\n3,nan\n", {"missing": "skip"}, "no row is left; see missing="),
        ("V[V],I[A],dut\n1,2,a\n3,4,\n", {}, "line 3, column 'dut' is blank; the name of a device"),
        ("V[V],I[A],dut\n1,2,a\n3,4,a\n", {"current": ["I", "V[V]"]}, "the unit 'V'; a current is in A"),
        ("V[V],I[A],J[A],dut\n1,2,2,a\n3,4,2,a\n", {"current": ["I", "J"]}, "with a device column .dut. there is one"),
        ("V[V],I[A]\n1,2\n3,4\n", {"missing": "drop"}, "missing must be one of refuse, skip, keep; got 'drop'"),
    ],
)
def test_what_is_refused(read, text, columns, says):
    with pytest.raises(ParameterError, match=says):
        read(text, **columns)


def test_a_data_frame(read):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"V[V]": [0.1, 0.2], "I[nA]": [1.0, 2.0], "device": ["a", "b"]})
    table = fit.read_table(frame)
    np.testing.assert_allclose(table["current"], [1e-9, 2e-9])
    assert table["device"].tolist() == ["a", "b"]


def test_reads_refuse_a_header_once_more(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("t[s],g[uS]\n1,2\n2,2\nt[s],g[uS]\n1,3\n2,3\n")
    with pytest.raises(ParameterError, match=r"two.csv, line 4 is the header once more: .*read_table\(\) "):
        fit.read(path)


def table():
    return fit.Table(
        {"voltage": [0.1, 0.2, 0.3], "failed": [1, 0, 1], "device": ["a", "b", "a"]},
        {"voltage": "V", "failed": "1"},
    )


def test_a_table_of_arrays():
    found = table()
    assert found.flags("failed").tolist() == [True, False, True]
    assert found.at(1, "voltage") == "row 1, column 'voltage'"
    assert [name for name, _ in found.by("device")] == ["a", "b"]
    assert [part is found for _, part in found.by("sweep")] == [True]
    assert found.some([2, 0])["voltage"].tolist() == [0.3, 0.1]
    assert found.some(found["voltage"] > 0.15).rows.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        found["voltage"][0] = 1.0
    for twin in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert repr(twin) == repr(found)
        np.testing.assert_array_equal(twin["voltage"], found["voltage"])
        assert not twin["voltage"].flags.writeable


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: fit.Table({}, {}), "columns must be arrays of one axis and one length; got none"),
        (lambda: fit.Table({"a": [1], "b": [1, 2]}, {"a": "V", "b": "V"}), "one length; got .'a': .1,., 'b': .2,.."),
        (lambda: fit.Table({"a": [1]}, {}), "units must have one for each column.*'a' has none"),
        (lambda: table()["curent"], "no column 'curent'; the table has voltage, failed, device"),
        (lambda: table().flags("voltage"), "row 0, column 'voltage': voltage must be 1 or 0; got 0.1"),
        (lambda: table().counts("voltage"), "voltage must be a whole number and not negative; got 0.1"),
        (lambda: table().some([3]), "chosen must be a mask or numbers of rows from 0 to 2"),
    ],
)
def test_faults_of_a_table(make, says):
    with pytest.raises(ParameterError, match=says):
        make()


def test_to_dataset(read, tmp_path):
    found = read(TRAIN).to_dataset()
    assert found.amplitude.attrs["units"] == "A"
    assert found.attrs["file"].endswith("file.csv")
    assert found.row.values.tolist() == [2, 3, 4]
    for one in (table().to_dataset(), found):
        one.to_netcdf(tmp_path / "table.nc", engine="h5netcdf")


def test_retention_of_the_repository():
    import pathlib

    bake = pathlib.Path(pcm.__file__).parents[1] / "data" / "stanford-rram" / "bake.csv"
    found = fit.read_table(bake)
    assert found.names == ("temperature", "time", "failed", "devices")
    assert found.flags("failed").any()
    assert found.counts("devices").sum() > 1000


def test_reads_tell_of_files_that_are_tables(tmp_path):
    for name, text, says in (
        (
            "iv.csv",
            "V (V),I (A)\n0.1,1e-6\n0.2,2e-6\n",
            r"no column of times; .*; an I-V curve is read by read_table\(\)",
        ),
        ("train.csv", TRAIN, r"'Amplitude .mA.'|a train of pulses is read by read_table\(\)|different kinds"),
        (
            "keysight.csv",
            KEYSIGHT,
            r"keysight.csv holds a sweep \(a channel is VAR1\), not reads against time: read_table",
        ),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ParameterError, match=says):
            fit.read(tmp_path / name)


def test_tables_of_several_files_are_one(read, tmp_path):
    from pcmphys.fit.readers.tables import joined

    for name, factor in (("a", 1), ("b", 2)):
        (tmp_path / f"{name}.csv").write_text(f"V[V],I[A]\n0.1,{factor}e-6\n0.2,{2 * factor}e-6\n")
    tables = [
        fit.read_table(tmp_path / f"{name}.csv", temperature=kelvin) for name, kelvin in (("a", 300.0), ("b", 350.0))
    ]
    found = joined(tables)
    assert found["sweep"].tolist() == [0, 0, 1, 1]
    assert found["temperature"].tolist() == [300.0, 300.0, 350.0, 350.0]
    assert [len(part) for _, part in found.by("file")] == [2, 2]
    assert found.at(3, "current") == f"{tmp_path / 'b.csv'}, line 3, column 'I[A]'"
    assert len(found.source.sha256.split(", ")) == 2
    assert ("a.csv: temperature", "300 K", "the caller") in found.source.declared
    assert "data: a.csv (sha256 " in found.source.lines()[0]
    assert "b.csv" in found.source.cited("fit")
    assert joined(tables[:1]) is tables[0]
    (tmp_path / "c.csv").write_text("V[V],G[S]\n0.1,1\n0.2,1\n")
    with pytest.raises(ParameterError, match=r"c.csv and .*a.csv differ in conductance, current, temperature"):
        joined([tables[0], fit.read_table(tmp_path / "c.csv")])


def test_measurements_of_several_files_are_one(tmp_path):
    from pcmphys.fit.readers.joining import joined

    for name, times in (("a", (1, 2, 5)), ("b", (1, 2, 5)), ("c", (1, 3))):
        (tmp_path / f"{name}.csv").write_text("\n".join(["t[s],g[uS]", *(f"{t},{9 - t}" for t in times)]))
    one, two, three = (fit.read(tmp_path / f"{name}.csv") for name in "abc")
    found = joined([one, two])
    assert found.names == ("a/g", "b/g")
    assert found.common
    assert not joined([one, three]).common
    np.testing.assert_array_equal(joined([one, three]).time, [[1, 2, 5], [1, 3, np.nan]])
    np.testing.assert_allclose(joined([one, three])["c/g"].conductance, [8e-6, 6e-6])
    assert joined([one]) is one
    with pytest.raises(ParameterError, match="the device 'a/g' is there twice"):
        joined([one, one])
    (tmp_path / "n.csv").write_text("t[s],g[1]\n1,1\n2,0.9\n")
    with pytest.raises(ParameterError, match=r"a.csv is in S and .*n.csv in 1: normalised"):
        joined([one, fit.read(tmp_path / "n.csv")])


def test_a_table_is_drawn(read, tmp_path):
    for k, made in enumerate(
        (read(KEYSIGHT, censored="keep"), read(TRAIN), table(), fit.Table({"x": [1.0]}, {"x": "V"}))
    ):
        made.plot(tmp_path / f"{k}.png")
        assert (tmp_path / f"{k}.png").stat().st_size > 5000


def test_a_workbook_and_a_layout_of_ones_own(tmp_path, read):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Tester 7"], [], ["V (V)", "I (nA)"], [0.1, 1.0], [0.2, 2.0], [], [0.1, 1.5], [0.2, 2.5]):
        book.active.append(row)
    book.save(tmp_path / "iv.xlsx")
    found = fit.read_table(tmp_path / "iv.xlsx")
    assert found["sweep"].tolist() == [0, 0, 1, 1]
    assert found.rows.tolist() == [4, 5, 7, 8]
    layout = tmp_path / "mine.toml"
    layout.write_text(
        'name = "mine"\n[columns]\ncurrent = "Y*"\nvoltage = "X[mV]"\n[units]\n"Y*" = "uA"\n"Tc" = "degC"\n'
        '[policies]\nmissing = "skip"\n'
    )
    found = read("X,Y1,Y2,Tc\n100,1,2,25\n200,3,4,25\n300,,5,25\n", layout=layout)
    assert found["device"].tolist() == ["Y1", "Y1", "Y2", "Y2", "Y2"]
    np.testing.assert_allclose(found["current"], np.array([1, 3, 2, 4, 5]) * 1e-6)
    np.testing.assert_allclose(found["voltage"], [0.1, 0.2, 0.1, 0.2, 0.3])
    np.testing.assert_allclose(found["temperature"], 298.15)


def test_a_trace_alone_is_a_table(tmp_path):
    file = tmp_path / "trace.csv"
    file.write_text("# one device\ng[uS]\n10\n9.5\n\n9\n", encoding="utf-8")
    table = pcm.fit.read_table(file, trace="g")
    np.testing.assert_allclose(table["trace"], [1e-5, 9.5e-6, 9e-6])
    file.write_text("10\n9.5\n9\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="no line with the names"):
        pcm.fit.read_table(file, trace="g")
    np.testing.assert_allclose(pcm.fit.read_table(file, names=["g[uS]"], trace="g")["trace"], [1e-5, 9.5e-6, 9e-6])
