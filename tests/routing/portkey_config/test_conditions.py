"""Queries: every operator, at any depth, without the three faults of Portkey's own evaluator (R8)."""

from typing import Any

import pytest

from fairlead.config.portkey_objects import planted
from fairlead.config.portkey_objects.query import Reader
from fairlead.routing.facts import Facts
from fairlead.routing.portkey_config.conditions import holds

BODY = b'{"model":"gpt-4","n":2,"flag":true,"deep":{"a":{"b":[{"c":"x"}]}},"none":null,"price":1.5}'
METADATA = '{"plan":"paid","n":"7","team.name":"core"}'


def facts(body: bytes = BODY, metadata: str | None = METADATA) -> Facts:
    return Facts(body, lambda name: metadata if name == b"x-portkey-metadata" else None, "/v1/chat/completions")


def asks(query: dict[str, Any]) -> bool:
    problems: list[Any] = []
    read = Reader(problems).query(planted.of(query))
    assert not problems
    return holds(read, facts())


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"metadata.plan": "paid"},
        {"metadata.plan": {"$eq": "paid"}},
        {"metadata.plan": {"$ne": "free"}},
        {"metadata.nothing": {"$ne": "free"}},
        {"metadata.n": {"$gt": 6, "$lt": 8}},
        {"metadata.n": {"$gte": "7", "$lte": 7}},
        {"metadata.plan": {"$in": ["free", "paid"]}},
        {"metadata.plan": {"$nin": ["free"]}},
        {"metadata.nothing": {"$nin": ["free"]}},
        {"metadata.plan": {"$regex": "^p.*d$"}},
        {"metadata.team.name": "core"},
        {"params.n": 2},
        {"params.n": {"$in": [1, 2]}},
        {"params.price": {"$gt": 1}},
        {"params.n": {"$regex": "^2$"}},
        {"params.flag": True},
        {"params.none": None},
        {"params.deep.a.b.0.c": "x"},
        {"params.deep.a": {"$eq": {"b": [{"c": "x"}]}}},
        {"url.pathname": {"$regex": "/chat/"}},
        {"$and": [{"metadata.plan": "paid"}, {"params.n": 2}]},
        {"$or": [{"metadata.plan": "free"}, {"params.n": 2}]},
        {"$not": {"metadata.plan": "free"}},
        {"metadata.plan": {"$not": {"$eq": "free"}}},
        {"metadata.plan": {"$not": "free"}},
    ],
)
def test_it_holds(query: dict[str, Any]) -> None:
    assert asks(query)
    assert not asks({"$not": query})


@pytest.mark.parametrize(
    "query",
    [
        {"metadata.plan": {"$eq": "free"}},
        {"metadata.n": {"$eq": 7}},
        {"metadata.plan": {"$gt": 1}},
        {"metadata.n": {"$gt": 7}},
        {"metadata.n": {"$lt": 7}},
        {"metadata.nothing": {"$eq": None}},
        {"metadata.nothing": {"$regex": "undef"}},
        {"metadata.nothing": {"$lt": 1}},
        {"params.flag": 1},
        {"params.n": True},
        {"params.deep.a.b.1.c": "x"},
        {"params.deep.a.b.c": "x"},
        {"params.model.length": 5},
        {"metadata.plan": "paid", "params.n": 3},
    ],
)
def test_it_does_not_hold(query: dict[str, Any]) -> None:
    assert not asks(query)


def test_r8_what_stands_beside_or_counts() -> None:
    assert not asks({"$or": [{"metadata.plan": "paid"}], "params.n": 3})
    assert asks({"$or": [{"metadata.plan": "paid"}], "params.n": 2})


def test_r8_what_stands_beside_and_counts() -> None:
    assert not asks({"$and": [{"metadata.plan": "paid"}], "params.n": 3})


def test_r8_what_stands_beside_regex_counts() -> None:
    assert not asks({"metadata.plan": {"$regex": "^p", "$ne": "paid"}})
    assert asks({"metadata.plan": {"$regex": "^p", "$ne": "free"}})


def test_a_call_without_metadata_or_with_a_broken_body_has_nothing() -> None:
    read = Reader([]).query(planted.of({"metadata.plan": "paid"}))
    assert not holds(read, facts(metadata=None))
    assert not holds(read, facts(metadata="no json"))
    assert not holds(Reader([]).query(planted.of({"params.n": 2})), facts(body=b"\xff"))
