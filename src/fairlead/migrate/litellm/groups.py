"""Models out of groups: LiteLLM's deployments of one name, and the groups that it falls back on.

A group whose deployments are equals is a model with `balance`; one of a single deployment after the other has its
targets in order. Whatever is more than that, such as equals behind equals, is a config object that the model goes by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from fairlead.migrate.litellm.deployments import SHARES, Deployment
from fairlead.migrate.report import Report

_MOST: Final = 10
Tier = Sequence[Deployment]


@dataclass(slots=True)
class Fallbacks:
    """Which groups follow which: after any failure, after a text that is too long, after a refusal."""

    general: dict[str, list[str]] = field(default_factory=dict)
    longer: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    default: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Made:
    """Models, and the configs that some of them go by."""

    models: dict[str, Any] = field(default_factory=dict)
    configs: dict[str, Any] = field(default_factory=dict)


class Groups:
    """Makes models of groups."""

    def __init__(
        self, held: Mapping[str, list[Deployment]], fallbacks: Fallbacks, balance: str, report: Report
    ) -> None:
        self._held = held
        self._fallbacks = fallbacks
        self._balance = balance
        self._report = report

    def made(self) -> Made:
        made = Made()
        for name in self._held:
            self._one(name, made)
        return made

    def _one(self, name: str, made: Made) -> None:
        tiers = self._tiers(name)
        flat = [each for tier in tiers for each in tier]
        if len(flat) > _MOST:
            self._report.left(f"model_list ({name})", f"a plan has at most {_MOST} targets; the others are not asked")
        model: dict[str, Any] = {}
        if any(each.body or each.drops for each in flat) or (len(tiers) > 1 and any(len(tier) > 1 for tier in tiers)):
            made.configs[name] = self._config(name, tiers)
            model["config"] = name
        else:
            weights = self._weights(name, flat) if len(tiers) == 1 else [1.0] * len(flat)
            model["targets"] = [_target(each, weight) for each, weight in zip(flat, weights, strict=True)]
            if len(flat) > 1 and len(tiers) == 1:
                model["balance"] = self._balance
            model |= self._clocks(name, flat)
            if name in self._fallbacks.refused:
                model["on_refusal"] = "next"
        made.models[name] = model

    def _tiers(self, name: str) -> list[Tier]:
        """The deployments in the order in which they are asked, those at one time that are equals."""
        own = sorted(self._held[name], key=lambda each: each.order)
        tiers: list[Tier] = [tuple(tier) for _, tier in groupby(own, key=lambda each: each.order)]
        fallbacks = self._fallbacks
        chats = all(each.chats for each in self._held[name])
        general = fallbacks.general.get(name, fallbacks.default if chats else [])
        for other in dict.fromkeys((*general, *fallbacks.longer.get(name, ()), *fallbacks.refused.get(name, ()))):
            if other != name and other in self._held:
                behind = sorted(self._held[other], key=lambda each: each.order)
                tiers += [tuple(tier) for _, tier in groupby(behind, key=lambda each: each.order)]
        for why, said in (
            ("the context is too long", fallbacks.longer),
            ("a policy refuses the text", fallbacks.refused),
        ):
            if any(other not in general for other in said.get(name, ())):
                self._report.note(f"model_list ({name})", f"who is asked where {why} is asked after other failures too")
        return tiers

    def _config(self, name: str, tiers: Sequence[Tier]) -> dict[str, Any]:
        if self._balance not in ("weighted", "best"):
            self._report.note(f"model_list ({name})", f"its equals are dealt by weight, not by `{self._balance}`")
        if any(each.stream_timeout for tier in tiers for each in tier):
            self._report.note(
                f"model_list ({name})", "`reliability.first_token_timeout` holds for it; it has none itself"
            )
        found = [_object(tier[0]) if len(tier) == 1 else self._dealt(name, tier) for tier in tiers]
        return found[0] if len(found) == 1 else {"strategy": {"mode": "fallback"}, "targets": found}

    def _dealt(self, name: str, tier: Tier) -> dict[str, Any]:
        weights = self._weights(name, tier)
        targets = [_object(each, weight) for each, weight in zip(tier, weights, strict=True)]
        return {"strategy": {"mode": "loadbalance"}, "targets": targets}

    def _weights(self, name: str, tier: Tier) -> list[float]:
        """The shares of equals, by the first measure that any of them has."""
        by = next((share for share in SHARES if any(share in each.shares for each in tier)), "weight")
        if any(by in each.shares for each in tier) and not all(by in each.shares for each in tier):
            self._report.note(f"model_list ({name})", f"not all of its deployments say `{by}`; for those, 1 is taken")
        return [each.shares.get(by, 1) for each in tier]

    def _clocks(self, name: str, flat: Tier) -> dict[str, Any]:
        """A model has one set of clocks: the longest that any of its deployments has."""
        said: dict[str, Any] = {}
        whole = [each.timeout for each in flat if each.timeout]
        first = [each.stream_timeout for each in flat if each.stream_timeout]
        if whole:
            said["timeouts"] = {"first_byte": max(whole)}
        if first:
            said["first_token_timeout"] = max(first)
        if len(set(whole)) > 1 or len(set(first)) > 1:
            self._report.note(
                f"model_list ({name})", "its deployments have different timeouts; the longest holds for all"
            )
        return said


def _target(each: Deployment, weight: float) -> dict[str, Any]:
    said: dict[str, Any] = {"provider": each.provider, "model": each.model}
    return said if weight == 1 else {**said, "weight": weight}


def _object(each: Deployment, weight: float = 1) -> dict[str, Any]:
    said: dict[str, Any] = {"provider": f"@{each.provider}"}
    if weight != 1:
        said["weight"] = weight
    said["override_params"] = {"model": each.model}
    if each.body:
        said["default_params"] = dict(each.body)
    if each.drops:
        said["drop_params"] = list(each.drops)
    if each.timeout:
        said["request_timeout"] = max(1, round(each.timeout * 1000))
    return said
