"""What a configuration file may say."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from fairlead.config.equals import Balancing
from fairlead.config.experiments import Experiment
from fairlead.config.portkey_objects.schema import ConfigObject
from fairlead.config.reliability import Reliability
from fairlead.config.routing import Gateway, Hosted, Role, Routing
from fairlead.config.spending import Budget, Limit, Retention
from fairlead.config.tiers import ByDifficulty
from fairlead.providers.row import ProviderEntry, Timeouts, Url


class Server(Struct, forbid_unknown_fields=True, frozen=True):
    """Where and how the gateway listens."""

    host: Annotated[str, Meta(description="the address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="the port; 0 takes a free one")] = 8787
    workers: Annotated[int, Meta(ge=1, le=256, description="processes that serve; each uses one core")] = 1
    hosts: Annotated[list[str], Meta(description="names besides this machine's to administer by; `*` for any")] = []
    trusted_proxies: Annotated[
        list[str],
        Meta(description="addresses or networks of proxies whose `X-Forwarded-For` says where a client is"),
    ] = []
    max_body: Annotated[int, Meta(gt=0, description="bytes a request's body may have")] = 32 * 1024 * 1024
    drain: Annotated[float, Meta(ge=0, description="seconds that open calls have to end after TERM")] = 30.0
    header_timeout: Annotated[float, Meta(gt=0, description="seconds a client has to send its headers")] = 10.0
    body_timeout: Annotated[float, Meta(gt=0, description="seconds a client may pause within its body")] = 10.0
    write_timeout: Annotated[float, Meta(gt=0, description="seconds a client may stop reading its reply")] = 30.0
    comment_after: Annotated[
        float, Meta(ge=0, description="seconds of silence after which a stream gets a comment, and again; 0: never")
    ] = 15.0
    open_streams_after: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(
            description="seconds after which a chat's stream begins, with a comment, though no provider has answered: "
            "its status is 200 then, and a failure is told in it. Absent: never",
        ),
    ] = None


class App(Struct, forbid_unknown_fields=True, frozen=True):
    """How Fairlead names itself to providers that rank or bill by application."""

    referer: Annotated[str, Meta(description="sent to OpenRouter as `HTTP-Referer`")] = "https://payready.ai"
    title: Annotated[str, Meta(description="sent to OpenRouter as `X-Title` and `X-OpenRouter-Title`")] = "PayReady AI"


class Target(Struct, forbid_unknown_fields=True, frozen=True):
    """One place a model can be had."""

    provider: Annotated[str, Meta(description="a provider's name")]
    model: Annotated[str, Meta(min_length=1, description="what the model is called there")]
    weight: Annotated[
        Annotated[float, Meta(ge=0, le=1_000_000)] | None,
        Meta(description="its share beside the others' (1), where `balance` is said; with 0 it takes no new call"),
    ] = None


class OnLoss(Struct, forbid_unknown_fields=True, frozen=True):
    """What happens where a target's dialect has no words for something that the client said."""

    meaning: Annotated[
        Literal["error", "drop"],
        Meta(description="where the answer would be another one: go elsewhere, or drop it"),
    ] = "error"
    hints: Annotated[
        Literal["error", "drop"], Meta(description="where the answer would be the same, such as `user` or a cache mark")
    ] = "drop"


class Model(Hosted, forbid_unknown_fields=True, frozen=True):
    """A model that clients may ask for."""

    targets: Annotated[
        list[Target], Meta(min_length=1, description="tried in this order, unless `balance` is said")
    ] = []  # noqa: RUF012 - msgspec copies it
    balance: Annotated[
        Balancing | None, Meta(description="the targets are equals; what one is chosen by. Absent: in their order")
    ] = None
    sticky: Annotated[
        float, Meta(ge=0, le=86_400, description="seconds that a session stays at one of equal targets; 0: not at all")
    ] = 600.0
    config: Annotated[str | None, Meta(description="instead of targets, the config that its calls go by")] = None
    by_difficulty: Annotated[
        ByDifficulty | None, Meta(description="instead of targets, a cheap and a strong model to choose from")
    ] = None
    aliases: Annotated[list[str], Meta(description="other names for it")] = []  # noqa: RUF012 - as above
    timeouts: Annotated[Timeouts | None, Meta(description="clocks that win over the provider's")] = None
    on_loss: Annotated[
        OnLoss | None, Meta(description="what happens to what a target cannot be told; the general `on_loss` if absent")
    ] = None
    hedge: Annotated[
        bool, Meta(description="ask the next target too where one takes longer than 19 of 20 of its answers")
    ] = False
    carry_on: Annotated[
        bool, Meta(description="continue an answer that breaks off from the text so far, at a target that takes it")
    ] = field(name="continue", default=False)
    first_token_timeout: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="seconds until a stream says something; then the next target is asked"),
    ] = None
    min_tokens_per_second: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="the least pace of a stream's first two seconds, which are held back to measure it"),
    ] = None
    on_refusal: Annotated[
        Literal["stop", "next"], Meta(description="what follows where a provider's policy refuses the text")
    ] = "stop"


class Intent(Struct, forbid_unknown_fields=True, frozen=True):
    """What a call is for, and the models that serve it."""

    primary: Annotated[str, Meta(min_length=1, description="the model to try first, at each provider in order")]
    fallback: Annotated[str, Meta(min_length=1, description="the model to try next, at each provider in order")]
    providers: Annotated[list[str], Meta(min_length=1, description="providers, in order")]


# In quotes, or as a number; what a price has beyond 9 decimals would be lost.
Dollars = (
    Annotated[str, Meta(pattern=r"^[0-9]{1,7}(\.[0-9]{1,9})?$")] | Annotated[float, Meta(ge=0, le=9_999_999)] | None
)
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class PriceRates(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Prices in dollars: for a million tokens, or for each where it says so."""

    input: Annotated[Dollars, Meta(description="tokens of the prompt")] = None
    cached: Annotated[Dollars, Meta(description="tokens read from the provider's cache")] = None
    cache_write: Annotated[Dollars, Meta(description="tokens put into its cache")] = None
    cache_write_1h: Annotated[Dollars, Meta(description="tokens put there for an hour")] = None
    audio_input: Annotated[Dollars, Meta(description="tokens of sound in the prompt")] = None
    image_input: Annotated[Dollars, Meta(description="tokens of pictures in the prompt")] = None
    output: Annotated[Dollars, Meta(description="tokens of the answer")] = None
    reasoning: Annotated[Dollars, Meta(description="tokens of thought")] = None
    audio_output: Annotated[Dollars, Meta(description="tokens of sound in the answer")] = None
    image_output: Annotated[Dollars, Meta(description="tokens of pictures in the answer")] = None
    characters: Annotated[Dollars, Meta(description="a million characters, where speech is sold by them")] = None
    request: Annotated[Dollars, Meta(description="each request")] = None
    search: Annotated[Dollars, Meta(description="each search of the web")] = None
    rerank: Annotated[Dollars, Meta(description="each search of a reranker")] = None
    image: Annotated[Dollars, Meta(description="each picture")] = None
    seconds: Annotated[Dollars, Meta(description="an hour of sound, where that is sold by time")] = None


class PriceStep(PriceRates, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Prices where the prompt is longer."""

    tokens: Annotated[int, Meta(gt=0, description="for prompts of more tokens than this")]


class PriceEntry(PriceRates, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a model costs, in dollars: for a million tokens, or for each where it says so."""

    free: Annotated[bool, Meta(description="it costs nothing")] = False
    above: Annotated[list[PriceStep], Meta(description="what changes with the length of the prompt")] = []
    tiers: Annotated[
        dict[str, PriceRates], Meta(description="what changes with the tier it is served in, such as `batch` or `flex`")
    ] = {}
    source: Annotated[str | None, Meta(description="where the price is from")] = None
    date: Annotated[Day | None, Meta(description="the day it was so")] = None


class Portkey(Struct, forbid_unknown_fields=True, frozen=True):
    """What tells Portkey which vendor a call is for, by the vendor's name (`openai`, `claude`, `gemini`, ...)."""

    configs: Annotated[
        dict[str, str], Meta(description="its configs, by id (`pc-...`) or as JSON, over `PORTKEY_CONFIG_*`")
    ] = {}
    virtual_keys: Annotated[dict[str, str], Meta(description="virtual keys, over those of the environment")] = {}
    discover: Annotated[
        bool, Meta(description="look at the start for its configs, for vendors that none is set up for")
    ] = False
    admin_key: Annotated[
        str | None, Meta(description="the key for its Admin API, where the provider's own may not list configs")
    ] = None
    admin_url: Annotated[
        Url | None, Meta(description="where its Admin API is, where that is not the provider's base URL")
    ] = None


class Config(Struct, forbid_unknown_fields=True, frozen=True):
    """The whole configuration."""

    profile: Annotated[
        Literal["registry", "direct", "hybrid", "agents"], Meta(description="which shipped routing to start from")
    ] = "registry"
    server: Annotated[Server, Meta(description="where and how to listen")] = Server()
    app: Annotated[App, Meta(description="how to name this application to providers")] = App()
    default_provider: Annotated[str | None, Meta(description="the provider to try first")] = None
    default_model: Annotated[
        str | None,
        Meta(
            description="what a call gets that names no model, or `auto`: a model's name, or `auto` for the best one "
            "of the registry; without it, that depends on the call's intent"
        ),
    ] = None
    offline: Annotated[
        bool, Meta(description="ask nobody beyond this machine: servers on it, the local model, or `echo`")
    ] = False
    data_dir: Annotated[str | None, Meta(description="where weights and records are kept")] = None
    database: Annotated[
        str | None, Meta(description="where keys and records are kept: a SQLite file, or the URL of a PostgreSQL")
    ] = None
    redis: Annotated[
        str | None, Meta(description="the URL of a Redis or Valkey by which processes share budgets and limits")
    ] = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Meta(description="how much is logged")] = "INFO"
    providers: Annotated[dict[str, ProviderEntry], Meta(description="providers, merged over the shipped rows")] = {}
    models: Annotated[dict[str, Model], Meta(description="models by name")] = {}
    on_loss: Annotated[
        OnLoss, Meta(description="what happens to what a target cannot be told, in calls between two dialects")
    ] = OnLoss()
    intents: Annotated[dict[str, Intent], Meta(description="intents, merged over the shipped ones")] = {}
    routing: Annotated[
        Routing | None, Meta(description="models by task, cost and latency, for calls that name no model")
    ] = None
    roles: Annotated[
        dict[str, Role], Meta(description="chains of providers by role, merged over the shipped ones")
    ] = {}
    gateways: Annotated[
        dict[str, Gateway], Meta(description="providers that serve models of many vendors, which models may name")
    ] = {}
    registry: Annotated[bool, Meta(description="know the models of the registry by their names and aliases")] = False
    provider_order: Annotated[list[str], Meta(description="who to look for a model at, by its name, in order")] = []
    models_file: Annotated[str | None, Meta(description="a registry of models of your own, laid over ours")] = None
    custom_models_file: Annotated[
        str | None, Meta(description="the same, of models that the provider `custom` has; laid over `models_file`")
    ] = None
    llm_models_file: Annotated[
        str | None,
        Meta(description="a file with `gateways` and `models` (`llm_models.yaml`), under those written here"),
    ] = None
    strict_models: Annotated[bool, Meta(description="refuse names that the registry does not know")] = False
    prices: Annotated[
        dict[str, PriceEntry], Meta(description="prices of your own, by `PROVIDER/MODEL`, which may be a pattern")
    ] = {}
    retention: Annotated[Retention, Meta(description="how long the record of calls is kept")] = Retention()
    keep_bodies: Annotated[
        bool, Meta(description="keep what calls say and are told, up to 64 KiB each, without keys, pictures and sounds")
    ] = False
    budgets: Annotated[dict[str, Budget], Meta(description="what may be spent, by names of your own")] = {}
    daily_budget: Annotated[
        str | float | None,
        Meta(description="US dollars a day for all calls together: a budget `daily`, alerts at 80, 100"),
    ] = None
    limits: Annotated[dict[str, Limit], Meta(description="how fast one may go, by names of your own")] = {}
    output_allowance: Annotated[
        int, Meta(gt=0, description="tokens that a budget expects of an answer that neither call nor model bounds")
    ] = 32_768
    price_book: Annotated[
        Literal["cost-aware", "hybrid"] | None, Meta(description="shipped prices that win over the listed ones")
    ] = None
    reliability: Annotated[
        Reliability, Meta(description="what is done about failures: retries, fallback, what is left alone")
    ] = Reliability()
    experiments: Annotated[
        dict[str, Experiment], Meta(description="experiments: who goes elsewhere, and whose calls are copied, by name")
    ] = {}
    configs: Annotated[
        dict[str, ConfigObject],
        Meta(description="Portkey's config objects by name, or `{file: PATH}`: how calls find their targets"),
    ] = {}
    default_config: Annotated[
        str | None, Meta(description="the config, of those under `configs`, for calls that say no other way")
    ] = None
    legacy_portkey: Annotated[
        bool, Meta(description="ask Portkey after all others, for who has moved away from it; its variables are read")
    ] = False
    portkey: Annotated[Portkey, Meta(description="how calls go through Portkey")] = Portkey()
    ignored_environment: Annotated[list[str], Meta(description="variables that are not read, as patterns")] = []
