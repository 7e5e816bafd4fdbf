"""What the learner starts and does not await: replaced by name, and its failure never lost."""

import asyncio
import contextlib
import gc
import threading
import weakref

import ipywidgets
import pytest

from patterns.lab.kernel import Failure, background, on_click, run
from patterns.lab.kernel.failures import as_html, on_loop_exception, on_thread_exception, record
from patterns.lab.kernel.loop import capture


async def test_a_background_task_s_failure_is_kept_and_printed(
    shown: list[Failure], capsys: pytest.CaptureFixture[str]
) -> None:
    async def feed() -> None:
        raise ValueError("expected 3 events, got 2")

    task = background(feed(), name="feed")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    (failure,) = shown
    assert (failure.where, failure.error, failure.times) == (
        "background task “feed”",
        "ValueError: expected 3 events, got 2",
        1,
    )
    assert 'File "tests/lab/test_tasks_and_failures.py", line ' in failure.traceback
    assert failure.traceback.endswith("ValueError: expected 3 events, got 2")
    assert capsys.readouterr().err.startswith("background task “feed”: ValueError: expected 3 events, got 2")
    shown.clear()


async def test_what_a_click_started_is_held_until_it_ends() -> None:
    """A task that only what it waits for knows of is garbage to Python, and a loop's own reference is a weak one."""
    waits: list[weakref.ref[asyncio.Future[str]]] = []
    said = []

    async def act() -> None:
        waited_for = asyncio.get_running_loop().create_future()
        waits.append(weakref.ref(waited_for))
        said.append(await waited_for)

    button = ipywidgets.Button(description="Ask")
    on_click(button, act)
    button.click()
    await asyncio.sleep(0.1)
    gc.collect()
    waited_for = waits[0]()
    assert waited_for is not None
    waited_for.set_result("an answer")
    await asyncio.sleep(0.1)
    assert said == ["an answer"]


async def test_a_background_task_replaces_the_one_of_its_name_after_that_one_s_clean_up() -> None:
    happened = []

    async def work(name: str) -> None:
        happened.append(f"{name} works")
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0.5)
            happened.append(f"{name} ends")

    first = background(work("first"), name="feed")
    await asyncio.sleep(0.1)
    second = background(work("second"), name="feed")
    await asyncio.sleep(1)
    assert first.cancelled()
    assert happened == ["first works", "first ends", "second works"]
    second.cancel()
    await asyncio.wait([second])


async def test_a_task_replaced_before_its_first_step_never_runs_and_never_warns() -> None:
    happened = []

    async def work(name: str) -> None:
        happened.append(name)

    tasks = [background(work(str(number)), name="feed") for number in range(3)]
    await asyncio.wait(tasks)
    assert happened == ["2"]


async def test_cancelling_a_background_task_is_no_failure() -> None:
    task = background(asyncio.sleep(1000), name="nap")
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


def test_without_a_loop_a_background_task_is_refused_and_its_coroutine_closed() -> None:
    with pytest.raises(RuntimeError, match="expected a running event loop, got none; call background"):
        background(asyncio.sleep(0), name="nap")


@pytest.mark.real_clock
async def test_a_background_task_started_in_another_thread_runs_on_the_loop() -> None:
    async def where() -> int:
        return threading.get_ident()

    capture()  # as open_lesson does
    task = await asyncio.to_thread(background, where(), name="where")
    assert await task == threading.get_ident()


async def test_a_button_s_failure_is_kept_under_the_button_s_name(shown: list[Failure]) -> None:
    async def send() -> None:
        raise ConnectionRefusedError("nobody listens")

    button = ipywidgets.Button(description="Send")
    on_click(button, send)
    button.click()
    await asyncio.sleep(0.1)
    assert [(failure.where, failure.error) for failure in shown] == [
        ("button “Send”", "ConnectionRefusedError: nobody listens")
    ]
    shown.clear()


@pytest.mark.real_clock
async def test_a_button_pressed_in_another_thread_acts_on_the_loop() -> None:
    acted = asyncio.Event()
    threads = set[int]()

    async def act() -> None:
        threads.add(threading.get_ident())
        acted.set()

    button = ipywidgets.Button(description="Send")
    on_click(button, act)
    await asyncio.to_thread(button.click)
    await acted.wait()
    assert threads == {threading.get_ident()}


def test_a_button_pressed_when_no_loop_runs_says_so(shown: list[Failure]) -> None:
    async def act() -> None: ...

    button = ipywidgets.Button(description="Send")
    on_click(button, act)
    button.click()
    assert [failure.error for failure in shown] == [
        "RuntimeError: expected a running event loop, got none; run the lesson's first cell, then try again"
    ]
    shown.clear()


async def test_a_dropped_task_s_failure_reaches_the_list_by_way_of_the_loop(shown: list[Failure]) -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(on_loop_exception)

    async def dropped() -> None:
        raise KeyError("offset")

    asyncio.ensure_future(dropped()).set_name("reader")
    await asyncio.sleep(0.1)
    loop.set_exception_handler(before)
    (failure,) = shown
    assert failure.where.startswith("task reader, test_a_dropped_task_s_failure")
    assert failure.error == "KeyError: 'offset'"
    shown.clear()


async def test_what_asyncio_reports_without_an_exception_is_kept_too(shown: list[Failure]) -> None:
    on_loop_exception(asyncio.get_running_loop(), {"message": "Unclosed connection"})
    assert [(failure.where, failure.error) for failure in shown] == [
        ("Unclosed connection", "RuntimeError: Unclosed connection")
    ]
    shown.clear()


def test_a_thread_that_dies_is_kept(shown: list[Failure], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", on_thread_exception)

    def work() -> None:
        raise ZeroDivisionError("no clients")

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    thread.join()
    assert [(failure.where, failure.error) for failure in shown] == [("thread worker", "ZeroDivisionError: no clients")]
    shown.clear()


def failing(message: str) -> Exception:
    with contextlib.suppress(ValueError):
        raise ValueError(message)
    return ValueError(message)


def test_equal_failures_are_counted_not_repeated(shown: list[Failure]) -> None:
    for _ in range(1000):
        record("server “echo”", failing("bad start line"))
    record("server “echo”", failing("bad header"))
    assert [(failure.error, failure.times) for failure in shown] == [
        ("ValueError: bad start line", 1000),
        ("ValueError: bad header", 1),
    ]
    shown.clear()


def test_a_kept_failure_holds_no_frame_and_so_no_socket(shown: list[Failure]) -> None:
    import gc
    import weakref

    class Socket: ...

    def work() -> "weakref.ref[Socket]":
        held = Socket()
        try:
            raise OSError("reset")
        except OSError as error:
            record("reader", error)
            return weakref.ref(held)

    socket = work()
    gc.collect()
    assert socket() is None
    assert [failure.error for failure in shown] == ["OSError: reset"]
    shown.clear()


def test_the_panel_alerts_escapes_and_folds() -> None:
    html = as_html([Failure("task <b>", "ValueError: a < b", "Traceback …", clock="12:00:00", times=3)])
    assert 'data-testid="failures" role="alert"' in html
    assert "task &lt;b&gt; · 12:00:00 · 3 times" in html
    assert "ValueError: a &lt; b" in html
    assert "<details><summary>Where it happened</summary><pre>Traceback …</pre></details>" in html


def test_the_panel_shows_the_last_five_and_counts_the_rest() -> None:
    html = as_html([Failure("task", f"ValueError: {number}", "") for number in range(8)])
    assert html.count('data-testid="failure"') == 5
    assert "3 earlier failures are in <code>failures</code>" in html
    assert "ValueError: 2<" not in html


def test_run_without_a_loop_runs_to_the_end() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert run(answer()) == 42
