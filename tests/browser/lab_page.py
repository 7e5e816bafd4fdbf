"""A notebook open in JupyterLab, and a learner's hands: run all, restart, press, slide, look.

What took time to find out: the kernel's busy/idle sign cannot be relied on, but the promise of a run command
is kept when the last cell is done; `/doc/tree` shows one document without side bars, and `reset` drops the
saved workspace; the keys move a slider more surely than the mouse.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
RUN_LIMIT_MS = 300_000  # for all the cells of a notebook
LOOK_LIMIT_MS = 60_000  # for something to appear or change, beside whatever else runs
LOOK_EVERY_MS = 100  # not at every frame: that would have sixty drawn a second, of a page however large
expect.set_options(timeout=LOOK_LIMIT_MS)

RESTART = "Confirm Kernel Restart"  # the button that answers whether one means it

COMPLAINTS = f"""cells => (cells || {NOTEBOOK}.content.widgets).flatMap(cell => {{
    if (cell.model.type !== 'code') return []
    const found = cell.model.executionCount ? [] : [`cell ${{cell.model.id}} did not run`]
    for (let n = 0; n < cell.model.outputs.length; n++) {{
        const output = cell.model.outputs.get(n).toJSON()
        if (output.output_type === 'error')
            found.push(`cell ${{cell.model.id}}: ${{output.ename}}: ${{output.evalue}}`)
        if (output.name === 'stderr')
            found.push(`cell ${{cell.model.id}} wrote to standard error: ${{output.text}}`)
    }}
    return found
}})"""


class LabPage:
    """One notebook in JupyterLab's page; it is `shut_down` before another is opened in the same page.

    `errors` are the page's own, but for a notice that browsers give freely.
    """

    def __init__(self, page: Page, address: str, token: str, notebook: str) -> None:
        self.page = page
        self.name = notebook
        self.errors: list[str] = []
        page.set_default_timeout(LOOK_LIMIT_MS)
        page.on("pageerror", self._note)
        path = f"{notebook if '/' in notebook else f'notebooks/{notebook}'}.ipynb"
        if page.url.startswith(address):  # JupyterLab's code is there
            self.command("docmanager:open", path=path)
        else:
            page.goto(f"{address}/doc/tree/{path}?reset&token={token}", wait_until="domcontentloaded")
        page.wait_for_function(
            f"path => window.jupyterapp && {NOTEBOOK}?.context?.isReady && {NOTEBOOK}.context.path === path",
            arg=path,
            timeout=90_000,
            polling=LOOK_EVERY_MS,
        )
        page.evaluate(
            f"""async () => {{
                await {NOTEBOOK}.sessionContext.ready
                await {NOTEBOOK}.sessionContext.session.kernel.info
            }}"""
        )

    def _note(self, error: Any) -> None:
        if "ResizeObserver" not in str(error):
            self.errors.append(f"{self.name}: {error}")

    def command(self, name: str, **arguments: Any) -> Any:
        """Run a command of JupyterLab's and wait until it is done."""
        return self.page.evaluate(
            "([name, arguments_]) => window.jupyterapp.commands.execute(name, arguments_).then(() => null)",
            [name, arguments],
        )

    def run_all(self) -> list[str]:
        """Run every cell; what they complain of."""
        self._within_limit("notebook:run-all-cells")
        return self.complaints()

    def restart_and_run_all(self) -> list[str]:
        """Restart the kernel, confirm, run every cell; what they complain of."""
        self._within_limit("notebook:restart-run-all", confirm=RESTART)
        return self.complaints()

    def restart(self) -> None:
        """Restart the kernel, and confirm."""
        self._within_limit("notebook:restart-kernel", confirm=RESTART)

    def open_lesson(self, *, ask: bool = False) -> list[str]:
        """Run the first cell, and on request those that ask for a guess; what they complain of."""
        complaints: list[str] = self.page.evaluate(
            f"""async ask => {{
                const cells = {NOTEBOOK}.content.widgets.filter(cell => cell.model.type === 'code')
                const some = cells.filter((cell, n) => n === 0 ||
                                          ask && cell.model.sharedModel.getSource().includes('predict('))
                for (const cell of some) {{
                    {NOTEBOOK}.content.deselectAll()
                    {NOTEBOOK}.content.activeCellIndex = {NOTEBOOK}.content.widgets.indexOf(cell)
                    await window.jupyterapp.commands.execute('notebook:run-cell')
                }}
                return ({COMPLAINTS})(some)
            }}""",
            ask,
        )
        return complaints

    def _within_limit(self, command: str, confirm: str = "") -> None:
        self.page.evaluate(
            f"() => {{ window.done = false; window.jupyterapp.commands.execute('{command}')"
            ".finally(() => { window.done = true }) }"
        )
        if confirm:
            self.page.locator(".jp-Dialog").get_by_role("button", name=confirm).click()
        self.page.wait_for_function("() => window.done", timeout=RUN_LIMIT_MS, polling=LOOK_EVERY_MS)

    def complaints(self) -> list[str]:
        """Errors, text on standard error, cells that did not run."""
        found: list[str] = self.page.evaluate(COMPLAINTS)
        return found

    def failures(self) -> list[str]:
        """What the notebook shows as having failed in the background, with each folded traceback."""
        return [str(failure.text_content()) for failure in self.page.get_by_test_id("failure").all()]

    def cell(self, name: str) -> Locator:
        """The cell of this id, with its outputs."""
        number = self.page.evaluate(
            f"name => {NOTEBOOK}.content.widgets.findIndex(cell => cell.model.id === name)", name
        )
        assert number >= 0, f"no cell {name} in {self.name}"
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def part(self, testid: str, within: Locator | None = None) -> Locator:
        """What carries this data-testid; in one cell, where several may."""
        return (within or self.page).get_by_test_id(testid).first

    def panels(self) -> list[Locator]:
        """The panels to play with, in the notebook's order."""
        return self.page.locator(".bcp-panel").all()

    def predictions(self) -> list[str]:
        """The names of the questions that ask for a guess."""
        heads = self.page.locator("h4[data-testid^=predict-]").all()
        return [str(head.get_attribute("data-testid")).removeprefix("predict-") for head in heads]

    def guess(self, prediction: str, guess: str = "") -> str:
        """Commit to a guess, the first choice or the lowest number unless given; the guess."""
        box = self.page.locator(f".bcp-predict-{prediction}").first
        if box.locator("input[type=radio]").count():
            choices = box.locator("label:has(input[type=radio])")
            choice = choices.filter(has_text=guess).first
            guess = choice.inner_text().strip()
            choice.click()
        else:
            field = box.get_by_role("textbox")
            guess = guess or str(field.get_attribute("placeholder")).split(" ")[0]
            field.fill(guess)
        self.press("Commit", box)
        expect(self.part(f"predict-{prediction}-state")).to_contain_text("Committed")
        return guess

    def button(self, text: str, within: Locator | None = None) -> Locator:
        """The button with this text, whatever icon stands before it."""
        return (within or self.page).locator("button", has_text=re.compile(rf"^\s*{text}\s*$")).first

    def press(self, button: str, within: Locator | None = None) -> None:
        """Click the button with this text."""
        self.button(button, within).click()

    def slide(self, slider: Locator, key: str) -> None:
        """Put the focus on a slider and press a key: ArrowRight, Home, End, PageUp."""
        handle = slider.locator(".noUi-handle").first
        handle.scroll_into_view_if_needed()
        handle.focus()
        self.page.keyboard.press(key)

    @contextlib.contextmanager
    def changing(self, *parts: Locator) -> Iterator[None]:
        """Within the block each of the parts comes to look different."""
        before = [part.evaluate("element => element.outerHTML") for part in parts]
        yield
        for part, old in zip(parts, before, strict=True):
            expect(part).to_be_attached()
            self.page.wait_for_function(
                "([element, old]) => element.outerHTML !== old || !element.isConnected",
                arg=[part.element_handle(), old],
                timeout=LOOK_LIMIT_MS,
                polling=LOOK_EVERY_MS,
            )

    def in_both_themes(self) -> Iterator[str]:
        """`light` or `dark`, as the page stands now; then, changed to it, the other. JupyterLab remembers."""
        light = self.page.evaluate("() => document.body.dataset.jpThemeLight") == "true"
        yield "light" if light else "dark"
        other = "dark" if light else "light"
        self.command("apputils:change-theme", theme=f"JupyterLab {other.capitalize()}")
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === String(light)", arg=other == "light"
        )
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
        yield other

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Save build/screenshots/NAME.png of the window, or of one part scrolled into sight."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        if of is not None:
            of.scroll_into_view_if_needed()
        (of or self.page).screenshot(path=path)
        return path

    def shut_down(self) -> None:
        """End the notebook's kernel and close it, without saving."""
        self.page.evaluate(f"async () => {{ const it = {NOTEBOOK}; await it.sessionContext.shutdown(); it.dispose() }}")
        expect(self.page.locator(".jp-Notebook")).to_have_count(0)
        self.page.remove_listener("pageerror", self._note)
