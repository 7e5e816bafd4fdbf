"""aiohttp's real client and server, over loopback: we read what they send, and they what we send."""

from __future__ import annotations

from framing_exchanges import CONVERSATIONS, Exchange
from framing_loopback import check_with_aiohttp_s_client, check_with_aiohttp_s_server
from hypothesis import given, settings


@settings(max_examples=40, deadline=None)
@given(CONVERSATIONS)
async def test_we_read_what_aiohttp_s_client_asks_and_it_reads_what_we_answer(conversation: list[Exchange]) -> None:
    await check_with_aiohttp_s_client(conversation)


@settings(max_examples=40, deadline=None)
@given(CONVERSATIONS)
async def test_aiohttp_s_server_reads_what_we_ask_and_we_read_what_it_answers(conversation: list[Exchange]) -> None:
    await check_with_aiohttp_s_server(conversation)
