"""Pages: what a narrow screen does to their tables and ways."""

import re

from pcmphys.plot import page


def test_no_word_is_broken_and_wide_tables_move_by_themselves():
    found = page.table(page.PageTable("t", ("accuracy", "unit"), [("a", "1.008e-05"), ("b", "440 uA, 50/5 ns")]))
    text = page.whole("t", [page.heading("a"), found, page.heading("b")])
    assert '<div class="wide"><table>' in text
    assert '<td class="s">1.008e-05</td>' in text  # would be broken behind its hyphen
    assert "<td>440 uA, 50/5 ns</td>" in text
    sheet = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert re.search(r"\.wide\{overflow-x:auto\}", sheet)
    assert not re.search(r"th\{[^}]*(anywhere|hyphens:auto)", sheet)
    narrow = sheet[sheet.index("@media(max-width:600px)") :]
    assert "nav a{white-space:normal}" in narrow
