"""A step of the course as a diff: what has to be changed in one piece of code to get the next.

The problem: two listings one below the other hide that they differ in three lines.
The assumption: each step of a lesson is a small change of the one before.
The bargain: only the code that runs is compared, read from the functions and classes themselves; docstrings,
which may say too much too early, are left out. Red goes and green comes, and each line says so by its first
sign as well.
"""

import ast
import difflib
import inspect
import linecache
import textwrap
from collections.abc import Callable
from html import escape
from typing import Any

from patterns.lab.style import Drawing

__all__ = ["changes", "listing", "source"]

Code = str | type | Callable[..., Any]

_SIGNS = {"+": ("comes", "+"), "-": ("goes", "−"), " ": ("stays", " ")}
_CSS = (
    "<style>.bcp-diff pre{padding:0;margin:4px 0;background:none;font-size:13px;line-height:1.5}"
    ".bcp-diff div.comes{background:color-mix(in srgb,var(--bcp-good,#007a5a) 20%,transparent)}"
    ".bcp-diff div.goes{background:color-mix(in srgb,var(--bcp-bad,#c04f00) 20%,transparent)}"
    ".bcp-diff div{padding:0 8px;min-height:1.5em;width:max-content;min-width:100%;box-sizing:border-box}"
    ".bcp-diff div.skipped{color:var(--bcp-soft,#5f6368)}</style>"
)


def source(code: Code) -> list[str]:
    """The lines of a function or class, or of a text, without docstrings and common indentation."""
    text = code if isinstance(code, str) else _of_class(code) if isinstance(code, type) else inspect.getsource(code)
    lines = textwrap.dedent(text).strip("\n").splitlines()
    said = _docstrings("\n".join(lines))
    return [line for number, line in enumerate(lines, 1) if number not in said]


def listing(*codes: Code) -> Drawing:
    """The code of functions or classes, one below the other."""
    lines = "\n\n".join("\n".join(source(one)) for one in codes).splitlines()
    return _drawing([" " + line for line in lines], "code")


def changes(before: Code, after: Code, *, context: int | None = None) -> Drawing:
    """What has to be changed in `before` to get `after`.

    context: so many unchanged lines are shown beside each change, the others skipped; None: all of them.
    """
    lines = [line[0] + line[2:] for line in difflib.ndiff(source(before), source(after)) if not line.startswith("?")]
    if context is not None:
        lines = _near_changes(lines, context)
    come, gone = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return _drawing(lines, f"diff: {come} line{'s' * (come != 1)} come, {gone} go")


def _near_changes(lines: list[str], context: int) -> list[str]:
    changed = [number for number, line in enumerate(lines) if line[0] in "+-"]
    kept = {near for number in changed for near in range(number - context, number + context + 1)}
    shown: list[str] = []
    for number, line in enumerate(lines):
        if number in kept:
            shown.append(line)
        elif not shown or shown[-1] != "…":
            shown.append("…")
    return shown


def _drawing(lines: list[str], what: str) -> Drawing:
    rows = []
    for line in lines:
        looks, sign = _SIGNS.get(line[0], ("skipped", "")) if line else ("stays", " ")
        text = line if looks == "skipped" else f"{sign} {line[1:]}"
        rows.append(f'<div class="{looks}">{escape(text)}</div>')
    body = f'<pre role="figure" aria-label="{escape(what, quote=True)}" tabindex="0">{"".join(rows)}</pre>'
    text = "\n".join(line if line[:1] not in _SIGNS else f"{line[0]} {line[1:]}".rstrip() for line in lines)
    return Drawing("diff", body, text, css=_CSS, quiet=True)


def _docstrings(text: str) -> set[int]:
    """The lines, from 1, that are docstrings."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a part of something
        return set()
    holders = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    said = [
        node.body[0] for node in ast.walk(tree) if isinstance(node, holders) and ast.get_docstring(node) is not None
    ]
    return {number for node in said for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def _of_class(kind: type) -> str:
    """The source of a class, also of one made in a cell, where `inspect` finds only functions."""
    functions = [member for member in vars(kind).values() if inspect.isfunction(member)]
    if not functions:
        return inspect.getsource(kind)
    text = "".join(linecache.getlines(functions[0].__code__.co_filename))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            return "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
    raise OSError(f"expected the source of class {kind.__name__} in {functions[0].__code__.co_filename}, found none")
