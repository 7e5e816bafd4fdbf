"""Bytes taken apart: every byte that crossed the wire, its place, and what it is there for.

The problem: a message printed is not the message sent: line ends vanish, lengths go unread, and where one
message ends and the next begins cannot be seen at all.
The assumption: the parser that serves the lesson's requests knows every border.
The bargain: what is shown is what it says, with every byte accounted for; long bodies keep their beginning
and their end, and say how much was left out.
"""

from collections.abc import Sequence
from pathlib import Path

from patterns.lab.anatomy import beside, drawing, dump
from patterns.lab.anatomy.dump import Mark
from patterns.lab.anatomy.parts import Whole, dissect
from patterns.lab.style import card, escape
from patterns.wire.framing import Message, Request, Response, encode

__all__ = ["Anatomy", "anatomy", "hexdump", "side_by_side"]

_CSS = " ".join(Path(__file__).with_name("anatomy.css").read_text(encoding="utf-8").split())

Given = bytes | Message | Request | Response


class Anatomy:
    """A breakdown of bytes: HTML in a notebook, `text` anywhere else."""

    def __init__(self, title: str, body: str, text: str) -> None:
        heading = f"<h4>{escape(title)}</h4>" if title else ""
        css = f"<style>{_CSS}</style>"
        self.html = card(f'{css}<div class="bcp bcp-ana">{heading}{body}</div>', testid="anatomy")
        self.text = text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def anatomy(data: Given, title: str = "", *, answering: str = "GET") -> Anatomy:
    """`data` line by line: offset, bytes, and what they are; each message's end; what is still to come.

    data: the bytes of one or more messages, whole or not; or a message, which is encoded. What is no
    HTTP/1.1 is shown as text or as a hex dump, with the parser's objection.
    answering: the method that responses answer; to HEAD they have no body.
    """
    wholes = _taken_apart(data, answering)
    if not wholes:
        return _nothing(title)
    text = drawing.in_a_terminal(title, wholes)
    return Anatomy(title, _rolling(title or "bytes", drawing.as_table(wholes)), text)


def side_by_side(
    left: tuple[str, Given], right: tuple[str, Given], title: str = "", *, compare: bool = True, answering: str = "GET"
) -> Anatomy:
    """Two streams, each given as (name, data), beside each other.

    compare: lines that belong together share a row (headers by name), marked same, differs, only left, only
    right; totals below. Otherwise each has its own breakdown.
    """
    one, other = ((name, _taken_apart(data, answering)) for name, data in (left, right))
    html = beside.compared(one, other) if compare else beside.columns(one, other)
    return Anatomy(title, html, beside.in_columns(one, other, compare=compare))


def hexdump(data: bytes, marks: Sequence[Mark] = (), title: str = "") -> Anatomy:
    """`data` in hexadecimal and ASCII, a row for each of the `marks` (start, end, label); ends are exclusive.

    Raises ValueError for marks that overlap, are empty, or reach beyond the data.
    """
    if not data:
        return _nothing(title)
    text = dump.in_a_terminal(title, data, marks)
    return Anatomy(title, _rolling(title or "bytes", dump.as_table(data, marks)), text)


def _taken_apart(data: Given, answering: str) -> list[Whole]:
    if isinstance(data, Message):
        data = data.what
    return dissect(data if isinstance(data, bytes) else encode(data), answering)


def _rolling(label: str, table: str) -> str:
    return f'<div class="roll" tabindex="0" role="region" aria-label="{escape(label)}">{table}</div>'


def _nothing(title: str) -> Anatomy:
    said = "No bytes."
    return Anatomy(title, f'<p class="bcp-soft">{said}</p>', f"{title}\n{said}" if title else said)
