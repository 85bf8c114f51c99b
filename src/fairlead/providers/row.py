"""What is known of a provider: one row of `vendors.toml`, or an entry under `providers` in the configuration."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from fairlead.dialects.openai.flavor import PLAIN, Flavor
from fairlead.secret import Secret

Dialect = Literal[
    "openai-chat",
    "openai-responses",
    "anthropic-messages",
    "gemini",
    "cohere",
    "ollama",
    "bedrock-converse",
    "stability",
]
Auth = Literal["bearer", "x-api-key", "x-goog-api-key", "x-portkey-api-key", "api-key", "google", "aws"]
Paths = Literal["plain", "deployments", "vertex"]
Serves = Literal["own", "slugs", "relayed", "any"]
Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]  # fmt: skip
Capability = Literal[
    "chat",
    "streaming",
    "tools",
    "structured_output",
    "images_in",
    "documents_in",
    "audio_in",
    "reasoning",
    "embeddings",
    "rerank",
    "moderations",
    "images_out",
    "speech",
    "transcriptions",
]
# Words for several at once.
Several = Literal["text", "media_in"]
SEVERAL: Final[dict[str, tuple[Capability, ...]]] = {
    "text": ("chat", "streaming", "tools", "structured_output"),
    "media_in": ("images_in", "documents_in", "audio_in"),
}
Seconds = Annotated[float, Meta(gt=0)]
Url = Annotated[str, Meta(pattern="^https?://")]


class Timeouts(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """The four clocks of an attempt, in seconds."""

    connect: Annotated[Seconds | None, Meta(description="until the connection stands, TLS included (2)")] = None
    first_byte: Annotated[
        Seconds | None, Meta(description="until the reply's headers are there (60 streamed, 300 whole)")
    ] = None
    idle: Annotated[Seconds | None, Meta(description="between two pieces of the reply (60)")] = None
    total: Annotated[Seconds | None, Meta(description="for the whole attempt (600)")] = None


class FlavorEntry(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What a provider of chat completions takes that most of them do not, or the other way around."""

    thinking: Annotated[
        Literal["effort", "reasoning", "switch"] | None,
        Meta(description="how it is told to think: `reasoning_effort`, an object `reasoning`, or a switch `thinking`"),
    ] = None
    thoughts: Annotated[
        Literal["reasoning_content", "reasoning", "none"] | None,
        Meta(description="the member in which it takes its own thoughts back"),
    ] = None
    documents: Annotated[
        Literal["file", "file_url", "document_url"] | None, Meta(description="how it takes documents")
    ] = None
    cache_marks: Annotated[bool | None, Meta(description="takes `cache_control` on parts")] = None
    free_text: Annotated[bool | None, Meta(description="takes tools of the type `custom`")] = None
    routes: Annotated[
        bool | None,
        Meta(description="chooses among providers itself, and takes OpenRouter's `provider` and variants for that"),
    ] = None
    prefill: Annotated[
        Literal["plain", "prefix", "none"] | None,
        Meta(
            description="how it takes the beginning of an answer: `plain`, as the last message, with `prefix`, or not"
        ),
    ] = None


class ProviderEntry(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A provider as written down: every field may be absent, because an entry is merged over the row of its name."""

    dialect: Annotated[Dialect | None, Meta(description="the wire format it speaks")] = None
    also: Annotated[
        list[Dialect] | None, Meta(description="other wire formats that it speaks at the same base URL")
    ] = None
    auth: Annotated[
        Auth | None,
        Meta(description="how the key is shown: in which header, or what signs for it; the dialect's way if absent"),
    ] = None
    paths: Annotated[
        Paths | None,
        Meta(description="where a model stands in the path: `deployments` (Azure, DIAL), `vertex`, or `plain`"),
    ] = None
    region: Annotated[str | None, Meta(description="AWS's region, where the base URL does not say it")] = None
    api_version: Annotated[str | None, Meta(description="sent as `api-version` in the query")] = None
    api_version_env: Annotated[
        str | None, Meta(description="the environment variable that overrides `api_version`")
    ] = None
    base_url: Annotated[Url | None, Meta(description="where its API begins, version path included")] = None
    base_url_env: Annotated[str | None, Meta(description="the environment variable that overrides `base_url`")] = None
    base_path: Annotated[str | None, Meta(description="appended to a base URL that has no path")] = None
    private_network: Annotated[
        bool | None, Meta(description="its host's name may lead to addresses of private networks")
    ] = None
    api_key: Annotated[str | None, Meta(description="the key; better `api_key_env` or `${file:PATH}`")] = None
    api_key_env: Annotated[
        str | list[str] | None,
        Meta(
            description="environment variables that may hold the key; the first one set wins. `A:B` is what two hold, "
            "with a colon between; `file:A` is what stands in the file that A names"
        ),
    ] = None
    key_optional: Annotated[bool | None, Meta(description="serves without a key")] = None
    headers: Annotated[dict[str, str] | None, Meta(description="sent with every request")] = None
    pass_headers: Annotated[
        list[str] | None, Meta(description="headers of the client's request that are sent on, in lower case")
    ] = None
    flavor: Annotated[
        FlavorEntry | None,
        Meta(description="where its `openai-chat` differs in what it takes, when a call is translated into it"),
    ] = None
    timeouts: Annotated[Timeouts | None, Meta(description="the four clocks")] = None
    quirks: Annotated[list[str] | None, Meta(description="named mends of its replies; see the quirks reference")] = None
    fidelity: Annotated[
        Literal["mended", "raw"] | None, Meta(description="`raw` passes replies untouched, quirks or not")
    ] = None
    usage: Annotated[
        Literal["asked", "always"] | None,
        Meta(description="whether streams report usage only when asked, or always, unasked"),
    ] = None
    models: Annotated[list[str] | None, Meta(description="patterns of bare model names that are its own")] = None
    vendor: Annotated[
        str | None, Meta(description="what OpenRouter's slugs call it, where that is not its own name")
    ] = None
    serves: Annotated[
        Serves | None,
        Meta(
            description="besides its own models: `slugs` are any vendor's by slug, `relayed` those that Portkey has a "
            "config or virtual key for, `any` whatever nobody else knows"
        ),
    ] = None
    capabilities: Annotated[
        list[Capability | Several] | None,
        Meta(
            description="what some model of it can do, as it is asked here: a call that needs another thing passes it "
            "over; not known, and never passed over for it, if absent. `text` is `chat`, `streaming`, `tools` and "
            "`structured_output`, `media_in` is `images_in`, `documents_in` and `audio_in`"
        ),
    ] = None
    slug: Annotated[
        str | None,
        Meta(description="what OpenRouter's `provider.order`, `only` and `ignore` call it, where not by its own name"),
    ] = None
    data_collection: Annotated[
        Literal["allow", "deny"] | None,
        Meta(description="whether it may keep or train on what it is sent; not known, and so not trusted, if absent"),
    ] = None
    zdr: Annotated[
        bool | None, Meta(description="it keeps nothing of what it is sent; not known, and so not trusted, if absent")
    ] = None
    quantizations: Annotated[
        list[Quantization] | None,
        Meta(description="the precisions of the models that it serves; not known if absent"),
    ] = None
    allowed_models: Annotated[
        list[str] | None,
        Meta(description="the only models that may be asked of it, by any of their names; `NAME_ALLOWED_MODELS` wins"),
    ] = None
    default_model: Annotated[
        str | None, Meta(description="what answers when a call names no model and no intent's provider has a key")
    ] = None
    default_model_env: Annotated[
        str | None, Meta(description="the environment variable that overrides `default_model`")
    ] = None


NO_TIMEOUTS = Timeouts()


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider ready for use: its row, the configuration's entry over it, and its key.

    `allowed` has the only models that may be asked of it, in lower case, and `allowed_by` what says so; an empty one
    allows all. `cannot` has the capabilities that it is known to be without. `lacks` is the variable that its base URL
    is missing. One that is `offline` has no base URL, because nobody beyond this machine is to be asked. Of
    `data_collection`, `zdr` and `quantizations`, what is not known is empty or False.
    """

    name: str
    dialect: str
    base_url: str
    api_key: Secret | None
    also: tuple[str, ...] = ()
    auth: Auth = "bearer"
    paths: Paths = "plain"
    api_version: str | None = None
    region: str | None = None
    key_env: tuple[str, ...] = ()
    key_source: str | None = None
    key_optional: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    timeouts: Timeouts = NO_TIMEOUTS
    quirks: tuple[str, ...] = ()
    usage: Literal["asked", "always"] = "asked"
    models: tuple[str, ...] = ()
    default_model: str | None = None
    configured: bool = True
    pass_headers: tuple[str, ...] = ()
    flavor: Flavor = PLAIN
    vendor: str = ""
    serves: Serves = "own"
    cannot: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    allowed_by: str = ""
    lacks: str = ""
    private_network: bool = False
    offline: bool = False
    slug: str = ""
    routes: bool = False
    data_collection: Literal["", "allow", "deny"] = ""
    zdr: bool = False
    quantizations: tuple[str, ...] = ()

    def claims(self, model: str) -> bool:
        """Whether a bare name is one of its own."""
        name = model.lower()
        return model == self.default_model or any(fnmatchcase(name, pattern) for pattern in self.models)

    def speaks(self, dialect: str) -> bool:
        """Whether a call in that dialect can go to it as it is."""
        return dialect == self.dialect or dialect in self.also

    @property
    def usable(self) -> bool:
        """Whether a call can be sent to it: it has an address, and a key or no need of one.

        A provider that needs no key is not there just for that: `configured` says whether anybody set it up.
        """
        return bool(self.base_url) and (self.api_key is not None or self.key_optional)
