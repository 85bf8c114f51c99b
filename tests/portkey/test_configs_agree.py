"""The same configs, given to Portkey's own gateway (`@portkey-ai/gateway`) and to ours, come to the same.

Where they do not, `docs/reference/portkey-configs.md` says so, with the reason; its table is held to here.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.portkey.configs import Case, Seen, ups
from tests.support.gateway import read_reply, request_bytes, running

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "portkey-configs.md"


def to(up: str, **more: Any) -> dict[str, Any]:
    return {"provider": f"@{up}", **more}


def fallback(*targets: Any, codes: list[int] | None = None, **more: Any) -> dict[str, Any]:
    strategy = {"mode": "fallback"} | ({"on_status_codes": codes} if codes is not None else {})
    return {"strategy": strategy, "targets": list(targets), **more}


def one_of(*targets: Any, **more: Any) -> dict[str, Any]:
    return {"strategy": {"mode": "loadbalance"}, "targets": list(targets), **more}


def where(query: dict[str, Any], **more: Any) -> dict[str, Any]:
    """`a` where the query holds, else `b`."""
    strategy = {"mode": "conditional", "conditions": [{"query": query, "then": "yes"}], "default": "no", **more}
    return {"strategy": strategy, "targets": [to("a", name="yes"), to("b", name="no")]}


NO_DEFAULT = where({"metadata.plan": "x"})
del NO_DEFAULT["strategy"]["default"]
BAD_GOOD = {"a": [500], "b": [200]}
BOTH = {"a": [200], "b": [200]}
THREE = {"a": [500], "b": [503], "c": [200]}
PAID = {"x-portkey-metadata": '{"plan":"paid","n":"7","user_id":"u-12"}'}


def query(case: str, asked: dict[str, Any], **body: Any) -> Case:
    return Case(case, where(asked), BOTH, body, PAID)


CASES = [
    Case("lone-target", to("a")),
    Case("lone-target-fails", to("a"), {"a": [400]}),
    Case("single", {"strategy": {"mode": "single"}, "targets": [to("a"), to("b")]}, BOTH),
    Case(
        "single-does-not-fall-back",
        {"strategy": {"mode": "single"}, "targets": [to("a"), to("b")]},
        {"a": [400], "b": [200]},
    ),
    Case("fallback-first-answers", fallback(to("a"), to("b")), BOTH),
    Case("fallback-on-500", fallback(to("a"), to("b")), BAD_GOOD),
    Case("fallback-on-400", fallback(to("a"), to("b")), {"a": [400], "b": [200]}),
    Case("fallback-on-401", fallback(to("a"), to("b")), {"a": [401], "b": [200]}),
    Case("fallback-on-listed-429", fallback(to("a"), to("b"), codes=[429]), {"a": [429], "b": [200]}),
    Case("fallback-on-listed-401", fallback(to("a"), to("b"), codes=[401]), {"a": [401], "b": [200]}),
    Case("fallback-not-on-others", fallback(to("a"), to("b"), codes=[429]), {"a": [400], "b": [200]}),
    Case("fallback-of-three", fallback(to("a"), to("b"), to("c")), THREE),
    Case("fallback-all-fail", fallback(to("a"), to("b")), {"a": [400], "b": [422]}),
    Case(
        "nested-inner-falls",
        fallback(fallback(to("a"), to("b"), codes=[500]), to("c")),
        {"a": [500], "b": [200], "c": [200]},
    ),
    Case(
        "nested-inner-stops-outer-goes-on",
        fallback(fallback(to("a"), to("b"), codes=[429]), to("c")),
        {"a": [503], "b": [200], "c": [200]},
    ),
    Case(
        "nested-outer-stops",
        fallback(fallback(to("a"), to("b"), codes=[400]), to("c"), codes=[429]),
        {"a": [400], "b": [422], "c": [200]},
    ),
    Case(
        "nested-three-deep",
        fallback(fallback(fallback(to("a"), to("b")), to("c")), to("d")),
        {**THREE, "c": [502], "d": [200]},
    ),
    Case(
        "loadbalance-within-fallback",
        fallback(one_of(to("a", weight=0), to("b", weight=1)), to("c")),
        {"a": [200], "b": [500], "c": [200]},
    ),
    Case("loadbalance-weight-0", one_of(to("a", weight=0), to("b", weight=3)), BOTH),
    Case("loadbalance-does-not-fall-back", one_of(to("a", weight=1), to("b", weight=0)), {"a": [400], "b": [200]}),
    Case(
        "conditional-within-fallback",
        fallback(where({"metadata.plan": "paid"}), to("c")),
        {"a": [500], "b": [200], "c": [200]},
        {},
        PAID,
    ),
    query("eq", {"metadata.plan": {"$eq": "paid"}}),
    query("eq-plain", {"metadata.plan": "paid"}),
    query("eq-other", {"metadata.plan": {"$eq": "free"}}),
    query("eq-text-is-no-number", {"metadata.n": {"$eq": 7}}),
    query("ne", {"metadata.plan": {"$ne": "free"}}),
    query("ne-absent", {"metadata.nothing": {"$ne": "free"}}),
    query("gt-text", {"metadata.n": {"$gt": 6}}),
    query("gte", {"metadata.n": {"$gte": 7}}),
    query("lt", {"metadata.n": {"$lt": 7}}),
    query("lte", {"metadata.n": {"$lte": "7"}}),
    query("gt-no-number", {"metadata.plan": {"$gt": 1}}),
    query("in", {"metadata.plan": {"$in": ["free", "paid"]}}),
    query("nin", {"metadata.plan": {"$nin": ["free", "paid"]}}),
    query("nin-absent", {"metadata.nothing": {"$nin": ["free"]}}),
    query("regex", {"metadata.user_id": {"$regex": "^u-\\d+$"}}),
    query("regex-not", {"metadata.user_id": {"$regex": "^v"}}),
    query("and", {"$and": [{"metadata.plan": "paid"}, {"metadata.n": {"$gt": 5}}]}),
    query("and-not", {"$and": [{"metadata.plan": "paid"}, {"metadata.n": {"$gt": 8}}]}),
    query("or", {"$or": [{"metadata.plan": "free"}, {"metadata.n": {"$gt": 5}}]}),
    query("two-keys", {"metadata.plan": "paid", "metadata.n": {"$lt": 5}}),
    query("range", {"metadata.n": {"$gt": 6, "$lt": 8}}),
    query("params", {"params.model": {"$regex": "^gpt-4"}}),
    query("params-number", {"params.temperature": {"$gte": 0.5}}, temperature=0.5),
    query("params-true", {"params.logprobs": {"$eq": True}}, logprobs=True),
    query("pathname", {"url.pathname": {"$eq": "/v1/chat/completions"}}),
    Case("no-metadata", where({"metadata.plan": "paid"}), BOTH),
    Case("no-condition-no-default", NO_DEFAULT, BOTH, {}, PAID),
    Case("override", to("a", override_params={"model": "gpt-4o", "temperature": 0.1}), body={"temperature": 1}),
    Case(
        "override-is-inherited",
        fallback(to("a", override_params={"top_p": 0.5}), override_params={"top_p": 0.1, "seed": 1}),
    ),
    Case(
        "override-per-target",
        fallback(to("a", override_params={"model": "m-a"}), to("b", override_params={"model": "m-b"})),
        BAD_GOOD,
    ),
    Case("override-camel", {"provider": "@a", "overrideParams": {"seed": 5}}),
    Case("retry", to("a", retry={"attempts": 1}), {"a": [500, 200]}),
    Case("retry-exhausted", to("a", retry={"attempts": 1, "on_status_codes": [422]}), {"a": [422]}),
    Case("retry-not-listed", to("a", retry={"attempts": 2, "on_status_codes": [503]}), {"a": [422, 200]}),
    Case("retry-is-inherited", fallback(to("a"), to("b"), retry={"attempts": 1, "on_status_codes": [500]}), BAD_GOOD),
    Case("timeout-moves-on", fallback(to("a", request_timeout=80), to("b")), {"a": [0], "b": [200]}, slow=0.5),
    Case(
        "timeout-is-408", fallback(to("a", request_timeout=80), to("b"), codes=[408]), {"a": [0], "b": [200]}, slow=0.5
    ),
    Case("timeout-alone", to("a", request_timeout=80), {"a": [0]}, slow=0.5),
    Case("header-timeout", to("a"), {"a": [0]}, {}, {"x-portkey-request-timeout": "80"}, slow=0.5),
    Case(
        "header-timeout-wins",
        to("a", request_timeout=5000),
        {"a": [0]},
        {},
        {"x-portkey-request-timeout": "80"},
        slow=0.5,
    ),
    # where the two differ
    query("or-beside-a-key", {"$or": [{"metadata.plan": "paid"}], "metadata.n": {"$gt": 100}}),
    query("and-beside-a-key", {"$and": [{"metadata.plan": "paid"}], "metadata.n": {"$gt": 100}}),
    query("regex-beside-an-operator", {"metadata.plan": {"$regex": "^p", "$ne": "paid"}}),
    query(
        "three-deep",
        {"params.response_format.json_schema.name": {"$eq": "x"}},
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
    ),
    query(
        "three-deep-or-so",
        {"params.response_format.type": {"$eq": "json_object"}},
        response_format={"type": "json_object"},
    ),
    query("regex-absent", {"metadata.nothing": {"$regex": "undef"}}),
    query("not", {"$not": {"metadata.plan": "free"}}),
    query("unknown-operator", {"metadata.plan": {"$like": "p"}}),
    query("regex-hostile", {"metadata.user_id": {"$regex": "^(?=u)"}}),
    Case("lone-target-500", to("a"), {"a": [500]}),
    Case("lone-target-401", to("a"), {"a": [401]}),
    Case("default-params", to("a", default_params={"seed": 1})),
    Case("drop-params", to("a", drop_params=["seed"]), body={"seed": 1}),
    Case("then-nowhere", where({"metadata.plan": "paid"}) | {"targets": [to("b", name="no")]}, BOTH, {}, PAID),
    Case("all-weights-0", one_of(to("a", weight=0), to("b", weight=0)), BOTH),
    Case("unknown-member", to("a", retries=3)),
    Case("retry-six-times", to("a", retry={"attempts": 6})),
    Case("retry-529", to("a", retry={"attempts": 1}), {"a": [529, 200]}),
]


def rows() -> dict[str, tuple[str, str, str]]:
    """The table of the documentation: by a case's name what Portkey's gateway does, what we do, and why."""
    lines = PAGE.read_text().partition("<!-- differences: begin -->")[2].partition("<!-- differences: end -->")[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines.splitlines() if "| `" in line]
    return {row[0].strip("`"): (row[2], row[3], row[4].rstrip(" |")) for row in cells}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_same_config_comes_to_the_same(case: Case, gateway_port: int, tmp_path: Path) -> None:
    theirs, ours = await both(case, gateway_port, tmp_path)
    listed = rows().get(case.name)
    if listed is None:
        assert ours == theirs
    else:
        assert (theirs.told(), ours.told()) == listed[:2]
        assert ours != theirs
        assert listed[2], "a difference needs a reason"


def test_the_table_has_no_case_that_is_not_run() -> None:
    assert rows()
    assert rows().keys() <= {case.name for case in CASES}


async def both(case: Case, port: int, folder: Path) -> tuple[Seen, Seen]:
    """What Portkey's gateway makes of a case, and what we do."""
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": "hi"}], **case.body}
    async with ups(case) as there:
        config = json.dumps(there.for_portkey(case.config))
        theirs = there.seen(await _post(port, body, {"x-portkey-config": config, **case.headers}))
        async with running(folder, there.settings()) as ours:
            said = await ours.post(body, **{"x-portkey-config": json.dumps(case.config), **case.headers})
        return theirs, there.seen(said)


async def _post(port: int, body: dict[str, Any], headers: dict[str, str]) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**26)
    try:
        writer.write(request_bytes("POST", "/v1/chat/completions", json.dumps(body).encode(), **headers))
        return await read_reply(reader)
    finally:
        writer.transport.abort()
