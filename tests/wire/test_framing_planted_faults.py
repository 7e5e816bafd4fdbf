"""Each oracle catches a planted fault: a small wrongness in the framing, put there for one test.

An oracle that has never been seen to fail is no evidence. The table says which fault which oracle must catch; the
oracles are the functions that the other tests call, fed by the same generators.
"""

from __future__ import annotations

import itertools
import logging
import warnings
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import aiohttp
import framing_faults as faults
import h11
import pytest
from aiohttp import http
from framing_exchanges import CONVERSATIONS, LATIN_1, OURS_ALONE, TARGETS, Exchange, exchanges
from framing_h11 import check_requests_with_h11, check_responses_with_h11, compare_fuzzed_with_h11
from framing_loopback import check_with_aiohttp_s_client, check_with_aiohttp_s_server
from framing_oracles import check_round_trip, check_splitting, check_with_aiohttp_s_parsers
from fuzz_framing import check, check_frames, fuzzed, fuzzed_frames, outcome
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patterns.cost import autojump
from patterns.wire.framing import FramingError

# How an oracle says no: by an assertion of its own, or because one of the two parties refuses what the other wrote.
DIFFERENCES = (
    AssertionError,
    FramingError,
    h11.ProtocolError,
    http.HttpProcessingError,
    aiohttp.ClientError,
    ConnectionError,
    TimeoutError,
)

Oracle = Callable[[], None]

QUICKLY = settings(
    max_examples=300,
    phases=[Phase.generate],  # one difference is enough, it need not be the smallest
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def generated(cases: st.SearchStrategy[Any], check_case: Callable[[Any], None]) -> Oracle:
    return QUICKLY(given(cases)(lambda case: check_case(case)))


def over_loopback(check_case: Callable[[list[Exchange]], Coroutine[Any, Any, None]]) -> Oracle:
    return generated(CONVERSATIONS, lambda case: autojump.run(check_case(case)))


def h11_requests() -> None:
    generated(exchanges(TARGETS, LATIN_1), check_requests_with_h11)()


def h11_responses() -> None:
    generated(exchanges(TARGETS, LATIN_1), check_responses_with_h11)()


def aiohttp_parsers() -> None:
    generated(st.lists(exchanges(), max_size=4), check_with_aiohttp_s_parsers)()


def aiohttp_client() -> None:
    over_loopback(check_with_aiohttp_s_client)()


def aiohttp_server() -> None:
    over_loopback(check_with_aiohttp_s_server)()


def round_trip() -> None:
    generated(OURS_ALONE, check_round_trip)()


def splitting() -> None:
    generated(OURS_ALONE, check_splitting)()


def fuzz() -> None:
    for case in itertools.islice(fuzzed(seed=20), 5_000):
        check(case)


def fuzz_beside_h11() -> None:
    for case in itertools.islice(fuzzed(seed=20), 5_000):
        compare_fuzzed_with_h11(case, outcome(case.parser(), [case.stream]))


def fuzz_of_frames() -> None:
    for case in itertools.islice(fuzzed_frames(seed=21), 1_000):
        check_frames(case)


CAUGHT: dict[faults.Plant, list[Oracle]] = {
    faults.chunk_sizes_are_read_one_too_large: [
        h11_requests,
        h11_responses,
        aiohttp_client,
        aiohttp_server,
        round_trip,
    ],
    faults.whole_chunks_are_read_without_their_last_byte: [splitting, round_trip, fuzz],
    faults.chunk_sizes_are_written_in_decimal: [
        h11_requests,
        aiohttp_parsers,
        aiohttp_client,
        aiohttp_server,
    ],
    faults.the_last_chunk_lacks_its_empty_line: [
        h11_requests,
        h11_responses,
        aiohttp_parsers,
        aiohttp_client,
    ],
    faults.content_length_is_ignored: [
        h11_requests,
        h11_responses,
        aiohttp_client,
        round_trip,
        fuzz_beside_h11,
    ],
    faults.content_length_is_written_one_too_small: [h11_responses, aiohttp_parsers, aiohttp_server],
    faults.names_are_read_in_lower_case: [h11_requests, aiohttp_client, aiohttp_server, round_trip],
    faults.the_last_of_several_headers_is_lost: [h11_responses, aiohttp_client, round_trip, splitting],
    faults.connections_are_always_kept: [aiohttp_client, aiohttp_server, round_trip],
    faults.connections_are_kept_as_if_all_spoke_http_1_1: [aiohttp_server, round_trip],
    faults.the_answer_to_head_is_thought_to_have_a_body: [
        h11_responses,
        aiohttp_server,
        round_trip,
        fuzz_beside_h11,
    ],
    faults.every_status_is_thought_to_have_a_body: [h11_responses, aiohttp_server, fuzz_beside_h11],
    faults.the_reason_is_written_without_its_last_letter: [h11_responses, aiohttp_parsers, aiohttp_client],
    faults.the_target_is_written_with_a_slash_more: [h11_requests, aiohttp_parsers, aiohttp_server],
    faults.a_bare_lf_ends_a_header: [fuzz],
    faults.folded_lines_are_taken_as_part_of_the_value: [fuzz],
    faults.both_lengths_are_let_through: [fuzz],
    faults.chunk_sizes_are_read_as_python_reads_numbers: [fuzz_beside_h11],
    faults.the_search_for_a_line_end_starts_one_too_late: [splitting, round_trip, fuzz],
    faults.an_end_of_chunk_in_two_pieces_is_lost: [splitting, fuzz],
    faults.a_frame_s_length_is_written_little_endian: [fuzz_of_frames],
    faults.frames_that_come_in_pieces_lose_a_byte: [fuzz_of_frames],
    faults.the_limit_of_a_frame_is_one_too_small: [fuzz_of_frames],
}


@pytest.fixture
def quiet() -> Iterator[None]:
    """What breaks on the way of a planted fault (a task, a warning, a line in aiohttp's log) is not this test's."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("plant", "oracle"),
    [
        pytest.param(plant, oracle, id=f"{plant.__name__}-{oracle.__name__}")
        for plant, oracles in CAUGHT.items()
        for oracle in oracles
    ],
)
def test_a_planted_fault_is_caught(plant: faults.Plant, oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(DIFFERENCES):
        oracle()


ORACLES = dict.fromkeys(oracle for oracles in CAUGHT.values() for oracle in oracles)


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.__name__)
def test_without_a_fault_each_oracle_is_content(oracle: Oracle) -> None:
    oracle()
