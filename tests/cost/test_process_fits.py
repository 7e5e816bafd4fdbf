"""cost/process/fits: how many connections are possible, said beforehand and in words."""

from __future__ import annotations

import os
import resource

import pytest

from patterns.cost.process import (
    Fits,
    descriptors_used,
    ephemeral_ports,
    raise_descriptor_limit,
    what_fits,
    what_ports_allow,
)


@pytest.mark.parametrize(
    ("wanted", "per_client", "soft", "used", "reserve", "n"),
    [
        (1_000, 1, 4_096, 100, 200, 1_000),
        (3_796, 1, 4_096, 100, 200, 3_796),  # exactly
        (3_797, 1, 4_096, 100, 200, 3_796),  # one too many
        (3_796, 2, 4_096, 100, 200, 1_898),
        (1_899, 2, 4_097, 100, 200, 1_898),  # half a client does not fit
        (5, 1, 256, 100, 200, 0),  # nothing fits, and it is not negative
        (0, 1, 256, 100, 200, 0),
    ],
)
def test_what_fits_is_what_descriptors_are_left_for(
    wanted: int, per_client: int, soft: int, used: int, reserve: int, n: int
) -> None:
    fits = what_fits(wanted, per_client, soft=soft, used=used, reserve=reserve)
    assert (fits.n, fits.wanted, fits.cut, bool(fits.why)) == (n, wanted, n < wanted, n < wanted)


def test_who_is_cut_is_told_by_how_much_why_and_how_to_raise_it() -> None:
    assert what_fits(9_900, 2, soft=4_096, used=96, who="the kernel").why == (
        "1,900 of 9,900 connections fit: the kernel may open 4,096 descriptors, 96 are open and 200 are kept in "
        "reserve, each connection takes 2. For all of them: `ulimit -n 20096` in the terminal before the start; "
        "where that is refused, the hard limit must be raised first (Linux: /etc/security/limits.conf)."
    )
    assert not what_fits(9_900, 2, soft=20_096, used=96).cut, "what it told is enough"


def test_one_source_address_leads_as_many_connections_to_a_server_as_there_are_ports() -> None:
    assert what_ports_allow(28_232, 1, ports=28_232) == Fits(28_232, 28_232)
    assert what_ports_allow(60_000, 2, ports=28_232) == Fits(
        56_464,
        60_000,
        "56,464 of 60,000 connections fit: to one server lead at most 28,232 from each source address, "
        "and there are 2; for all of them give 3, such as 127.0.0.1, 127.0.0.2, …",
    )
    assert 1_000 < ephemeral_ports() < 65_536


def test_numbers_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected wanted ≥ 0 and per_client ≥ 1, got -1 and 1$"):
        what_fits(-1, soft=10, used=0)
    with pytest.raises(ValueError, match=r"^expected wanted ≥ 0 and per_client ≥ 1, got 1 and 0$"):
        what_fits(1, 0, soft=10, used=0)
    with pytest.raises(ValueError, match=r"^expected wanted ≥ 0 and at least one address, got 1 and 0$"):
        what_ports_allow(1, 0)


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = before
    lowered = min(soft, 256 + descriptors_used())
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowered, hard))
    try:
        assert raise_descriptor_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard or hard == resource.RLIM_INFINITY
        assert raise_descriptor_limit() >= lowered
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_descriptors_in_use_are_counted() -> None:
    before = descriptors_used()
    more = [os.open(os.devnull, os.O_RDONLY) for _ in range(7)]
    try:
        assert descriptors_used() == before + 7
    finally:
        for descriptor in more:
            os.close(descriptor)
