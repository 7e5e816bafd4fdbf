"""Streams that are nearly right: nothing but a `FramingError` comes out, and the pieces do not matter.

`make soak` sets FUZZ_INPUTS to a million.
"""

from __future__ import annotations

import itertools
import os

import pytest
from framing_h11 import compare_fuzzed_with_h11
from fuzz_framing import check, check_frames, fuzzed, fuzzed_frames

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
SHARE_FOR_H11 = 10  # it takes longer than all the rest


@pytest.mark.fuzz
def test_a_spoilt_stream_is_read_alike_in_any_pieces_and_h11_reads_no_other_messages_in_it() -> None:
    accepted = refused = 0
    compared = {"requests": 0, "responses": 0}
    for number, case in enumerate(itertools.islice(fuzzed(seed=20), INPUTS)):
        said = check(case)
        accepted += said.error is None
        refused += said.error is not None
        if number % SHARE_FOR_H11 == 0:
            compared["requests" if case.is_request else "responses"] += compare_fuzzed_with_h11(case, said)
    assert min(accepted, refused) > INPUTS // 5
    assert min(compared.values()) > INPUTS // 100


@pytest.mark.fuzz
def test_spoilt_frames_are_read_alike_in_any_pieces_and_as_struct_reads_them() -> None:
    said = [check_frames(case) for case in itertools.islice(fuzzed_frames(seed=21), INPUTS)]
    assert min(map(said.count, [None, "Truncated", "BodyTooLarge"])) > INPUTS // 20
