"""What no type can say: that names lead somewhere, that URLs and headers can be sent, that things stand in their place.

The checks work on the tree, not on `Config`, so that they say all they can even where other things are wrong.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network

from fairlead.config.check import nearest
from fairlead.config.equals import check_equals
from fairlead.config.experiments import check_experiments
from fairlead.config.routing import check_routing, providers_named
from fairlead.config.schema import Config, Intent, Model
from fairlead.config.tiers import check_tiers
from fairlead.config.tree import Listing, Node, Section, Value, texts, without
from fairlead.errors import Problem
from fairlead.providers.catalog import why_bad_header, why_bad_url
from fairlead.providers.row import ProviderEntry

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def providers_in(config: Config) -> frozenset[str]:
    """The providers that models, intents and the default count on."""
    names = {target.provider for model in config.models.values() for target in model.targets}
    names.update(name for intent in config.intents.values() for name in intent.providers)
    names.update(config.gateways, providers_named(config.roles))
    tiers = (model.by_difficulty for model in config.models.values() if model.by_difficulty)
    names.update(name.partition("/")[0] for tier in tiers for name in (tier.cheap, tier.strong))
    return frozenset(names | ({config.default_provider} if config.default_provider else set()))


def drop_misplaced_intents(tree: Section, problems: list[Problem]) -> Section:
    """The tree less those of its `models` that are intents, each of which is a problem."""
    models = tree.under("models")
    fields = set(Intent.__struct_fields__) - set(Model.__struct_fields__)
    kept = models
    for name, model in models.sections():
        if fields & set(model.entries) and "targets" not in model.entries:
            where = f"write `intents:` for `models:` above `{name}`; a model has `targets`"
            problems.append(models.keys[name].problem("an intent among the models", where))
            kept = without(kept, name)
    return tree if kept is models else Section(tree.place, {**tree.entries, "models": kept}, tree.keys)


def check_names(tree: Section, rows: Mapping[str, ProviderEntry], problems: list[Problem]) -> None:
    """Add what is wrong with the names, URLs and headers of the whole configuration to `problems`."""
    entries = tree.under("providers")
    known = {**rows, **entries.entries}
    for text in _provider_names(tree):
        if text.value not in known:
            hint = nearest(str(text.value), known) or "give it an entry under `providers`"
            problems.append(text.place.problem(f"there is no provider `{_shown(text)}`", hint))
    for name, entry in entries.sections():
        _check_entry(entry, problems, is_new=name not in rows)
    for name in ("referer", "title"):
        _check_value(tree.under("app").text(name), problems)
    _check_networks(tree.under("server").entries.get("trusted_proxies"), problems)
    keys = tree.under("intents").keys
    problems += [
        place.problem("an intent's name is in lower case", f"write `{name.lower()}`")
        for name, place in keys.items()
        if name != name.lower()
    ]
    check_experiments(tree, known, problems)
    check_tiers(tree.under("models"), problems)
    check_routing(tree, known, problems)
    _check_aliases(tree.under("models"), problems)
    check_equals(tree.under("models"), problems)
    _check_prices(tree.under("prices"), known, problems)
    _check_url(tree.under("portkey").text("admin_url"), problems)
    _check_value(tree.under("portkey").text("admin_key"), problems)
    for section in ("configs", "virtual_keys"):
        held = tree.under("portkey").under(section)
        for name in held.entries:
            _check_value(held.text(name), problems)


def _check_networks(said: Node | None, problems: list[Problem]) -> None:
    for text in texts(said):
        try:
            everybody = ip_network(str(text.value)).prefixlen == 0
        except ValueError as error:
            problems.append(text.place.problem(f"not an address or a network: {error}", "for example 10.0.0.0/8"))
            continue
        if everybody:
            problems.append(text.place.problem("everybody is no proxy of yours", "name the proxies, or their network"))


def _check_prices(prices: Section, providers: Iterable[str], problems: list[Problem]) -> None:
    """A price belongs to a model at a provider, and is either nothing or something."""
    for name, place in prices.keys.items():
        provider, slash, model = name.partition("/")
        if not slash or not model:
            problems.append(
                place.problem("not a model at a provider", "write `PROVIDER/MODEL`, such as `openai/gpt-4o`")
            )
        elif provider not in providers:
            problems.append(place.problem(f"there is no provider `{provider}`", nearest(provider, providers)))
    for name, entry in prices.sections():
        free = entry.entries.get("free")
        is_free = isinstance(free, Value) and free.value is True
        priced = set(entry.entries) - {"free", "source", "date"}
        if is_free and priced:
            problems.append(prices.keys[name].problem("it costs nothing, and has prices", "leave one of them out"))
        elif not is_free and not priced:
            problems.append(prices.keys[name].problem("no price", "give it `input` and `output`, or `free: true`"))


def _shown(text: Value) -> str:
    return str(text.value) if text.outside is None or not text.place.line else "…"


def _provider_names(tree: Section) -> Iterable[Value]:
    yield from texts(tree.entries.get("default_provider"))
    yield from texts(tree.entries.get("provider_order"))
    for _name, model in tree.under("models").sections():
        targets = model.entries.get("targets")
        for target in targets.items if isinstance(targets, Listing) else ():
            if isinstance(target, Section):
                yield from texts(target.entries.get("provider"))
    for _name, intent in tree.under("intents").sections():
        yield from texts(intent.entries.get("providers"))


def _check_entry(entry: Section, problems: list[Problem], *, is_new: bool) -> None:
    if is_new:
        lacking = [] if "dialect" in entry.entries else ["dialect"]
        lacking += [] if {"base_url", "base_url_env"} & set(entry.entries) else ["base_url"]
        hint = "a provider that is not a shipped one needs a dialect and a base URL"
        problems += [entry.place.inside(name).problem("missing", hint) for name in lacking]
    _check_url(entry.text("base_url"), problems)
    _check_variables(entry, problems)
    _check_value(entry.text("api_key"), problems)
    headers = entry.under("headers")
    for name, place in headers.keys.items():
        if why_bad_header(name, ""):
            problems.append(place.problem("not the name of a header"))
        _check_value(headers.text(name), problems)


def _check_url(url: Value | None, problems: list[Problem]) -> None:
    # What does not begin with http:// or https:// has been reported as no match for the field's pattern.
    if url and re.match("https?://", str(url.value)):
        wrong = why_bad_url(str(url.value))
        problems += [url.place.problem(wrong)] if wrong else []


def _check_variables(entry: Section, problems: list[Problem]) -> None:
    for field, hint in (("api_key_env", "a key itself goes into `api_key`"), ("base_url_env", None)):
        strange = [name for name in texts(entry.entries.get(field)) if not _is_source(str(name.value))]
        problems += [name.place.problem("not the name of an environment variable", hint) for name in strange]


def _is_source(text: str) -> bool:
    """Whether it names a variable, some with colons between, or one that names a file."""
    return all(_VARIABLE.fullmatch(name) for name in text.removeprefix("file:").split(":"))


def _check_value(value: Value | None, problems: list[Problem]) -> None:
    """Whether a value can be sent as a header's."""
    wrong = why_bad_header("X", str(value.value).strip()) if value else None
    if value and wrong:
        problems.append(value.place.problem(wrong))


def _check_aliases(models: Section, problems: list[Problem]) -> None:
    """Two models that answer to one name; case does not tell names apart."""
    owners = {name.casefold(): (name, place) for name, place in models.keys.items() if name in models.entries}
    for name, model in models.sections():
        for alias in texts(model.entries.get("aliases")):
            other, where = owners.setdefault(str(alias.value).casefold(), (name, alias.place))
            if other != name:
                said = f"alias `{_shown(alias)}` of `{name}` already stands for the model `{other}` ({where.origin})"
                problems.append(alias.place.problem(said, "keep one of them"))
