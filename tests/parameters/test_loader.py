"""Parameter files: what ships is complete and sourced; every mistake names file, key and what was expected."""

import re
from importlib import resources

import pytest

import pcmphys as pcm
from pcmphys import ParameterError
from pcmphys.parameters import bibliography, cite, list_cells, read_technology

SHIPPED = resources.files("pcmphys.parameters").joinpath("ibm-90nm-statistical.toml").read_text(encoding="utf-8")
SOURCE = "joshi2020, as applied in aihwkit pcm.py (4545f11)"
MAXIMUM = f'conductance_maximum = {{ value = 25e-6, unit = "S", kind = "measured", source = "{SOURCE}" }}'
ERROR = "value = [0.26348e-6, 1.9650e-6, -1.1731e-6]"


@pytest.fixture
def load(tmp_path):
    """Load the shipped 90 nm file with one place changed."""

    def loader(old, new):
        assert old in SHIPPED
        path = tmp_path / "mine.toml"
        path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
        return pcm.load_cell(path)

    return loader


def maximum(**changes):
    """The conductance_maximum line with entries changed (None: left out)."""
    entries = {
        "value": "25e-6",
        "unit": '"S"',
        "kind": '"measured"',
        "source": '"joshi2020, as applied in aihwkit pcm.py (4545f11)"',
    } | changes
    inside = ", ".join(f"{key} = {value}" for key, value in entries.items() if value is not None)
    return f"conductance_maximum = {{ {inside} }}"


MISTAKES = {
    # old, new, and the parts that the message must hold besides the file's name
    "unknown key, near miss": (
        "power_factor =", "power_facto =",
        ["read_noise.power_facto", "unknown key", "did you mean 'read_noise.power_factor'"],
    ),
    "unknown table": (
        "[read_noise]", '[extra]\nx = { value = 1.0, unit = "1", kind = "assumed" }\n[read_noise]',
        ["extra.x", "unknown key", "and 20 more (pcmphys cells show"],
    ),
    "misspelt needed key": (
        "conductance_maximum =", "conductance_maximun =",
        ["conductance_maximum: missing", "value in S", "misspelt as 'conductance_maximun'"],
    ),
    "misspelt table": (
        "[read_noise]", "[read_nois]",
        ["read_noise.log_slope: missing", "misspelt as 'read_nois.log_slope'"],
    ),
    "key left out": (MAXIMUM, "", ["conductance_maximum: missing", "value in S"]),
    "wrong unit": (MAXIMUM, maximum(unit='"uA"'), ["conductance_maximum.unit", "expected 'S'", "'uA'"]),
    "unit not text": (MAXIMUM, maximum(unit="3"), ["conductance_maximum.unit must be text; got 3"]),
    "unit left out": (MAXIMUM, maximum(unit=None), ["conductance_maximum.unit: missing"]),
    "unit misspelt": (
        MAXIMUM, maximum(unit=None, units='"S"'),
        ["conductance_maximum.units", "unknown key", "did you mean 'unit'"],
    ),
    "value left out": (MAXIMUM, maximum(value=None), ["conductance_maximum.value: missing"]),
    "value misspelt": (
        MAXIMUM, maximum(value=None, valeu="25e-6"),
        ["conductance_maximum.valeu", "unknown key", "did you mean 'value'"],
    ),
    "value as text": (MAXIMUM, maximum(value='"25e-6"'), ["conductance_maximum.value must be a number", "'25e-6'"]),
    "value true": (MAXIMUM, maximum(value="true"), ["conductance_maximum.value must be a number", "True"]),
    "list for a number": (
        MAXIMUM, maximum(value="[25e-6]"),
        ["conductance_maximum.value", "expected one number in S"],
    ),
    "number for a list": (
        ERROR, "value = 1e-6",
        ["programming_error.value", "expected a list of numbers in S", "1e-06"],
    ),
    "text in a list": (ERROR, 'value = [1.0, "2"]', ["programming_error.value must be a number or a list of numbers"]),
    "too many coefficients": (
        ERROR, "value = [1, 2, 3, 4, 5]",
        ["programming_error.value", "1 to 4 coefficients", "got 5"],
    ),
    "no coefficient": (ERROR, "value = []", ["programming_error.value", "1 to 4 coefficients", "got 0"]),
    "negative": (MAXIMUM, maximum(value="-25e-6"), ["conductance_maximum.value", "above 0 S", "-2.5e-05"]),
    "zero": (MAXIMUM, maximum(value="0"), ["conductance_maximum.value", "above 0 S"]),
    "below an allowed bound": (
        "[read_noise]", '[read_noise]\nsplit = { value = -1.0, unit = "1", kind = "assumed" }',
        ["read_noise.split.value", "at least 0", "-1"],
    ),
    "nan": (MAXIMUM, maximum(value="nan"), ["conductance_maximum.value", "above 0 S", "nan"]),
    "infinite": ("value = 0.0244", "value = inf", ["drift_exponent_mean.offset.value", "finite", "inf"]),
    "unknown kind": (
        MAXIMUM, maximum(kind='"measurd"'),
        ["conductance_maximum.kind", "'measured', 'fit', 'derived', 'assumed' or 'user'", "'measurd'"],
    ),
    "no source": (MAXIMUM, maximum(source=None), ["conductance_maximum.source: missing", "measured value"]),
    "unknown source": (
        MAXIMUM, maximum(source='"josih2020, Methods"'),
        ["conductance_maximum.source", "'josih2020'", "references.bib", "did you mean 'joshi2020'"],
    ),
    "bare number in a table": (
        'low = { value = 0.0, unit = "1"', 'low = 0.0\nx = { value = 0.0, unit = "1"',
        ["read_noise.low", "expected a table with value, unit, kind and source", "0.0"],
    ),
    "bare number above the tables": (
        MAXIMUM, "conductance_maximum = 25e-6",
        ["conductance_maximum", "table with value, unit, kind and source"],
    ),
    "clip upside down": (
        "low = { value = 0.049", "low = { value = 0.2",
        ["drift_exponent_mean.high.value", "at least low = 0.2", "got 0.1"],
    ),
    "traps upside down": (
        "value = 3e10", "value = 1e-10",
        ["trap_slowest.value", "more than trap_fastest = 5e-09", "1e-10"],
    ),
    "traps alike": ("value = 3e10", "value = 5e-9", ["trap_slowest.value", "more than trap_fastest"]),
    "header key left out": ('name = "ibm-90nm-statistical"', "", ["name: missing"]),
    "header key misspelt": ("title =", "titel =", ["titel", "unknown key", "did you mean 'title'"]),
    "name with a blank": (
        '"ibm-90nm-statistical"', '"IBM 90"',
        ["name must be of small letters, digits and dashes", "'IBM 90'"],
    ),
    "unknown model, near miss": (
        'model = "statistical"', 'model = "statistcal"',
        ["model", "expected one of statistical", "did you mean 'statistical'"],
    ),
    "unknown model": (
        'model = "statistical"', 'model = "telepathy"',
        ["model", "expected one of statistical", "'telepathy'"],
    ),
    "invalid TOML": ("[read_noise]", "[read_noise", ["not valid TOML", "line"]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "parts"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_named(load, tmp_path, old, new, parts):
    with pytest.raises(ParameterError) as error:
        load(old, new)
    message = str(error.value)
    assert message.startswith(f"{tmp_path / 'mine.toml'}: ")
    for part in parts:
        assert part in message
    assert error.value.__suppress_context__ or error.value.__cause__ is None


def test_unchanged_copy_loads_and_whole_numbers_are_numbers(load):
    shipped = pcm.load_cell("ibm-90nm-statistical")
    assert load(MAXIMUM, MAXIMUM).parameters == shipped.parameters
    assert load("value = 20.0", "value = 20").reference_time == 20.0
    # an assumed value may do without a source, but not with a wrong one
    load(MAXIMUM, maximum(kind='"assumed"', source=None))
    with pytest.raises(ParameterError, match=r"references\.bib"):
        load(MAXIMUM, maximum(kind='"assumed"', source='"nobody1900"'))
    # a constant moment: both clips alike
    assert load("low = { value = 0.049", "low = { value = 0.1").parameters.drift_exponent_mean.low == 0.1


def test_unknown_cell_is_suggested():
    with pytest.raises(ParameterError, match=r"known are capacitor.*, gst225.*, ibm-90nm.*did you mean 'ibm-90nm-stat"):
        pcm.load_cell("ibm-90nm-statistcal")
    with pytest.raises(ParameterError, match=r"'x' is unknown.*\.toml file$"):
        pcm.load_cell("x")


def test_unreadable_files(tmp_path):
    with pytest.raises(ParameterError, match=r"nowhere\.toml: cannot be read"):
        pcm.load_cell(tmp_path / "nowhere.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ParameterError, match=r"folder\.toml: cannot be read"):
        pcm.load_cell(tmp_path / "folder.toml")
    (tmp_path / "latin.toml").write_bytes('title = "\xe9"'.encode("latin-1"))
    with pytest.raises(ParameterError, match=r"latin\.toml: not valid TOML"):
        pcm.load_cell(tmp_path / "latin.toml")
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(ParameterError, match=r"empty\.toml: name: missing"):
        pcm.load_cell(str(tmp_path / "empty.toml"))


@pytest.mark.parametrize("name", list_cells())
def test_shipped_file_is_complete(name):
    cell = pcm.load_cell(name)
    technology = cell.technology
    assert cell.name == technology.name == name
    assert technology.title
    assert technology.quantities
    for path, quantity in technology.quantities.items():
        assert quantity.unit, path
        assert quantity.kind in ("measured", "fit", "derived", "assumed"), path
        if quantity.kind == "assumed":
            assert quantity.source or quantity.note, f"{path}: an assumed value says why"
        else:
            assert quantity.reference in bibliography(), path
            assert re.fullmatch(r"\w+, \S.*", quantity.source), f"{path}: source names no place in the paper"


def test_all_shipped_names_are_listed():
    files = {f.name for f in resources.files("pcmphys.parameters").iterdir() if f.name.endswith(".toml")}
    assert {f"{name}.toml" for name in list_cells()} == files
    assert {"hermes-14nm-statistical", "ibm-90nm-statistical"} <= set(list_cells())


def check_bibtex(entry):
    """One entry: head, balanced braces that close only at the very end, and the fields that make it findable."""
    assert re.match(r"@(article|inproceedings|book|misc|incollection|phdthesis|techreport)\{\w+,\n", entry)
    depth = 0
    for place, character in enumerate(entry):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth > 0 or place < entry.index("{") or place == len(entry) - 1
    assert depth == 0
    fields = dict(re.findall(r"^\s+(\w+)\s*=\s*\{(.*)\},?$", entry, flags=re.MULTILINE))
    assert {"author", "title", "year"} <= set(fields)
    assert re.fullmatch(r"(19|20)\d\d", fields["year"])


@pytest.mark.parametrize("name", list_cells())
def test_cite_gives_each_source_once(name):
    cell = pcm.load_cell(name)
    text = cite(cell)
    entries = text.split("\n\n")
    keys = [re.match(r"@\w+\{([^,]+),", entry)[1] for entry in entries]
    assert keys == sorted(set(keys))
    assert set(keys) == {q.reference for q in cell.technology.quantities.values() if q.source}
    for entry in entries:
        check_bibtex(entry)
    assert cite(read_technology(name)) == text


def test_bibliography_is_whole():
    text = resources.files("pcmphys.parameters").joinpath("references.bib").read_text(encoding="utf-8")
    assert len(bibliography()) == len(re.findall(r"^@", text, flags=re.MULTILINE))
    for entry in bibliography().values():
        check_bibtex(entry)


def test_cite_of_a_cell_without_sources_is_empty(tmp_path):
    bare = re.sub(r'kind = "\w+"(, source = "[^"]*")?', 'kind = "assumed"', SHIPPED)
    (tmp_path / "bare.toml").write_text(bare, encoding="utf-8")
    assert cite(pcm.load_cell(tmp_path / "bare.toml")) == ""


def test_a_source_needs_its_place(load):
    with pytest.raises(ParameterError, match=r"conductance_maximum\.source: expected 'bibkey, place'.*'joshi2020'"):
        load(MAXIMUM, maximum(source='"joshi2020"'))


def test_only_cells_can_be_cited():
    with pytest.raises(ParameterError, match="ibm-90nm-statistical"):
        cite("ibm-90nm-statistical")


def test_own_numbers_may_cite_a_bib_file_beside_them(tmp_path):
    text = SHIPPED.replace(MAXIMUM, maximum(source='"mylab2026, Fig. 1"'))
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(
        ParameterError,
        match=r"'mylab2026' is not in references\.bib.*\.bib file beside the parameter file, or write kind",
    ):
        pcm.load_cell(tmp_path / "mine.toml")
    (tmp_path / "mine.bib").write_text("@misc{mylab2026,\n  title = {Our cells},\n  year = {2026}\n}\n")
    assert "Our cells" in cite(pcm.load_cell(tmp_path / "mine.toml"))


IEEE = """@ARTICLE{9123456,
  author={Doe, J.},
  journal=ted,
  title={Phase {Change}},
  year={2026},
  doi={10.1109/TED.2026.1}}
@string{ted = "IEEE Transactions on Electron Devices"}
@ARTICLE{9123457,
  author={Roe, J.},
  title={Another},
  year={2025},
  doi={10.1109/TED.2025.1}}
"""


def test_entries_that_end_as_the_publishers_do_are_told_apart(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SHIPPED.replace(MAXIMUM, maximum(source='"9123456, Fig. 1"')))
    for text in (IEEE, IEEE.replace("\n", "\r\n")):
        (tmp_path / "mine.bib").write_bytes(text.encode("utf-8-sig"))
        cited = cite(pcm.load_cell(path))
        assert cited.count("@article{9123456,") == 1
        assert "journal = {IEEE Transactions on Electron Devices}" in cited
        assert "9123457" not in cited
    (tmp_path / "mine.bib").write_text(IEEE.replace("=ted", "={TED}").replace("@string", "@comment"))
    assert "doi={10.1109/TED.2026.1}}" in cite(pcm.load_cell(path))  # without abbreviations as it stands


def test_a_key_that_the_file_beside_lacks_is_told_with_those_it_holds(tmp_path, capfd):
    (tmp_path / "mine.toml").write_text(SHIPPED.replace(MAXIMUM, maximum(source='"9123458, Fig. 1"')))
    (tmp_path / "mine.bib").write_text(IEEE + "@misc{broken, title={never closed\n")
    with pytest.raises(ParameterError, match=r"it holds 9123456, 9123457\); did you mean '912345"):
        pcm.load_cell(tmp_path / "mine.toml")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_parameter_file_may_be_saved_by_any_editor(tmp_path, encoding):
    text = SHIPPED.replace("\n", "\r\n")
    (tmp_path / "mine.toml").write_bytes(text.encode(encoding))
    assert pcm.load_cell(tmp_path / "mine.toml").parameters == pcm.load_cell("ibm-90nm-statistical").parameters


HOSTILE = {
    "nested arrays": ("x = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    "nested tables": ("x = " + "{a = " * 5000 + "1" + "}" * 5000, "nested too deeply"),
    "nested keys": (".".join("a" * 5000) + " = 1", "nested too deeply"),
    "nested headers": ("[" + ".".join("a" * 100) + "]", "nested too deeply"),
    "digits without end": ("title = " + "9" * 5000, "whole number is too long"),
    "hexadecimal without end": ("title = 0x" + "f" * 5000, "title: whole numbers have at most 64 bits"),
    "more than 64 bits": ("a.b = [1, 9223372036854775808]", "a.b: whole numbers have at most 64 bits"),
}


@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_toml_is_refused_in_one_line(tmp_path, text, words):
    for read in (pcm.load_cell, pcm.study.read_config):
        (tmp_path / "mine.toml").write_text(text)
        with pytest.raises(ParameterError, match=rf"mine\.toml: .*{words}") as caught:
            read(tmp_path / "mine.toml")
        assert len(str(caught.value)) < 400


def test_where_a_relative_path_was_looked_for_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=rf"^mine\.toml: cannot be read \(No such file.*looked in {tmp_path}$"):
        pcm.load_cell("mine.toml")


def test_numbers_are_told_with_all_their_digits(load):
    for written, told in (("25e-6", "2.5e-05"), ("25.1234567e-6", "2.51234567e-05"), ("1234567", "1234567.0")):
        cell = load(MAXIMUM, maximum(value=written))
        assert cell.technology.quantities["conductance_maximum"].numbers == [told]
    errors = pcm.load_cell("ibm-90nm-statistical").technology.quantities["programming_error"]
    assert errors.numbers == ["2.6348e-07", "1.965e-06", "-1.1731e-06"]
