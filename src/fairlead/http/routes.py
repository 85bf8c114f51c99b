"""Every path of the gateway, and who may ask for it."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import attrgetter
from urllib.parse import parse_qs, unquote, unquote_to_bytes

from fairlead.dialects import endpoints as at
from fairlead.dialects.envelope import Endpoint
from fairlead.dialects.hub import OPENROUTER
from fairlead.errors import FairleadError, MethodNotAllowed, NotFound, RequestError
from fairlead.gateway import Gateway
from fairlead.http.admin import Admin
from fairlead.http.calls import Calls
from fairlead.http.exchange import Exchange
from fairlead.http.explain import Asked as AskedCall
from fairlead.http.explain import Explaining
from fairlead.http.hosts import Hosts
from fairlead.http.ledger import CALLS_QUERY, USAGE_QUERY, Records
from fairlead.http.litellm import Generate, Keys, LiteLlm, OneKey, TeamNew, Update
from fairlead.http.openapi import Described
from fairlead.http.openrouter import GENERATION_QUERY, OpenRouter
from fairlead.http.pages import Pages
from fairlead.http.proxies import Proxies
from fairlead.http.route import ADMINISTRATIVE, Access, Route, checked
from fairlead.ledger.objects import (
    Change,
    Key,
    KeyChange,
    MadeKey,
    NewKey,
    NewOrganisation,
    NewTeam,
    NewUser,
    ObjectKind,
    Organisation,
    Page,
    Record,
    Rotation,
    Team,
    User,
    Verdict,
)
from fairlead.pipeline.admit import to_administer, to_call, within

# Where clients of the several dialects put their key.
KEY_HEADERS = (b"x-api-key", b"x-goog-api-key", b"api-key", b"x-portkey-api-key")
# Where Groq's own client looks for OpenAI's operations, and OpenRouter's for its own.
_OF_GROQ, _OF_OPENROUTER = b"/openai/v1/", b"/api/v1/"
# Whose clients look there, also where nothing is.
_LOOK: tuple[tuple[bytes, str], ...] = ((b"/v1/messages", "anthropic-messages"), (b"/v1beta/", "gemini"))
# A model's name may have slashes in it.
_VARIABLES = {"{model}": rb"([^?#]+)", "{id}": rb"([^/?#]+)"}


def routes(calls: Calls, pages: Pages, admin: Admin, records: Records) -> tuple[Route, ...]:
    """The table that the server serves and the reference documents."""
    explaining = Explaining(calls.gateway)
    table = (
        *_for_clients(calls, pages),
        *_for_administration(admin),
        *_of_records(records),
        *_for_openrouter(OpenRouter(records, pages.catalogue)),
        *_for_litellm(LiteLlm(admin)),
        Route("POST", "/api/route/explain", "Where a call would go, and why", explaining, "member", takes=AskedCall),
    )
    return checked((*table, Route("GET", "/api/openapi.json", "This API, for machines", Described(table), "public")))


def _of_records(records: Records) -> tuple[Route, ...]:
    return (
        Route("GET", "/api/usage", "What calls come to", records.totals, "member", query=USAGE_QUERY),
        Route("GET", "/api/logs", "Calls, the newest first", records.calls, "member", query=CALLS_QUERY),
        Route("GET", "/api/logs/{id}", "One call, whole", records.call, "member"),
        Route(
            "GET", "/analytics/usage", "Usage by provider and model", records.analytics, "member", query=("timeframe",)
        ),
    )


def _for_clients(calls: Calls, pages: Pages) -> tuple[Route, ...]:
    models = pages.models

    def call(path: str, endpoint: Endpoint, summary: str) -> Route:
        return Route("POST", path, summary, partial(calls.handle, endpoint), "client", endpoint.dialect)

    def kept(method: str, path: str, summary: str) -> Route:
        return Route(method, path, summary, partial(calls.kept, path.removeprefix("/v1")), "client")

    return (
        call("/v1/chat/completions", at.CHAT, "A chat completion, whole or streamed"),
        call("/v1/completions", at.COMPLETIONS, "A completion of a prompt, whole or streamed"),
        call("/v1/embeddings", at.EMBEDDINGS, "Embeddings of texts"),
        call("/v1/responses", at.RESPONSES, "A response of OpenAI's Responses API, whole or streamed"),
        call("/v1/responses/input_tokens", at.INPUT_TOKENS, "How many tokens its input has, or about"),
        call("/v1/responses/compact", at.COMPACT, "A conversation, made shorter"),
        kept("GET", "/v1/chat/completions", "The chat completions that a provider keeps"),
        kept("GET", "/v1/chat/completions/{id}", "One of them"),
        kept("POST", "/v1/chat/completions/{id}", "Change its metadata"),
        kept("DELETE", "/v1/chat/completions/{id}", "Delete it there"),
        kept("GET", "/v1/chat/completions/{id}/messages", "What it was asked with"),
        kept("GET", "/v1/responses/{id}", "A response that its provider keeps"),
        kept("DELETE", "/v1/responses/{id}", "Delete it there"),
        kept("POST", "/v1/responses/{id}/cancel", "Cancel one that runs in the background"),
        kept("GET", "/v1/responses/{id}/input_items", "What it was asked with"),
        call("/v1/messages", at.MESSAGES, "A message of Anthropic's Messages API, whole or streamed"),
        call(
            "/v1/messages/count_tokens",
            at.COUNT_TOKENS,
            "How many tokens a message has, or about",
        ),
        call("/v1beta/models/{model}:generateContent", at.GENERATE, "Content of the Gemini API"),
        call("/v1beta/models/{model}:streamGenerateContent", at.STREAM_GENERATE, "Content of the Gemini API, streamed"),
        call("/v1/models/{model}:generateContent", at.GENERATE, "The same under the other version"),
        call("/v1/models/{model}:streamGenerateContent", at.STREAM_GENERATE, "The same under the other version"),
        call("/v1/rerank", at.RERANK, "Which documents answer a query best"),
        call("/v2/rerank", at.RERANK, "The same under the other version"),
        call("/v1/moderations", at.MODERATIONS, "Whether texts or images should be let through"),
        call("/v1/images/generations", at.IMAGES, "Images from a description"),
        call("/v1/images/edits", at.IMAGE_EDITS, "Images from images and a description"),
        call("/v1/audio/speech", at.SPEECH, "A text, spoken; the audio comes as it is made"),
        call("/v1/audio/transcriptions", at.TRANSCRIPTIONS, "The words of a recording"),
        call("/v1/audio/translations", at.TRANSLATIONS, "The words of a recording, in English"),
        Route("GET", "/v1/models", "The models that a client may name", models.list, "client"),
        Route("GET", "/v1/models/{model}", "One of them", models.one, "client"),
        Route("GET", "/v1beta/models", "The same, for clients of Gemini", models.gemini_list, "client", "gemini"),
        Route("GET", "/v1beta/models/{model}", "One of them", models.gemini_one, "client", "gemini"),
        Route("DELETE", "/v1/models/{model}", "Delete a tuned one at its provider", calls.delete_model, "client"),
        Route("GET", "/livez", "Whether the process runs", pages.livez, "public"),
        Route("GET", "/readyz", "Whether it takes calls", pages.readyz, "public"),
        Route("GET", "/metrics", "Prometheus metrics", pages.metrics, "public"),
    )


def _for_administration(admin: Admin) -> tuple[Route, ...]:
    def objects(kind: ObjectKind, new: type, change: type, shown: type) -> tuple[Route, ...]:
        some, one = f"/api/{kind}s", f"/api/{kind}s/{{id}}"
        writer: Access = "member" if kind == "key" else "admin"
        maker = admin.add_key if kind == "key" else partial(admin.add, new)
        made = MadeKey if kind == "key" else shown
        team = ("team",) if kind in ("user", "key") else ()
        paged = partial(admin.page, kind)
        word = kind.replace("organisation", "organization")
        a_word = f"{'An' if word.startswith('o') else 'A'} {word}"
        page = Page[shown]  # type: ignore[valid-type]  # for the reference alone
        return (
            Route("GET", some, f"The {word}s", paged, "member", gives=page, query=("after", "limit", *team)),
            Route("POST", some, "Make one", maker, writer, takes=new, gives=made),
            Route("GET", one, f"{a_word}, by id or name", partial(admin.show, kind), "member", gives=shown),
            Route("PATCH", one, "Change it", partial(admin.change, kind, change), writer, takes=change, gives=shown),
            Route("DELETE", one, "Delete it", partial(admin.delete, kind), writer, gives=shown),
            Route(
                "POST", f"{one}/block", "Block it, and all under it", partial(admin.block, kind), writer, gives=shown
            ),
            Route("POST", f"{one}/unblock", "Unblock it", partial(admin.unblock, kind), writer, gives=shown),
        )

    log = ("after", "limit")
    return (
        *objects("organisation", NewOrganisation, Change, Organisation),
        *objects("team", NewTeam, Change, Team),
        *objects("user", NewUser, Change, User),
        *objects("key", NewKey, KeyChange, Key),
        Route("POST", "/api/keys/{id}/rotate", "Replace it", admin.rotate, "member", takes=Rotation, gives=MadeKey),
        Route("GET", "/api/audit", "The audit log", admin.audit, "auditor", gives=Page[Record], query=log),
        Route("GET", "/api/audit/verify", "Whether it is as it was written", admin.verify, "auditor", gives=Verdict),
    )


def _for_openrouter(there: OpenRouter) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/models/{model}/endpoints", "Who serves a model", there.endpoints, "client"),
        Route("GET", "/v1/model/{model}", "A model, in OpenRouter's words", there.model, "client"),
        Route("GET", "/v1/generation", "A call of the key's own", there.generation, "client", query=GENERATION_QUERY),
        Route("GET", "/v1/key", "The key, and what it has spent", there.key, "client"),
        Route("GET", "/v1/auth/key", "The same at its older path", there.key, "client"),
        Route("GET", "/v1/credits", "What the key may spend", there.credits, "client"),
    )


def _for_litellm(aliases: LiteLlm) -> tuple[Route, ...]:
    return (
        Route("POST", "/key/generate", "Make a key, in LiteLLM's words", aliases.generate, "member", takes=Generate),
        Route("GET", "/key/info", "A key, in LiteLLM's words", aliases.info, "member", query=("key",)),
        Route("POST", "/key/update", "Change a key, in LiteLLM's words", aliases.update, "member", takes=Update),
        Route("POST", "/key/delete", "Delete keys, in LiteLLM's words", aliases.delete, "member", takes=Keys),
        Route("POST", "/key/block", "Block a key, in LiteLLM's words", aliases.block, "member", takes=OneKey),
        Route("POST", "/key/unblock", "Unblock a key, in LiteLLM's words", aliases.unblock, "member", takes=OneKey),
        Route("POST", "/team/new", "Make a team, in LiteLLM's words", aliases.new_team, "admin", takes=TeamNew),
    )


class Front:
    """Decides on a request by its head alone: whose it is, and what will handle it."""

    def __init__(
        self,
        gateway: Gateway,
        table: tuple[Route, ...],
        hosts: Hosts | None = None,
        proxies: Proxies | None = None,
    ) -> None:
        self._gateway = gateway
        self._address: Callable[[Exchange], str] = proxies.client_of if proxies else attrgetter("address")
        self._hosts = hosts or Hosts()
        self._routes = {(route.method.encode(), route.path.encode()): route for route in table}
        self._patterns = [(_pattern(route.path), route) for route in table if "{" in route.path]
        self._methods: dict[bytes, list[str]] = {}
        for route in table:
            self._methods.setdefault(route.path.encode(), []).append(route.method)

    def admit(self, exchange: Exchange) -> None:
        """Give the request its handler and principal. Raises `RequestError`."""
        try:
            route = self._routes.get((exchange.method, exchange.url))
            if route is None:
                route = self._find(exchange)
            exchange.dialect = route.dialect
            if route.role == "client":
                exchange.principal = principal = self._gateway.admit(_presented_key(exchange))
                to_call(principal, route.path, self._address(exchange))
            elif route.role != "public":
                self._let_administer(exchange, route)
        except FairleadError as error:
            self.refused(error)
            raise
        exchange.handler = route.handler

    def _let_administer(self, exchange: Exchange, route: Route) -> None:
        self._hosts.check(exchange)
        # Not by the query, where LiteLLM's clients put the key that they ask about.
        exchange.principal = principal = self._gateway.admit(_key_in_head(exchange))
        to_administer(principal, ADMINISTRATIVE[route.role], reads=route.method == "GET")
        within(principal, route.path, self._address(exchange))

    def refused(self, error: FairleadError) -> None:
        """Count what never became a call."""
        self._gateway.metrics.refused[error.code] += 1

    def _find(self, exchange: Exchange) -> Route:
        path = exchange.url.partition(b"?")[0]
        if path.startswith(_OF_GROQ):
            path = path.removeprefix(b"/openai")
        elif path.startswith(_OF_OPENROUTER):
            path, exchange.dialect = path.removeprefix(b"/api"), OPENROUTER
        route = self._routes.get((exchange.method, unquote_to_bytes(path)))
        named = {} if route else self._named(path)
        if exchange.method in named:
            route, exchange.named = named[exchange.method]
        if route is not None:
            return replace(route, dialect=OPENROUTER) if _as_openrouter(exchange, route) else route
        exchange.dialect = next((dialect for start, dialect in _LOOK if path.startswith(start)), exchange.dialect)
        shown = unquote(path[:200].decode("ascii", "replace"))
        known = self._methods.get(unquote_to_bytes(path)) or [method.decode() for method in named]
        if known:
            method = exchange.method.decode()
            raise MethodNotAllowed(f"{shown} does not take {method}", hint=f"use {' or '.join(known)}")
        meant = self._meant(path)
        listed = "`docs/reference/http.md` lists the paths; most begin with /v1"
        raise NotFound(f"there is nothing at {shown}", hint=f"did you mean {meant}?" if meant else listed)

    def _meant(self, path: bytes) -> str | None:
        """The path that somebody writes so who has a base URL with a slash, a `/v1` or none too many."""
        bare = re.sub(rb"/+", b"/", path).rstrip(b"/")
        near = (bare, b"/v1" + bare, bare.removeprefix(b"/v1"))
        found = next((each for each in near if each in self._methods or self._named(each)), None)
        return found[:200].decode("ascii", "replace") if found else None

    def _named(self, path: bytes) -> dict[bytes, tuple[Route, str]]:
        """The routes by method whose path has a variable there, and what it stands for."""
        matches = ((pattern.fullmatch(path), route) for pattern, route in self._patterns)
        return {
            route.method.encode(): (route, unquote(match[1].decode("ascii", "replace")))
            for match, route in matches
            if match
        }


def _as_openrouter(exchange: Exchange, route: Route) -> bool:
    """Whether the client has OpenRouter's base URL, and so reads its errors."""
    return exchange.dialect == OPENROUTER and route.dialect == "openai-chat"


def _pattern(path: str) -> re.Pattern[bytes]:
    pattern = re.escape(path.encode())
    for variable, stands_for in _VARIABLES.items():
        pattern = pattern.replace(re.escape(variable.encode()), stands_for)
    return re.compile(pattern)


def _presented_key(exchange: Exchange) -> bytes | None:
    """The client's key, wherever its dialect puts it. Raises `RequestError` where a header is sent twice."""
    return _key_in_head(exchange) or _key_in_query(exchange.url)


def _key_in_head(exchange: Exchange) -> bytes | None:
    value = exchange.header(b"authorization")
    if value is not None and value[:7].lower() == b"bearer ":
        bearer = value[7:].strip()
        # Clients of Portkey send ours beside a provider's.
        other = None if bearer.startswith(b"fl") else exchange.header(b"x-portkey-api-key")
        return other.strip() if other else bearer
    for name in KEY_HEADERS:
        value = exchange.header(name)
        if value:
            return value.strip()
    return None


def _key_in_query(url: bytes) -> bytes | None:
    """`?key=KEY`, as clients of the Gemini API may send it."""
    query = url.partition(b"?")[2]
    if b"key=" not in query:
        return None
    try:
        keys = parse_qs(query).get(b"key", [])
    except ValueError:
        raise RequestError("the query cannot be read") from None
    return keys[0] if len(keys) == 1 else None
