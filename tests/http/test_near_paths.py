"""A path that is nearly one of ours is told of by the right one."""

from pathlib import Path

import pytest

from tests.support.gateway import one_provider, running

NEAR = {
    "/v1/models/": "/v1/models",
    "/v1/chat/completions/": "/v1/chat/completions",
    "/v1//chat/completions": "/v1/chat/completions",
    "//v1/chat/completions?x=1": "/v1/chat/completions",
    "/chat/completions": "/v1/chat/completions",
    "/models/": "/v1/models",
    "/models/m": "/v1/models/m",
    "/v1/v1/chat/completions": "/v1/chat/completions",
    "/v1/api/keys": "/api/keys",
}


@pytest.mark.parametrize(("path", "meant"), NEAR.items())
async def test_it_names_the_path_that_was_meant(tmp_path: Path, path: str, meant: str) -> None:
    async with running(tmp_path, one_provider("http://127.0.0.1:1/v1")) as gateway:
        got = await gateway.request("GET", path)
    assert (got.status, got.error["code"]) == (404, "not_found")
    assert got.error["hint"] == f"did you mean {meant}?"


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v2/nothing", "/v1/chat"])
async def test_of_another_path_it_says_where_they_are_listed(tmp_path: Path, path: str) -> None:
    async with running(tmp_path, one_provider("http://127.0.0.1:1/v1")) as gateway:
        got = await gateway.request("GET", path)
    assert got.status == 404
    assert "docs/reference/http.md" in got.error["hint"]
