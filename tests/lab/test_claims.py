"""Claims: a verdict with its measurement, and what happens when the two disagree."""

import pytest

from patterns.lab.claims import as_row, claim, claims
from patterns.lab.kernel import Failure


def test_claims_are_kept_in_order_and_a_cell_run_again_replaces_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    claim("It is simple", "holds", measured="20 lines", confirmed=True)
    claim("It is HTTP", "false", measured="5 dialects", confirmed=True, idea="request-response-is-http")
    claim("It is simple", "holds with a limit", measured="21 lines", confirmed=True)
    assert repr(claims()) == "It is simple — holds with a limit: 21 lines\nIt is HTTP — false: 5 dialects"
    assert capsys.readouterr().out.splitlines()[0] == "It is simple — holds: 20 lines"
    assert "2 of 2 confirmed" in claims()._repr_html_()


def test_a_measurement_that_disagrees_says_so_and_counts_as_a_failure(shown: list[Failure]) -> None:
    claim("It is <fast>", "holds", measured="900 ms", confirmed=False)
    assert repr(claims()) == "It is <fast> — holds (not confirmed here): 900 ms"
    html = claims()._repr_html_()
    assert "not confirmed here" in html
    assert "0 of 1 confirmed" in html
    assert "It is &lt;fast&gt;" in html
    assert 'data-confirmed="false"' in as_row(claims().rows[0])
    assert [(failure.where, failure.error) for failure in shown] == [
        ("claim “It is <fast>”", "NotConfirmed: expected “holds”, measured 900 ms")
    ]
    shown.clear()


def test_a_false_claim_shows_the_right_idea_and_where_to_see_it() -> None:
    claim("It is HTTP", "false", measured="5 dialects", confirmed=True, idea="request-response-is-http")
    assert 'href="01_request_response.ipynb#cell-id=' in as_row(claims().rows[0])


def test_an_unknown_verdict_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a verdict of holds, holds with a limit, false; got 'maybe'"):
        claim("It is simple", "maybe", measured="", confirmed=True)


def test_without_claims_the_table_says_so() -> None:
    assert repr(claims()) == "no claims yet"
    assert "No claims measured yet." in claims()._repr_html_()
