"""Kafka's real clients in one shape, so that a test says once what all three shall do."""

import pytest

from real_clients.aio import AioKafka
from real_clients.kafka_python import KafkaPython
from real_clients.librdkafka import Librdkafka
from real_clients.shape import LIMIT_S, Client, Got, Partition, Reader, until

# kafka-python leaves the sockets of attempts to connect that failed to the collector.
UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
CLIENTS: tuple[Client, ...] = (KafkaPython(), AioKafka(), Librdkafka())

__all__ = ["CLIENTS", "LIMIT_S", "UNCLOSED", "Client", "Got", "Partition", "Reader", "until"]
