"""The misconception catalogue: its format, its checks, and how an entry is found."""

from pathlib import Path

import pytest

from patterns.grading.catalogue import CatalogueError, catalogue, load, misconception

ENTRY = """
[[misconception]]
name = "server-can-speak-first"
wrong = "The server tells the client."
right = "The client asks."
lesson = "01_request_response"
cell = "pull-notices"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ideas.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_is_read_whole_and_says_where_it_can_be_seen(tmp_path: Path) -> None:
    (entry,) = load(written(tmp_path, ENTRY)).values()
    assert entry.name == "server-can-speak-first"
    assert entry.wrong == "The server tells the client."
    assert entry.right == "The client asks."
    assert entry.href == "01_request_response.ipynb#cell-id=pull-notices"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            ('name = "server-can-speak-first"', 'name = "Server can speak"'),
            "ideas.toml: entry 1 (Server can speak): expected name to be kebab-case such as "
            "one-packet-is-one-request; got 'Server can speak'",
        ),
        (
            ('cell = "pull-notices"', ""),
            "ideas.toml: entry 1 (server-can-speak-first): expected the keys name, wrong, right, lesson, cell; "
            "add cell",
        ),
        (
            ('cell = "pull-notices"', 'cell = "pull-notices"\ncolour = "red"'),
            "ideas.toml: entry 1 (server-can-speak-first): expected the keys name, wrong, right, lesson, cell; "
            "take out colour",
        ),
        (
            ('right = "The client asks."', 'right = "  "'),
            "ideas.toml: entry 1 (server-can-speak-first): expected a text for right, got '  '",
        ),
        (
            ('lesson = "01_request_response"', 'lesson = "request_response.ipynb"'),
            "ideas.toml: entry 1 (server-can-speak-first): expected lesson to be a notebook's name such as "
            "01_request_response; got 'request_response.ipynb'",
        ),
        (
            ('cell = "pull-notices"', 'cell = "pull notices"'),
            "ideas.toml: entry 1 (server-can-speak-first): expected cell to be a cell id: 1 to 64 letters, digits, "
            "- or _ (nbformat 4.5); got 'pull notices'",
        ),
    ],
)
def test_a_faulty_entry_is_refused_by_name(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        load(written(tmp_path, ENTRY.replace(*change)))
    assert str(refused.value) == complaint


def test_a_name_stands_for_one_idea_only(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as refused:
        load(written(tmp_path, ENTRY + ENTRY))
    assert str(refused.value) == (
        "ideas.toml: expected every name once, got 'server-can-speak-first' twice; rename one"
    )


@pytest.mark.parametrize("text", ["", "[[idea]]\n", ENTRY + '[other]\nkey = "value"\n', "misconception = 3\n"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError, match=r"expected \[\[misconception\]\] tables and nothing else"):
        load(written(tmp_path, text))


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"ideas\.toml: expected TOML in UTF-8, got: "):
        load(written(tmp_path, "name = "))


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(KeyError) as unknown:
        misconception("one-packet-one-request")
    assert str(unknown.value).startswith(
        "expected the name of a catalogued misconception, got 'one-packet-one-request'; did you mean "
        "one-packet-is-one-request"
    )


def test_the_course_s_own_catalogue_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        catalogue()["new"] = misconception("retry-is-safe")
