"""Portkey's Admin API, as far as it tells of configs: which there are, and whether one exists.

https://portkey.ai/docs/api-reference/admin-api/introduction
"""

import asyncio
from typing import Any, Final
from urllib.parse import quote

from fairlead.dialects import lenient
from fairlead.errors import UpstreamFailure
from fairlead.providers.portkey import Listed, is_slug
from fairlead.providers.row import Provider
from fairlead.upstream.api import Clocks, Request, Upstream

PATIENCE: Final = 5.0
_CLOCKS: Final = Clocks(connect=2.0, first_byte=4.0, idle=2.0, total=PATIENCE)
_ACTIVE: Final = "active"


class Unasked(Exception):
    """Portkey did not say; `remedy` is what to do. Never quotes a key."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


async def configs(upstream: Upstream, admin: Provider) -> tuple[Listed, ...]:
    """The configs that are active. Raises `Unasked`, after `PATIENCE` seconds at the latest."""
    status, said = await _get(upstream, admin, "/configs")
    if status != 200 or not isinstance(said.get("data"), list):
        raise _refused(status, "list", "configs.list")
    rows = lenient.objects(said, "data")
    return tuple(
        Listed(row["slug"], lenient.word(row, "name") or "")
        for row in rows
        if is_slug(lenient.word(row, "slug") or "") and (lenient.word(row, "status") or _ACTIVE) == _ACTIVE
    )


async def exists(upstream: Upstream, admin: Provider, slug: str) -> bool:
    """Whether there is a config of that id. Raises `Unasked`, after `PATIENCE` seconds at the latest."""
    status, said = await _get(upstream, admin, f"/configs/{quote(slug, safe='')}")
    if status in (400, 404):
        return False
    if status != 200:
        raise _refused(status, "read", "configs.read")
    return said.get("success") is not False


async def _get(upstream: Upstream, admin: Provider, path: str) -> tuple[int, dict[str, Any]]:
    try:
        async with asyncio.timeout(PATIENCE):
            response = await upstream.send(Request(admin, "GET", path, b"", _CLOCKS))
            try:
                return response.status, lenient.members(await response.read())
            finally:
                response.close()
    except UpstreamFailure as caught:
        raise Unasked(f"Portkey's Admin API: {caught.failure.detail}", _REACH) from None
    except TimeoutError:
        raise Unasked(f"Portkey's Admin API did not answer within {PATIENCE:g} s", _REACH) from None


_REACH: Final = "see that this machine reaches it; `portkey.admin_url` has its address, where that is another one"


def _refused(status: int, verb: str, scope: str) -> Unasked:
    """https://portkey.ai/docs/help-center/you-do-not-have-enough-permissions."""
    if status == 403:
        return Unasked(
            f"the key may not {verb} configs (HTTP 403): it lacks the scope `{scope}`",
            f"give the key the scope `{scope}` in Portkey, or name another one as `portkey.admin_key`",
        )
    if status == 401:
        return Unasked("Portkey refuses the key (HTTP 401)", "put a key that is good into PORTKEY_API_KEY")
    return Unasked(
        f"what answers does not {verb} configs (HTTP {status})",
        "only the hosted service and Portkey's own control plane do; `portkey.admin_url` has its address",
    )
