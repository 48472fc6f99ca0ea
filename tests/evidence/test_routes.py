"""Paths to routes, and how many of them are kept."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.evidence.routes import AN_ID, ID_SEGMENTS, OTHER, capped, is_of, matches, template
from scaling_lib.evidence.sql import literal


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("", "/"),
        ("/orders/123?x=1", "/orders/{id}"),
        ("/orders/123/", "/orders/{id}"),
        ("https://shop.example/orders/7#top", "/orders/{id}"),
        ("/users/6f1e0f7c-0d3a-4a55-9c4b-0a8f6a3c2b11", "/users/{id}"),
        ("/cart/cart-9f31c2aa/items", "/cart/{id}/items"),
        ("/days/2025-11-03", "/days/{id}"),
        ("/mail/ann@example.org", "/mail/{id}"),
        ("/api/v2/orders", "/api/v2/orders"),
        ("/static/app.js", "/static/app.js"),
        ("/decade", "/decade"),
    ],
)
def test_template(path: str, route: str) -> None:
    assert template(path) == route


@given(st.text(max_size=60) | st.from_regex(r"(/[a-z0-9-]{0,12}){0,5}(\?.*)?", fullmatch=True))
def test_template_is_idempotent(path: str) -> None:
    assert template(template(path)) == template(path)


@given(
    st.dictionaries(st.text(max_size=5), st.integers(1, 1000), max_size=30),
    st.lists(st.text(max_size=5), max_size=6),
    st.integers(0, 20),
)
def test_capped_keeps_named_and_busiest(counts: dict[str, int], named: list[str], most: int) -> None:
    kept = capped(counts, named, most)
    assert kept.keys() == counts.keys()
    stay = {route for route, to in kept.items() if to == route}
    assert set(named) & set(counts) <= stay | {OTHER}
    assert len(stay - {OTHER}) <= max(most, len(set(named) & set(counts)))
    unnamed = set(counts) - set(named)
    folded = unnamed - stay - {OTHER}
    assert all(counts[a] >= counts[b] for a in (stay & unnamed) - {OTHER} for b in folded)


@pytest.mark.parametrize(
    ("pattern", "route", "hit"),
    [
        ("/orders", "POST /orders", True),
        ("POST /orders", "POST /orders", True),
        ("post /orders", "POST /orders", True),
        ("GET /orders", "POST /orders", False),
        ("/orders", "POST /orders/{id}", False),
        ("/orders*", "POST /orders/{id}", True),
        ("*", "anything", True),
        ("/a.b", "GET /axb", False),
        ("/orders/{id}", "/orders/{id}", True),
    ],
)
def test_matches(pattern: str, route: str, hit: bool) -> None:
    assert matches(pattern, route) is hit


SEGMENT = st.one_of(
    st.from_regex(r"[0-9a-f]{1,12}|[A-Za-z]{1,7}[-_]?[0-9]{1,4}|[0-9]{1,4}-[0-9]{2}", fullmatch=True),
    st.uuids().map(str),
    st.text(alphabet="ab19/?#;.-_@ {}é\n", max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(
    paths=st.lists(
        st.tuples(
            st.sampled_from(["/", "", "GET /", "http://12/"]), st.lists(SEGMENT, max_size=5), st.text(max_size=5)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_the_engine_replaces_is_an_id_to_the_template_too(
    paths: list[tuple[str, list[str], str]],
) -> None:
    texts = [start + "/".join(parts) + end for start, parts, end in paths]
    texts = [text for text in texts if "\0" not in text and text.isprintable()]
    sql = f"SELECT regexp_replace(path, {literal(ID_SEGMENTS)}, {literal(AN_ID)}, 'g') FROM (SELECT unnest(?) AS path)"
    replaced = [row[0] for row in duckdb.execute(sql, [texts]).fetchall()]
    assert [template(text) for text in replaced] == [template(text) for text in texts]


@pytest.mark.parametrize(
    ("route", "service", "theirs"),
    [
        ("POST /pay", "", True),
        ("/pay", "shop", True),
        ("*", "shop", True),
        ("POST /pay", "till", False),
        ("GET /pay", "", False),
        ("", "", False),
        ("", "shop", False),
    ],
)
def test_whose_requests_they_are(route: str, service: str, theirs: bool) -> None:
    assert is_of(("shop", "POST /pay"), route, service) is theirs


def test_a_million_ids_are_few_paths_to_the_engine() -> None:
    paths = [f"/orders/{place}/items/cart-{place * 7 % 90_000 + 10}/x?y={place}" for place in range(1000)]
    replaced = f"regexp_replace(split_part(path, '?', 1), {literal(ID_SEGMENTS)}, {literal(AN_ID)}, 'g')"
    sql = f"SELECT count(DISTINCT {replaced}) FROM (SELECT unnest(?) AS path)"
    assert duckdb.execute(sql, [paths]).fetchall() == [(1,)]
