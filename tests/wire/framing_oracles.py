"""aiohttp's parsers, and we ourselves, as oracles: each check raises when two readings of the same bytes differ."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

from aiohttp import http_parser
from aiohttp.base_protocol import BaseProtocol
from framing_exchanges import (
    FRAMING_NAMES,
    HOST,
    Exchange,
    decoded,
    encoded_request,
    encoded_response,
    fed,
    is_kept,
    own,
)
from fuzz_framing import cut, outcome

from patterns.wire import framing


def check_with_aiohttp_s_parsers(pipelined: list[Exchange]) -> None:
    """aiohttp's parsers, the one in C and the one in Python, find our messages, one behind the other."""
    with_body = [exchange for exchange in pipelined if not exchange.has_no_answer_body]  # HEAD it cannot know of
    questions = [encoded_request(replace(exchange, request_connection=None)) for exchange in pipelined]
    answers = [encoded_response(replace(exchange, response_connection=None)) for exchange in with_body]
    for parser in (http_parser.HttpRequestParser, http_parser.HttpRequestParserPy):
        assert read_by_aiohttp(parser, b"".join(questions)) == [
            (asked.method, asked.target, list(HOST + asked.headers), exchange.question)
            for exchange in pipelined
            for asked in [exchange.request]
        ]
    for parser in (http_parser.HttpResponseParser, http_parser.HttpResponseParserPy):
        assert read_by_aiohttp(parser, b"".join(answers)) == [
            (said.status, said.reason, list(said.headers), exchange.answer)
            for exchange in with_body
            for said in [exchange.response]
        ]


def read_by_aiohttp(parser: type[http_parser.HttpParser], stream: bytes) -> list[tuple[object, ...]]:
    """(method or status, target or reason, headers, body) of each message; raises what aiohttp raises."""

    async def read() -> list[tuple[object, ...]]:
        loop = asyncio.get_running_loop()
        found, _, rest = parser(BaseProtocol(loop), loop, 2**16).feed_data(stream)
        assert not rest
        messages: list[tuple[object, ...]] = []
        for message, payload in found:
            fields = [
                field for field in decoded(message.raw_headers) if field[0].lower() not in FRAMING_NAMES - {"host"}
            ]
            words = (message.method, message.path) if hasattr(message, "method") else (message.code, message.reason)
            assert payload.is_eof(), "aiohttp does not find the end"
            messages.append((*words, fields, await payload.read()))
        return messages

    return asyncio.run(read())


def check_round_trip(pipelined: list[Exchange]) -> None:
    """What we write we read as it was, each message from its first byte to its last."""
    questions = [encoded_request(exchange) for exchange in pipelined]
    answers = [encoded_response(exchange) for exchange in pipelined]
    responses = framing.ResponseAssembler()
    for exchange in pipelined:
        responses.parser.expect(exchange.request.method)
    seed = sum(exchange.seed for exchange in pipelined)
    asked = fed(framing.RequestAssembler(), stream := b"".join(questions), seed)
    assert [stream[message.start : message.end] for message in asked] == questions
    answered = fed(responses, stream := b"".join(answers), seed)
    assert [stream[message.start : message.end] for message in answered] == answers
    for exchange, question, answer in zip(pipelined, asked, answered, strict=True):
        sent_request, sent_response = exchange.request, exchange.response
        expected = replace(sent_request, headers=question.what.headers, body=exchange.question)
        assert question.what == expected
        assert own(question.what.headers, sent_request.headers) == sent_request.headers
        assert answer.what == replace(sent_response, headers=answer.what.headers, body=exchange.answer)
        assert own(answer.what.headers, sent_response.headers) == sent_response.headers
        assert question.what.keep_alive is is_kept(sent_request.version, exchange.request_connection)
        assert answer.what.keep_alive is is_kept(sent_response.version, exchange.response_connection)


def check_splitting(pipelined: list[Exchange]) -> None:
    """Whole, byte by byte and cut at random: the same events, the same end."""
    chance = random.Random(sum(exchange.seed for exchange in pipelined))
    questions = b"".join(map(encoded_request, pipelined))
    answers = b"".join(map(encoded_response, pipelined))

    def responses() -> framing.Parser:
        parser = framing.ResponseParser()
        for exchange in pipelined:
            parser.expect(exchange.request.method)
        return parser

    for new, stream in ((framing.RequestParser, questions), (responses, answers)):
        whole = outcome(new(), [stream])
        assert whole.error is None
        assert outcome(new(), [stream[at : at + 1] for at in range(len(stream))]) == whole
        for _ in range(3):
            assert outcome(new(), cut(stream, chance)) == whole
