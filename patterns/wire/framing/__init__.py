"""Framing: where a message starts and where it ends, without a socket.

errors      what can be wrong with the bytes, each with a name
messages    requests and responses
table       the states of the parser and the moves between them
events      what a parser finds: Head, Data, End
http1       the parser, fed in any pieces; events come out
directions  the parser for requests and the parser for responses
grammar     what the lines of a head look like
body        where a body ends
assembler   whole messages, with their place in the stream
encoding    from messages to bytes
frames      the other way: a length in front of everything
"""

from patterns.wire.framing.assembler import Assembler, Message, RequestAssembler, ResponseAssembler
from patterns.wire.framing.directions import RequestParser, ResponseParser
from patterns.wire.framing.encoding import LAST_CHUNK, encode, encode_chunk
from patterns.wire.framing.errors import (
    BadChunk,
    BadHeader,
    BadLength,
    BadStartLine,
    BodyTooLarge,
    FramingError,
    HeadTooLarge,
    StartLineTooLong,
    Truncated,
    UnsupportedCoding,
    UnsupportedVersion,
)
from patterns.wire.framing.events import Data, End, Event, Head
from patterns.wire.framing.frames import FrameParser, encode_frame
from patterns.wire.framing.http1 import Parser
from patterns.wire.framing.messages import Headers, Limits, Request, Response
from patterns.wire.framing.table import TRANSITIONS, IllegalMove, Move, State

__all__ = [
    "LAST_CHUNK",
    "TRANSITIONS",
    "Assembler",
    "BadChunk",
    "BadHeader",
    "BadLength",
    "BadStartLine",
    "BodyTooLarge",
    "Data",
    "End",
    "Event",
    "FrameParser",
    "FramingError",
    "Head",
    "HeadTooLarge",
    "Headers",
    "IllegalMove",
    "Limits",
    "Message",
    "Move",
    "Parser",
    "Request",
    "RequestAssembler",
    "RequestParser",
    "Response",
    "ResponseAssembler",
    "ResponseParser",
    "StartLineTooLong",
    "State",
    "Truncated",
    "UnsupportedCoding",
    "UnsupportedVersion",
    "encode",
    "encode_chunk",
    "encode_frame",
]
