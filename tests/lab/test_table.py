from xml.etree import ElementTree

import pytest

from patterns.lab.table import table


def test_a_table_outside_a_notebook_is_aligned_text() -> None:
    shown = table(("who", "bytes", "s"), [("client", 1234, 0.123456), ("server", None, 12345.6)], caption="Two ends")
    assert str(shown) == (
        "Two ends\n"
        "who     bytes  s\n"
        "client  1,234  0.123\n"
        "server  –      12,346"
    )  # fmt: skip


def test_a_tables_html_is_well_formed_escaped_and_puts_numbers_to_the_right() -> None:
    html = table(("<b>", "n"), [("</td><script>", 7)], caption="a & b")._repr_html_()
    root = ElementTree.fromstring(html[html.index("<table") : html.index("</table>") + len("</table>")])
    assert [cell.text for cell in root.iter("td")] == ["</td><script>", "7"]
    assert [cell.get("class") for cell in root.iter("th")] == ["s", "n"]
    assert root.findtext("caption") == "a & b"


def test_a_row_of_another_length_says_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"^expected 2 cells \(a, b\), got \('only one',\)$"):
        table(("a", "b"), [("only one",)])
