"""What is said in a message, in a few words."""

from collections.abc import Callable, Iterable
from typing import Any

from patterns.wire.kafka import KafkaError, Struct, scan_batches
from patterns.wire.kafka.apis import discovery, fetch, produce, topics
from patterns.wire.tap.kafka import groups
from patterns.wire.tap.kafka.phrases import count, error, few, outcome, together


def describe_request(body: Struct) -> str:
    """What is asked, in a few words."""
    describer: Callable[[Any], str] = _REQUESTS.get(type(body), lambda body: "")
    return describer(body)


def describe_response(body: Struct) -> str:
    """What is answered, in a few words: errors by their names."""
    describer: Callable[[Any], str] = _RESPONSES.get(type(body), outcome)
    return describer(body)


def _batches(fields: Iterable[bytes | None]) -> str:
    """How many batches, and bytes, are in these fields."""
    data = [field for field in fields if field]
    if not data:
        return "nothing"
    size = count(sum(map(len, data)), "byte")
    try:
        return f"{count(sum(1 for field in data for _ in scan_batches(field)), 'batch')}, {size}"
    except KafkaError as error:
        return f"{type(error).__name__}, {size}"


def _fetch(body: fetch.FetchRequest) -> str:
    asked = [
        (topic.topic, each.partition, f"@{each.fetch_offset}") for topic in body.topics for each in topic.partitions
    ]
    return f"{few(together(asked)) or 'nothing'} min_bytes={body.min_bytes} max_wait={body.max_wait_ms}"


def _fetched(body: fetch.FetchResponse) -> str:
    parts = [(topic.topic, part) for topic in body.responses for part in topic.partitions]
    errors = together(
        (name, part.partition_index, f" {error(part.error_code)}") for name, part in parts if part.error_code
    )
    came = _batches(part.records for _, part in parts)
    said = [error(body.error_code), "" if errors and came == "nothing" else came, few(errors)]
    return ", ".join(part for part in said if part)


def _produce(body: produce.ProduceRequest) -> str:
    parts = [(topic.name, part) for topic in body.topic_data for part in topic.partition_data]
    to = few(together((name, part.index, "") for name, part in parts))
    return f"{to} {_batches(part.records for _, part in parts)}, acks={body.acks}"


def _produced(body: produce.ProduceResponse) -> str:
    return few(
        together(
            (topic.name, part.index, f" {error(part.error_code)}" if part.error_code else f"@{part.base_offset}")
            for topic in body.responses
            for part in topic.partition_responses
        )
    )


def _metadata(body: discovery.MetadataRequest) -> str:
    return "all topics" if body.topics is None else few(topic.name for topic in body.topics) or "no topics"


def _metadata_of(body: discovery.MetadataResponse) -> str:
    errors = few(f"{topic.name} {error(topic.error_code)}" for topic in body.topics if topic.error_code)
    counts = f"{count(len(body.brokers), 'broker')}, {count(len(body.topics), 'topic')}"
    return f"{counts}, {errors}" if errors else counts


def _offsets(body: topics.ListOffsetsRequest) -> str:
    named = {topics.EARLIEST: "earliest", topics.LATEST: "latest"}
    return few(
        together(
            (topic.name, part.partition_index, f"@{named.get(part.timestamp, f'{part.timestamp} ms')}")
            for topic in body.topics
            for part in topic.partitions
        )
    )


def _offsets_of(body: topics.ListOffsetsResponse) -> str:
    return few(
        together(
            (topic.name, part.partition_index, f" {error(part.error_code)}" if part.error_code else f"@{part.offset}")
            for topic in body.topics
            for part in topic.partitions
        )
    )


def _versions_of(body: discovery.ApiVersionsResponse) -> str:
    return ", ".join(filter(None, (error(body.error_code), count(len(body.api_keys), "api"))))


_REQUESTS: dict[type[Struct], Callable[[Any], str]] = {
    fetch.FetchRequest: _fetch,
    produce.ProduceRequest: _produce,
    discovery.MetadataRequest: _metadata,
    topics.ListOffsetsRequest: _offsets,
    topics.CreateTopicsRequest: lambda body: few(topic.name for topic in body.topics),
    discovery.FindCoordinatorRequest: lambda body: str(body.key),
    **groups.REQUESTS,
}
_RESPONSES: dict[type[Struct], Callable[[Any], str]] = {
    fetch.FetchResponse: _fetched,
    produce.ProduceResponse: _produced,
    discovery.MetadataResponse: _metadata_of,
    topics.ListOffsetsResponse: _offsets_of,
    topics.CreateTopicsResponse: lambda body: few(
        f"{topic.name} {error(topic.error_code)}".rstrip() for topic in body.topics
    ),
    discovery.ApiVersionsResponse: _versions_of,
    discovery.FindCoordinatorResponse: lambda body: error(body.error_code) or f"{body.host}:{body.port}",
    **groups.RESPONSES,
}
