"""What `ai doctor --portkey` finds out: whether Portkey has the configs that calls are to go by."""

import asyncio
from collections.abc import Iterable, Mapping

from fairlead import app
from fairlead.cli.checks import Check
from fairlead.config.schema import Config
from fairlead.providers.portkey import VENDORS, Listed, Portkey, is_slug
from fairlead.providers.row import Provider
from fairlead.routing.policy import Policy
from fairlead.upstream import portkey_admin, portkey_found
from fairlead.upstream.api import Upstream
from fairlead.upstream.portkey_admin import Unasked

_NAME = "portkey configs"
_AT_ONCE = 8
# A vendor is called the same here as where it is told what carries its calls.
_SPELLED = {spelling: vendor.name for vendor in VENDORS for spelling in vendor.spellings}


async def all_checks(policy: Policy, config: Config, environ: Mapping[str, str]) -> list[Check]:
    """A check for every config that is set up by its id, and one for those that would be found."""
    admin = portkey_found.admin_of(config, environ)
    if admin is None:
        return [Check(_NAME, "warn", "nobody to ask: PORTKEY_API_KEY is not set, or not read", "set PORTKEY_API_KEY")]
    upstream = app.outbound(environ)
    try:
        listed = await portkey_admin.configs(upstream, admin)
        return [*await _each(upstream, admin, policy.portkey, listed), *_found(policy, config, listed)]
    except Unasked as unasked:
        return [Check(_NAME, "fail", str(unasked), unasked.remedy)]
    finally:
        await upstream.aclose()


async def _each(upstream: Upstream, admin: Provider, held: Portkey, listed: Iterable[Listed]) -> list[Check]:
    """A config that a list leaves out may be another workspace's, so it is asked for by its id."""
    names = {each.slug: each.name for each in listed}
    asked = [(name, slug) for name, slug in held.configs.items() if is_slug(slug)]
    missing = sorted({slug for _, slug in asked if slug not in names})
    room = asyncio.Semaphore(_AT_ONCE)

    async def there(slug: str) -> bool:
        async with room:
            return await portkey_admin.exists(upstream, admin, slug)

    found = dict(zip(missing, await asyncio.gather(*map(there, missing)), strict=True))
    return [_one(name, slug, names.get(slug, ""), there=slug in names or found[slug]) for name, slug in asked]


def _one(name: str, slug: str, called: str, *, there: bool) -> Check:
    title = f"portkey config for {_SPELLED.get(name, name)}"
    if there:
        return Check(title, "ok", f"`{slug}` exists" + (f": {called}" if called else ""))
    return Check(title, "fail", f"Portkey has no config `{slug}`", "copy its id from Portkey, or leave it out")


def _found(policy: Policy, config: Config, listed: tuple[Listed, ...]) -> list[Check]:
    """The configs that are there by a vendor's name and that nothing set up stands in the way of."""
    vendors, held = {*policy.providers, *(name for vendor in VENDORS for name in vendor.spellings)}, policy.portkey
    found = held.finding(listed).configs.items()
    more = {name: slug for name, slug in found if name in vendors and name not in held.configs}
    told = ", ".join(f"{name}: `{slug}`" for name, slug in sorted(more.items()))
    if not told:
        return [Check(_NAME, "ok", f"Portkey has {len(listed)}; none to use besides")]
    how = "used" if config.portkey.discover else "not used: `portkey.discover` is off"
    return [Check(_NAME, "ok", f"found by name, and {how}: {told}")]
