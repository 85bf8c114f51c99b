"""LiteLLM's settings: of the library, of the router, of the server."""

from collections.abc import Mapping
from typing import Any, Final

from fairlead.migrate.litellm import why
from fairlead.migrate.litellm.groups import Fallbacks
from fairlead.migrate.report import Report
from fairlead.migrate.values import entries, escaped, listed, mapping, named, number, text
from fairlead.migrate.variables import of_environment

_STRATEGIES: Final = {
    "simple-shuffle": "weighted",
    "least-busy": "least-busy",
    "latency-based-routing": "fastest",
    "cost-based-routing": "cheapest",
}
_RETRIES: Final = {
    "TimeoutErrorRetries": "timeout",
    "RateLimitErrorRetries": "rate_limit",
    "InternalServerErrorRetries": "server",
}
_MOST_RETRIES: Final = 10
Config = dict[str, Any]
Said = dict[str, tuple[str, Any]]


def reliability(said: Said, report: Report) -> Config:
    """What is done about failures, from settings that may stand in either place. `said` has each with its path."""
    found: Config = {}
    if (retries := _count(said, "num_retries", report)) is not None:
        found["max_retries"] = retries
    causes: Config = {}
    path, policy = said.pop("retry_policy", ("", {}))
    for name, count in mapping(policy).items():
        times = number(count)
        if name in _RETRIES and times is not None:
            causes[_RETRIES[name]] = min(_MOST_RETRIES, int(times))
        else:
            report.left(f"{path}.{name}", "such a failure is not tried again at the same target")
    if causes:
        found["retries"] = causes
    for name, ours in (("timeout", "request_timeout"), ("request_timeout", "request_timeout"),
                       ("stream_timeout", "first_token_timeout")):  # fmt: skip
        if (seconds := _seconds(said, name, report)) is not None:
            found.setdefault(ours, seconds)
    breaker: Config = {}
    if (fails := _count(said, "allowed_fails", report, most=1_000_000)) is not None:
        breaker["failures"] = fails + 1
    if (cooldown := _seconds(said, "cooldown_time", report)) is not None:
        breaker["cooldown"] = cooldown
    if breaker:
        found["breaker"] = breaker
    return found


def balance(said: Said, report: Report) -> str:
    """By what one of several equals is chosen."""
    path, strategy = said.pop("routing_strategy", ("", "simple-shuffle"))
    found = _STRATEGIES.get(text(strategy))
    if found is None:
        report.note(
            path, f"`{text(strategy)}` is not known here; the healthy and fast ones are chosen (`balance: best`)"
        )
    return found or "best"


def fallbacks(said: Said, groups: Mapping[str, Any], report: Report) -> Fallbacks:
    """Which groups follow which."""
    found = Fallbacks(default=[])
    for name, into in (("fallbacks", found.general), ("context_window_fallbacks", found.longer),
                       ("content_policy_fallbacks", found.refused)):  # fmt: skip
        path, held = said.pop(name, ("", []))
        for at, each in entries(held, path):
            for group, others in mapping(each).items():
                if group == "*":
                    found.default += _known(others, groups, f"{at}.*", report)
                elif group not in groups:
                    report.left(f"{at}.{group}", "there is no such group")
                else:
                    into.setdefault(group, []).extend(_known(others, groups, f"{at}.{group}", report))
    path, held = said.pop("default_fallbacks", ("", []))
    found.default += _known(held, groups, path, report)
    return found


def aliases(said: Said, models: dict[str, Any], report: Report) -> None:
    """Give models the other names of `model_group_alias`."""
    path, held = said.pop("model_group_alias", ("", {}))
    taken = {name.casefold() for name in models}
    for alias, group in mapping(held).items():
        name = text(group) or text(mapping(group).get("model"))
        if mapping(group).get("hidden"):
            report.note(f"{path}.{alias}", "it is listed too: no name is hidden here")
        if name not in models:
            report.left(f"{path}.{alias}", f"there is no group `{name}`")
        elif alias.casefold() in taken:
            report.left(f"{path}.{alias}", "a model or an alias has that name already")
        else:
            taken.add(alias.casefold())
            models[name].setdefault("aliases", []).append(alias)


def redis(said: Said, report: Report) -> str | None:
    """The URL of the Redis that several gateways share."""
    parts = {name: said.pop(f"redis_{name}", None) for name in ("url", "host", "port", "password", "db", "username")}
    url, host, password = parts["url"], parts["host"], parts["password"]
    if url:
        path, value = url
        if variable := of_environment(value):
            return f"${{{variable}:-redis://127.0.0.1:6379/0}}"
        report.left(path, "set `redis` to it yourself, as `${NAME}` if a password stands in it")
        return None
    if not host:
        return None
    secret = _secret(password, report)
    if password and secret is None:
        return None
    user = _filled(parts["username"]) if parts["username"] else ""
    where = f"{_filled(host)}:{_filled(parts['port']) if parts['port'] else '6379'}"
    database = _filled(parts["db"]) if parts["db"] else "0"
    return f"redis://{f'{user}:{secret}@' if secret else ''}{where}/{database}"


def general(said: Mapping[str, Any], path: str, report: Report) -> Config:
    """What the server's settings say that has its place here."""
    found: Config = {}
    for name, value in said.items():
        at = f"{path}.{name}"
        days = text(value).removesuffix("d")
        size = number(value)
        if name == "completion_model" and text(value):
            found["default_model"] = text(value)
        elif name == "store_prompts_in_spend_logs" and isinstance(value, bool):
            found["keep_bodies"] = value
        elif name == "maximum_spend_logs_retention_period" and days.isdigit():
            found["retention"] = {"calls": int(days)}
        elif name == "max_request_size_mb" and size:
            found["server"] = {"max_body": int(size * 1024 * 1024)}
        elif name == "global_max_parallel_requests" and size:
            found["limits"] = {"all-calls": {"concurrent": int(size)}}
        elif name in why.NOTED:
            report.note(at, why.NOTED[name])
        else:
            report.left(at, why.GENERAL.get(name, why.NOTHING))
    return found


def library(said: Said, report: Report) -> Config:
    """What the library's settings say that has its place here; the rest is told as left out."""
    found: Config = {}
    path, drop = said.pop("drop_params", ("", None))
    if drop is True:
        found["on_loss"] = {"meaning": "drop"}
        report.note(path, "what a target cannot be told is dropped, in calls between two dialects")
    for name, (at, value) in said.items():
        if value not in (None, False, [], {}):
            report.left(at, why.LIBRARY.get(name, why.NOTHING))
    return found


def _known(others: Any, groups: Mapping[str, Any], path: str, report: Report) -> list[str]:
    found = []
    for each in named(others):
        if each in groups:
            found.append(each)
        else:
            report.left(path, f"there is no group `{each}` to fall back on")
    if len(found) < len(listed(others)) and not all(isinstance(each, str) for each in listed(others)):
        report.left(path, "a fallback that is more than a group's name cannot be said here")
    return found


def _count(said: Said, name: str, report: Report, most: int = _MOST_RETRIES) -> int | None:
    path, value = said.pop(name, ("", None))
    count = number(value)
    if value is not None and (count is None or count < 0):
        report.left(path, "this is no number of times")
        return None
    if count is not None and count > most:
        report.note(path, f"{most} is the most here")
    return None if count is None else min(most, int(count))


def _seconds(said: Said, name: str, report: Report) -> float | None:
    path, value = said.pop(name, ("", None))
    seconds = number(value)
    if value is not None and (seconds is None or seconds <= 0):
        report.left(path, "this is no number of seconds")
        return None
    return seconds


def _secret(said: Any, report: Report) -> str | None:
    if not said:
        return None
    path, value = said
    if variable := of_environment(value):
        return f"${{{variable}:-}}"
    report.variable(path, "REDIS_PASSWORD")
    return "${REDIS_PASSWORD:-}"


def _filled(said: tuple[str, Any]) -> str:
    variable = of_environment(said[1])
    return f"${{{variable}:-}}" if variable else escaped(str(said[1]))
