"""Kafka's wire protocol, without a socket: requests and responses out of bytes in any pieces, and back.

The problem: clients that somebody else wrote shall talk to a broker of ours, and choose themselves in which version.
The assumption: the tables that Kafka publishes are all there is to know (kafka.apache.org/protocol).
The bargain: only versions with plain lengths (but for ApiVersions 3); that is what every client falls back to,
and what a person can read in a hex dump.

schema      messages as tables of fields
apis        which apis there are, and their tables, one module for each family
codes       the protocol's numbers: apis and errors
errors      what can be wrong, each with a name
values      single values, and what is wrong with them
walk        a table walked along: slow, and all there is to it
compiled    the same written out as functions, for what is in daily use
codec       one message to bytes and back
frames      whole requests and responses out of bytes in any pieces
batches     record batches from outside, as a broker sees them
records     record batches from inside, as producers and consumers do
consumer_protocol   what the consumers of a group say to each other inside of the group apis
"""

from patterns.wire.kafka.apis import ALL, API_OF, APIS, WITHOUT_GROUPS, Api, Versions
from patterns.wire.kafka.batches import Batch, Stamped, produced_batches, scan_batches, stamp
from patterns.wire.kafka.codec import encode_request, encode_response
from patterns.wire.kafka.codes import ApiKey, ErrorCode
from patterns.wire.kafka.errors import (
    BadLength,
    BadText,
    BadVarint,
    Compressed,
    CorruptBatch,
    FrameError,
    Incomplete,
    InvalidBatch,
    KafkaError,
    Malformed,
    NegativeLength,
    Oversized,
    RecordsError,
    TrailingBytes,
    Truncated,
    Unencodable,
    UnexpectedResponse,
    UnknownApi,
    UnsupportedMagic,
    UnsupportedVersion,
)
from patterns.wire.kafka.frames import (
    MAX_FRAME,
    Frames,
    Request,
    RequestReader,
    Response,
    ResponseReader,
    api_versions_response,
)
from patterns.wire.kafka.records import Record, decode_records, encode_batch
from patterns.wire.kafka.schema import Field, Struct, table

__all__ = [
    "ALL",
    "APIS",
    "API_OF",
    "MAX_FRAME",
    "WITHOUT_GROUPS",
    "Api",
    "ApiKey",
    "BadLength",
    "BadText",
    "BadVarint",
    "Batch",
    "Compressed",
    "CorruptBatch",
    "ErrorCode",
    "Field",
    "FrameError",
    "Frames",
    "Incomplete",
    "InvalidBatch",
    "KafkaError",
    "Malformed",
    "NegativeLength",
    "Oversized",
    "Record",
    "RecordsError",
    "Request",
    "RequestReader",
    "Response",
    "ResponseReader",
    "Stamped",
    "Struct",
    "TrailingBytes",
    "Truncated",
    "Unencodable",
    "UnexpectedResponse",
    "UnknownApi",
    "UnsupportedMagic",
    "UnsupportedVersion",
    "Versions",
    "api_versions_response",
    "decode_records",
    "encode_batch",
    "encode_request",
    "encode_response",
    "produced_batches",
    "scan_batches",
    "stamp",
    "table",
]
