import json

import dns.message
import dns.rcode
import pytest

from patterns.request_response import Library, ask, serve
from patterns.request_response.library import BOOKS
from patterns.wire.framing import Request


@pytest.fixture
def library():
    library = Library()
    yield library
    library.close()


async def answered(library: Library, request: Request):
    async with await serve(library.handler()) as server:
        return await ask(server.address, request)


def rpc(**call) -> Request:
    return Request("POST", "/rpc", body=json.dumps({"jsonrpc": "2.0", **call}).encode())


async def test_rest_names_a_book_by_its_path(library):
    response = await answered(library, Request("GET", "/books/2"))
    assert json.loads(response.body) == {"id": 2, "title": "Computer Networks", "year": 1981}
    assert len(json.loads((await answered(library, Request("GET", "/books"))).body)) == len(BOOKS)


@pytest.mark.parametrize("path", ["/books/99", "/books/two", "/books/-1", "/books/1/2", "/nowhere"])
async def test_rest_answers_404_for_what_is_not_there(library, path):
    assert (await answered(library, Request("GET", path))).status == 404


async def test_rest_refuses_to_write(library):
    response = await answered(library, Request("DELETE", "/books/2"))
    assert (response.status, response.header("Allow")) == (405, "GET, HEAD")


async def test_json_rpc_calls_a_method(library):
    response = await answered(library, rpc(method="book", params=[2], id="a"))
    assert json.loads(response.body) == {"jsonrpc": "2.0", "result": library.book(2), "id": "a"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"[]", -32600),
        (b"3", -32600),
        (b'{"jsonrpc": "2.0", "method": "burn", "id": 1}', -32601),
        (b'{"jsonrpc": "2.0", "method": "book", "params": ["two"], "id": 1}', -32602),
        (b'{"jsonrpc": "2.0", "method": "book", "params": [true], "id": 1}', -32602),
        (b'{"jsonrpc": "2.0", "method": "book", "params": {"id": 2, "x": 1}, "id": 1}', -32602),
        (b'{"jsonrpc": "2.0", "method": "books", "params": {"x": 1}, "id": 1}', -32602),
        (b'{"jsonrpc": "2.0", "method": "books", "params": [1], "id": 1}', -32602),
        (b'{"jsonrpc": "2.0", "method": "books", "id": {}}', -32600),
        (b'{"jsonrpc": "2.0", "method": "books", "id": [1]}', -32600),
        (b'{"jsonrpc": "2.0", "method": "books", "id": true}', -32600),
        (b'{"jsonrpc": "2.0", "method": "books", "id": NaN}', -32700),
        (b'{"jsonrpc": "2.0", "method": "books", "id": 1e999}', -32700),
        (b"[" * 10_000, -32700),
    ],
)
async def test_json_rpc_says_what_is_wrong_with_a_call(library, body, code):
    response = await answered(library, Request("POST", "/rpc", body=body))
    assert json.loads(response.body)["error"]["code"] == code


async def test_json_rpc_answers_a_batch_but_no_notification(library):
    calls = [{"jsonrpc": "2.0", "method": "book", "params": {"id": n}, "id": n} for n in (1, 2)]
    notification = {"jsonrpc": "2.0", "method": "books"}
    response = await answered(library, Request("POST", "/rpc", body=json.dumps([*calls, notification]).encode()))
    assert [answer["id"] for answer in json.loads(response.body)] == [1, 2]
    assert (await answered(library, rpc(method="books"))).status == 204


async def test_graphql_gives_the_fields_that_were_asked_for(library):
    query = json.dumps({"query": "{ book(id: 2) { title } books { id } }"}).encode()
    response = await answered(library, Request("POST", "/graphql", body=query))
    assert json.loads(response.body) == {
        "data": {"book": {"title": "Computer Networks"}, "books": [{"id": n} for n in (1, 2, 3, 4)]}
    }


async def test_graphql_names_a_field_that_does_not_exist(library):
    response = await answered(library, Request("POST", "/graphql", body=b'{"query": "{ book(id: 2) { colour } }"}'))
    assert "Cannot query field 'colour'" in json.loads(response.body)["errors"][0]["message"]


async def test_sql_gives_rows(library):
    response = await answered(library, Request("POST", "/sql", body=b"SELECT title FROM books WHERE id = 2"))
    assert json.loads(response.body) == [["Computer Networks"]]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM books",
        "DROP TABLE books",
        "SELEC 1",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "PRAGMA query_only = OFF; DELETE FROM books",
        "PRAGMA query_only = OFF",
        "SELECT * FROM pragma_database_list",
        "ATTACH ':memory:' AS other",
        "BEGIN",
        "CREATE TEMP TABLE t (x)",
        "SELECT load_extension('x')",
        "SELECT zeroblob(1e9)",
        "SELECT length(zeroblob(1e9))",
        "SELECT x'00'",
        "SELECT 9e999",
        "SELECT ?",
    ],
)
async def test_sql_refuses_what_is_not_a_short_question(library, query):
    assert (await answered(library, Request("POST", "/sql", body=query.encode()))).status == 400
    assert len(library.books()) == len(BOOKS)


async def test_dns_answers_in_its_own_binary_form(library):
    question = dns.message.make_query("2.books.example.", "TXT")
    response = await answered(library, Request("POST", "/dns-query", body=question.to_wire()))
    answer = dns.message.from_wire(response.body)
    assert question.is_response(answer)
    assert answer.answer[0].to_text() == '2.books.example. 300 IN TXT "Computer Networks"'


async def test_dns_knows_no_other_name(library):
    question = dns.message.make_query("9.books.example.", "TXT")
    response = await answered(library, Request("POST", "/dns-query", body=question.to_wire()))
    assert dns.message.from_wire(response.body).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("body", [b"", b"GET / HTTP/1.1", bytes(12)])
async def test_what_is_not_a_dns_question_is_refused(library, body):
    assert (await answered(library, Request("POST", "/dns-query", body=body))).status == 400


async def test_a_target_that_is_no_path_is_refused(library):
    assert (await answered(library, Request("GET", "//["))).status == 400
    async with await serve(library.rest) as server:
        assert (await ask(server.address, Request("GET", "//["))).status == 400


@pytest.mark.parametrize("query", ["ATTACH '{}' AS stolen", "VACUUM INTO '{}'", "VACUUM main INTO '{}'"])
async def test_sql_writes_no_file(library, query, tmp_path):
    asked = Request("POST", "/sql", body=query.format(tmp_path / "stolen.db").encode())
    assert (await answered(library, asked)).status == 400
    assert list(tmp_path.iterdir()) == []


async def test_sql_stays_closed_to_writing_whatever_was_asked_before(library):
    for query in ("PRAGMA query_only = OFF", "DELETE FROM books", "INSERT INTO books VALUES (5, 'Mine', 2000)"):
        assert (await answered(library, Request("POST", "/sql", body=query.encode()))).status == 400
    assert [(book["id"], book["title"], book["year"]) for book in library.books()] == list(BOOKS)


async def test_sql_may_join_count_and_recur(library):
    query = b"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT count(*), max(year) "
    response = await answered(library, Request("POST", "/sql", body=query + b"FROM n JOIN books ON id = i"))
    assert json.loads(response.body) == [[3, 1994]]


@pytest.mark.parametrize("number", [10**20, -(10**20), 2**63, -(2**63), 0])
async def test_there_is_no_book_of_an_enormous_number(library, number):
    response = await answered(library, rpc(method="book", params=[number], id=1))
    assert json.loads(response.body) == {"jsonrpc": "2.0", "result": None, "id": 1}


@pytest.mark.parametrize("number", ["\ud800", "\u00e9", "", 0, 1.5, -1, None])
async def test_json_rpc_gives_the_id_back_as_it_came(library, number):
    response = await answered(library, rpc(method="book", params=[2], id=number))
    assert json.loads(response.body) == {"jsonrpc": "2.0", "result": library.book(2), "id": number}


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": 5}',
        b'{"query": "{ books { id } }", "variables": [1]}',
        b'{"query": "{ books { id } }", "operationName": 1}',
        b"{}",
        b"[1]",
        b"\xff",
        b"[" * 10_000,
    ],
)
async def test_what_is_not_a_graphql_question_is_refused(library, body):
    response = await answered(library, Request("POST", "/graphql", body=body))
    assert response.status == 400
    assert 'expected a JSON object with a "query"' in json.loads(response.body)["errors"][0]["message"]


async def test_graphql_takes_variables_and_the_name_of_the_operation(library):
    query = "query one($id: Int!) { book(id: $id) { title } } query all { books { id } }"
    asked = {"query": query, "variables": {"id": 3}, "operationName": "one"}
    response = await answered(library, Request("POST", "/graphql", body=json.dumps(asked).encode()))
    assert json.loads(response.body) == {"data": {"book": {"title": "TCP/IP Illustrated"}}}


@pytest.mark.parametrize(
    ("query", "why"),
    [("{a" * 4_000, "is nested too deeply"), ("{" + "books{id}" * 200 + "}", "contains more than 500 tokens")],
    ids=["deep", "wide"],
)
async def test_graphql_reads_only_so_deep_and_only_500_words_and_signs(library, query, why):
    response = await answered(library, Request("POST", "/graphql", body=json.dumps({"query": query}).encode()))
    (error,) = json.loads(response.body)["errors"]
    assert error["message"] == f"Syntax Error: Document {why}. Parsing aborted."


@pytest.mark.parametrize("path", ["/books", "/rpc", "/graphql", "/sql", "/dns-query"])
async def test_a_question_over_its_limit_is_refused(library, path):
    response = await answered(library, Request("POST", path, body=bytes(16_385)))
    assert (response.status, json.loads(response.body)) == (
        413,
        {"error": "expected a question of at most 16384 bytes, got 16385"},
    )


EVERY_ROW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT {} FROM n"


async def test_sql_answers_are_bounded_all_rows_together(library):
    query = EVERY_ROW.format("hex(zeroblob(1000))").encode()
    response = await answered(library, Request("POST", "/sql", body=query))
    assert (response.status, json.loads(response.body)) == (
        400,
        {"error": "expected an answer of at most 100000 bytes, got more; ask for less at once"},
    )


async def test_sql_leaves_out_no_row(library):
    response = await answered(library, Request("POST", "/sql", body=EVERY_ROW.format("i").encode()))
    assert json.loads(response.body) == [[number] for number in range(1, 2001)]


async def test_sql_rows_are_bounded_in_width(library):
    for columns, status in ((16, 200), (17, 400)):
        query = f"SELECT {', '.join('1' * columns)}".encode()
        assert (await answered(library, Request("POST", "/sql", body=query))).status == status
    for value_bytes, status in ((65_534, 200), (65_536, 400)):
        query = f"SELECT hex(zeroblob({value_bytes // 2}))".encode()
        assert (await answered(library, Request("POST", "/sql", body=query))).status == status


async def resolved(library: Library, name: str, kind: str):
    question = dns.message.make_query(name, kind)
    response = await answered(library, Request("POST", "/dns-query", body=question.to_wire()))
    return dns.message.from_wire(response.body)


async def test_a_dns_name_is_the_same_in_upper_case(library):
    answer = await resolved(library, "2.BOOKS.Example.", "TXT")
    assert answer.answer[0].to_text().endswith(' 300 IN TXT "Computer Networks"')


@pytest.mark.parametrize(
    ("name", "kind"), [("books.example.", "TXT"), ("Books.example.", "A"), ("2.books.example.", "A")]
)
async def test_a_dns_name_that_exists_without_data_is_no_error(library, name, kind):
    answer = await resolved(library, name, kind)
    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])


@pytest.mark.parametrize("name", ["two.books.example.", "2.1.books.example.", "2.", "2.books.example.org.", "."])
async def test_a_dns_name_outside_the_books_does_not_exist(library, name):
    assert (await resolved(library, name, "TXT")).rcode() == dns.rcode.NXDOMAIN


async def test_a_dns_answer_is_not_a_question(library):
    answer = dns.message.make_response(dns.message.make_query("2.books.example.", "TXT"))
    assert (await answered(library, Request("POST", "/dns-query", body=answer.to_wire()))).status == 400
