"""The last steps of a check as a sequence diagram: the check, the learner's code, and what that was given to call.

Time runs down, a step a row; what was drawn here stands as text below it, so the picture needs no table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from patterns.lab.style import escape, svg

WIDTH, ROW, TOP = 640, 30, 44
CHECK, CODE, GIVEN = 90.0, 350.0, 610.0
LETTERS = 36  # of a label, between two life lines
WAYS = {
    "call": (CHECK, CODE),
    "start": (CHECK, CODE),
    "stop": (CHECK, CODE),
    "end": (CODE, CHECK),
    "ask": (CODE, GIVEN),
    "cancel": (CODE, GIVEN),
    "reply": (GIVEN, CODE),
}
DASHED = {"stop", "cancel"}
COLOURS = {True: "var(--bcp-1,#0072b2)", False: "var(--bcp-2,#d55e00)"}  # to the right, to the left


def diagram(drawn: Sequence[tuple[float, str, str]]) -> str:
    """The SVG of the steps (when in s, way, label), or nothing if there are none."""
    if not drawn:
        return ""
    asked = any(WAYS[way] in ((CODE, GIVEN), (GIVEN, CODE)) for _, way, _ in drawn)
    lines = [(CHECK, "the check"), (CODE, "your code"), *([(GIVEN, "what it calls")] if asked else [])]
    height = TOP + ROW * len(drawn) + 8
    body = "".join(
        f'<text class="bcp-strong" x="{x:.0f}" y="14" text-anchor="{"end" if x == GIVEN else "middle"}">{name}</text>'
        f'<path d="M{x:.0f} 22V{height - 4}" style="stroke:var(--bcp-line)"/>'
        for x, name in lines
    )
    before = None
    for row, (at, way, label) in enumerate(drawn):
        body += _arrow(TOP + ROW * row + 8, way, label, "" if at == before else f"{at:g} s")
        before = at
    width = WIDTH if asked else CODE + 60
    return svg(width, height, "A sequence diagram of the steps that stand below as text", body)


def _arrow(y: float, way: str, label: str, time: str) -> str:
    start, end = WAYS[way]
    right = end > start
    head = end - 7 if right else end + 7
    dash = ' stroke-dasharray="5 4"' if way in DASHED else ""
    colour = COLOURS[right]
    text = label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
    return (
        f'<text x="{CHECK - 14:.0f}" y="{y + 4:.0f}" text-anchor="end">{escape(time)}</text>'
        f'<path d="M{start:.0f} {y:.0f}H{head:.0f}"{dash} style="stroke:{colour};stroke-width:1.5"/>'
        f'<path d="M{end:.0f} {y:.0f}l{-8 if right else 8} -4v8z" style="fill:{colour}"/>'
        f'<text class="bcp-code" x="{(start + end) / 2:.0f}" y="{y - 5:.0f}" text-anchor="middle">{escape(text)}</text>'
    )
