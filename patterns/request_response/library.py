"""One question, five languages: "what is the title of book 2?" through one unchanged server.

The problem: people say REST, RPC, GraphQL, SQL or DNS as if each were a way of communicating of its own.
The assumption: each is a question and an answer in bytes; the pattern between them is the same.
The bargain: whoever may ask anything may ask too much. So a question has a length here, and an answer too: what
would hold the loop, or the memory, is refused.
So the server is not touched. A dialect here is a handler, `Request → Response`, over the same small
library in SQLite, and `route` chooses one by the path.
"""

import contextlib
import json
import math
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import graphql
from dns.message import Message

from patterns.request_response.server import Handler
from patterns.wire.framing import Request, Response

BOOKS = (
    (1, "The Mythical Man-Month", 1975),
    (2, "Computer Networks", 1981),
    (3, "TCP/IP Illustrated", 1994),
    (4, "Unix Network Programming", 1990),
)
ZONE = dns.name.from_text("books.example.")
SQL_STEPS = 100_000  # virtual-machine steps after which a query is stopped: a handler must not hold the loop
SQL_VALUE_BYTES = 65_536  # no text or blob that a query makes may be as long
SQL_COLUMNS = 16
SQL_ANSWER_BYTES = 100_000  # all rows of an answer together, as JSON
QUESTION_BYTES = 16_384  # the longest body of a question
QUESTION_PARTS = 500  # the words and signs of a GraphQL query
SQL_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


def route(handlers: Mapping[str, Handler]) -> Handler:
    """Choose a handler by the longest matching prefix of the path; none is 404."""
    by_length = sorted(handlers.items(), key=lambda entry: -len(entry[0]))

    async def choose(request: Request) -> Response:
        if (path := _path(request)) is None:
            return _bad_target()
        for prefix, handler in by_length:
            if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
                return await handler(request)
        return _json({"error": f"nothing is served at {path}; there is {', '.join(sorted(handlers))}"}, 404)

    return choose


class Library:
    """Four books in an in-memory SQLite database, and a handler for each dialect.

    SQLite works inside the process and blocks the loop for some microseconds here; a database across a
    network would be one more request-response, asked from inside this one.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._database.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER)")
        self._database.executemany("INSERT INTO books VALUES (?, ?, ?)", BOOKS)
        self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SQL_VALUE_BYTES)
        self._database.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, SQL_COLUMNS)
        self._database.set_authorizer(_only_reading)
        self._schema = graphql.build_schema(
            "type Book { id: Int! title: String! year: Int! } type Query { book(id: Int!): Book books: [Book!]! }"
        )

    def handler(self) -> Handler:
        """All five dialects behind one server; a question over QUESTION_BYTES is 413."""
        dialects = route(
            {
                "/books": self.rest,
                "/rpc": self.json_rpc,
                "/graphql": self.graphql,
                "/sql": self.sql,
                "/dns-query": self.dns,
            }
        )

        async def handle(request: Request) -> Response:
            if (size := len(request.body)) > QUESTION_BYTES:
                return _json({"error": f"expected a question of at most {QUESTION_BYTES} bytes, got {size}"}, 413)
            return await dialects(request)

        return handle

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def book(self, number: int) -> dict[str, Any] | None:
        """One book as a dictionary of id, title and year, or None."""
        if number.bit_length() > 63:  # SQLite's integers end there, and so do the books
            return None
        rows = self._database.execute("SELECT id, title, year FROM books WHERE id = ?", (number,)).fetchall()
        return dict(zip(("id", "title", "year"), rows[0], strict=True)) if rows else None

    def books(self) -> list[dict[str, Any]]:
        """Every book, by id."""
        return [book for (number, _, _) in BOOKS if (book := self.book(number))]

    async def rest(self, request: Request) -> Response:
        """`GET /books` and `GET /books/2`: the question is the method and the path (HTTP, RFC 9110)."""
        if request.method not in {"GET", "HEAD"}:
            return _json({"error": "these books are to be read: GET or HEAD"}, 405, ("Allow", "GET, HEAD"))
        if (path := _path(request)) is None:
            return _bad_target()
        _, _, name = path.strip("/").partition("/")
        if not name:
            return _json(self.books())
        book = self.book(int(name)) if name.isdecimal() and len(name) < 10 else None
        return _json(book) if book else _json({"error": f"no book {name!r}"}, 404)

    async def json_rpc(self, request: Request) -> Response:
        """`{"method": "book", "params": [2], "id": 1}`: the question is a call (JSON-RPC 2.0)."""
        try:
            call = _from_json(request.body)
        except ValueError as error:
            return _json(_rpc_error(None, -32700, f"Parse error: {error}"))
        if isinstance(call, list) and call:  # a batch is answered by a batch, without the notifications
            answers = [answer for one in call if (answer := self._call(one)) is not None]
            return _json(answers) if answers else Response(204)
        answer = self._call(call)
        return _json(answer) if answer is not None else Response(204)

    def _call(self, call: Any) -> dict[str, Any] | None:
        match call:
            case {"jsonrpc": "2.0", "method": str(), "id": str() | int() | float() | None as number} if (
                number is not True and number is not False  # which are integers to Python, not to JSON
            ):
                return self._dispatch(call)
            case {"jsonrpc": "2.0", "method": str(), **rest} if "id" not in rest:
                return None  # a notification: nothing here is done for its effect
        return _rpc_error(None, -32600, "Invalid Request")

    def _dispatch(self, call: dict[str, Any]) -> dict[str, Any]:
        match call["method"], call.get("params", []):
            case "book", ([int(number)] | {"id": int(number)}) as params if type(number) is int and len(params) == 1:
                return {"jsonrpc": "2.0", "result": self.book(number), "id": call.get("id")}
            case "books", ([] | {}) as params if not params:  # the pattern {} alone is any mapping
                return {"jsonrpc": "2.0", "result": self.books(), "id": call.get("id")}
            case "book" | "books", _:
                return _rpc_error(call.get("id"), -32602, "Invalid params: book takes one integer, books none")
        return _rpc_error(call.get("id"), -32601, "Method not found: there is book and books")

    async def graphql(self, request: Request) -> Response:
        """`{ book(id: 2) { title } }`: the question names the fields of the answer (GraphQL)."""
        try:
            asked = _from_json(request.body)
        except ValueError:
            asked = None
        match {"variables": None, "operationName": None} | (asked if isinstance(asked, dict) else {}):
            case {"query": str(query), "variables": dict() | None as variables, "operationName": str() | None as name}:
                root = {"book": lambda _info, id: self.book(id), "books": lambda _info: self.books()}
                try:
                    graphql.parse(query, max_tokens=QUESTION_PARTS)
                except graphql.GraphQLError as error:  # too long, or none: not to be validated and executed
                    return _json(graphql.ExecutionResult(errors=[error]).formatted)
                result = await graphql.graphql(self._schema, query, root, None, variables, name)
                return _json(result.formatted)
        wanted = 'expected a JSON object with a "query", and if need be "variables" (an object) and "operationName"'
        return _json({"errors": [{"message": wanted}]}, 400)

    async def sql(self, request: Request) -> Response:
        """`SELECT title FROM books WHERE id = 2`: the question is a query; rows come back as JSON lists."""
        deadline = iter(range(SQL_STEPS // 1000))
        self._database.set_progress_handler(lambda: next(deadline, None) is None, 1000)
        try:
            with contextlib.closing(self._database.execute(request.body.decode())) as rows:
                return _json_rows(rows)
        except (sqlite3.Error, sqlite3.Warning, ValueError, TypeError) as error:  # or what JSON has no word for
            return _json({"error": str(error)}, 400)
        finally:
            self._database.set_progress_handler(None, 0)

    async def dns(self, request: Request) -> Response:
        """A TXT question for `2.books.example.`: a DNS message of RFC 1035, carried over HTTP as in RFC 8484.

        DNS over UDP has the same question and the same answer, each in one datagram; only what carries
        them differs.
        """
        try:
            answer = self.resolve(dns.message.from_wire(request.body))
        except (dns.exception.DNSException, ValueError):
            return Response(400, headers=(("Content-Type", "text/plain"),), body=b"not a DNS question\n")
        return Response(200, headers=(("Content-Type", "application/dns-message"),), body=answer)

    def resolve(self, question: Message) -> bytes:
        """Answer a DNS question in wire format; a name without a book is NXDOMAIN.

        Upper and lower case are the same name (RFC 4343). `books.example.` itself exists, since there are
        names below it (RFC 8020), but has no data. `ValueError` when nothing is asked, `dns.message.FormError`
        when the message is itself an answer.
        """
        answer = dns.message.make_response(question)
        if not question.question:
            raise ValueError("expected a question, got a DNS message without")
        asked = question.question[0]
        book = None
        match asked.name.relativize(ZONE).labels:
            case [label] if label.isdigit() and len(label) < 10:
                book = self.book(int(label))
        if book is None and asked.name != ZONE:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif book and asked.rdtype == dns.rdatatype.TXT:
            answer.answer.append(dns.rrset.from_text(asked.name, 300, "IN", "TXT", json.dumps(book["title"])))
        return answer.to_wire()


def _only_reading(action: int, *_: str | None) -> int:
    """What a statement may do, asked by SQLite while it compiles one: read; not write, attach or configure."""
    return sqlite3.SQLITE_OK if action in SQL_READS else sqlite3.SQLITE_DENY


def _path(request: Request) -> str | None:
    """The path of the target; None where the target is none (`//[` opens an address and does not close it)."""
    try:
        return urlsplit(request.target).path
    except ValueError:
        return None


def _bad_target() -> Response:
    return _json({"error": "expected a path in the request's target, such as /books/2"}, 400)


def _rpc_error(number: object, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": number}


def _from_json(body: bytes) -> Any:
    """The value of a JSON text; `ValueError` for what is none by RFC 8259, is too deep, or has too large a number."""
    try:
        return json.loads(body, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("expected JSON that can be read, got too many brackets within brackets") from None


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(f"expected a finite number, got {number[:20]}")
    return value


def _json_rows(rows: sqlite3.Cursor) -> Response:
    """Up to SQL_ANSWER_BYTES of rows, made one at a time; `ValueError` when there are more."""
    pieces, size = [], 2
    for row in rows:
        pieces.append(json.dumps(row, allow_nan=False))
        size += len(pieces[-1]) + 2
        if size > SQL_ANSWER_BYTES:
            raise ValueError(f"expected an answer of at most {SQL_ANSWER_BYTES} bytes, got more; ask for less at once")
    body = f"[{', '.join(pieces)}]".encode()
    return Response(200, headers=(("Content-Type", "application/json"),), body=body)


def _json(value: object, status: int = 200, *headers: tuple[str, str]) -> Response:
    body = json.dumps(value, allow_nan=False).encode()  # ASCII, \u escapes for the rest: any string can be sent
    return Response(status, headers=(("Content-Type", "application/json"), *headers), body=body)
