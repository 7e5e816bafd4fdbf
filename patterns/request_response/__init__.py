"""Lesson 1, request-response: ask once; where a request starts, where it ends.

A client sends a request; the server parses it (where does it start, where does it end), understands it,
executes it and responds; the client parses the response and uses it. Nothing else ever crosses the wire,
and the server never speaks first.

    server    the loop between a socket and a handler, on raw streams; its requests, and the same on_aiohttp
    client    ask once, on a kept connection, or many at once
    library   one question in five languages: REST, JSON-RPC, GraphQL, SQL, DNS
    transfer  many requests, one transfer: pieces, an end signal, coming back after a cut
    notices   the pattern's limit: a notification has to be pulled
"""

from patterns.request_response.client import Connection, Disconnected, ask, connect
from patterns.request_response.library import Library, route
from patterns.request_response.notices import notices, pull
from patterns.request_response.on_aiohttp import serve_aiohttp
from patterns.request_response.server import Handler, serve
from patterns.request_response.transfer import (
    GaveUp,
    Uploads,
    download,
    download_whole,
    downloads,
    upload,
    upload_whole,
)

__all__ = [
    "Connection",
    "Disconnected",
    "GaveUp",
    "Handler",
    "Library",
    "Uploads",
    "ask",
    "connect",
    "download",
    "download_whole",
    "downloads",
    "notices",
    "pull",
    "route",
    "serve",
    "serve_aiohttp",
    "upload",
    "upload_whole",
]
