"""The environment variables that settings can come from, and those that are left alone on purpose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fairlead.config.env_files import origin
from fairlead.config.read import plain
from fairlead.config.tree import Place, Section, merged, planted


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable. `path` is the setting that it sets; without one it says where a file is.

    One that is a `switch` may also say 1 or 0.
    """

    name: str
    path: str
    meaning: str
    upper: bool = False
    switch: bool = False


VARIABLES = (
    Variable("FAIRLEAD_CONFIG", "", "the configuration file, where `--config` names none"),
    Variable("MODEL_CONFIG_PATH", "", "a models.yaml whose `models` are intents; `~` and `$HOME` are expanded"),
    Variable("FAIRLEAD_HOST", "server.host", "the address to listen on"),
    Variable("FAIRLEAD_PORT", "server.port", "the port; 0 takes a free one"),
    Variable("FAIRLEAD_PROFILE", "profile", "which shipped routing to start from"),
    Variable("GATEWAY_PROFILE", "profile", "the same, where FAIRLEAD_PROFILE is not set"),
    Variable("DEFAULT_PROVIDER", "default_provider", "the provider to try first"),
    Variable("DEFAULT_MODEL", "default_model", "the model of a call that names none: a name, or `auto` for the best"),
    Variable("FAIRLEAD_MODELS_FILE", "models_file", "a registry of models of your own, laid over the shipped one"),
    Variable("PORTKEY_MODELS_CONFIG_PATH", "models_file", "the same, where FAIRLEAD_MODELS_FILE is not set"),
    Variable("CUSTOM_MODELS_CONFIG_PATH", "custom_models_file", "a registry of the models that `custom` has"),
    Variable(
        "FAIRLEAD_STRICT_MODELS", "strict_models", "`true` refuses names that the registry does not know", switch=True
    ),
    Variable("FAIRLEAD_OFFLINE", "offline", "`true` asks nobody beyond this machine", switch=True),
    Variable("PAYREADY_OFFLINE_MODE", "offline", "the same, where FAIRLEAD_OFFLINE is not set", switch=True),
    Variable("USE_LEGACY_PORTKEY", "legacy_portkey", "`1` asks Portkey after all others", switch=True),
    Variable("PORTKEY_ADMIN_KEY", "portkey.admin_key", "the key for Portkey's Admin API, where it is another one"),
    Variable("FAIRLEAD_DATA_DIR", "data_dir", "where weights and records are kept"),
    Variable("FAIRLEAD_DATABASE", "database", "where keys and records are kept: a SQLite file, or a PostgreSQL URL"),
    Variable("MAX_RETRIES", "reliability.max_retries", "tries after the first, where no other target can be asked"),
    Variable("REQUEST_TIMEOUT", "reliability.request_timeout", "seconds until a reply begins"),
    Variable(
        "ENABLE_FALLBACK", "reliability.fallback", "`false` asks no other target where the first fails", switch=True
    ),
    Variable("LOG_LEVEL", "log_level", "how much is logged: debug, info, warning or error", upper=True),
    Variable("OPENROUTER_REFERER", "app.referer", "sent to OpenRouter as `HTTP-Referer`"),
    Variable("OPENROUTER_TITLE", "app.title", "sent to OpenRouter as `X-Title` and `X-OpenRouter-Title`"),
)
"""Every variable that sets something, the first of two that set the same winning. Keys are named by the providers."""


_SWITCHED = {"1": "true", "0": "false"}


def overrides(environ: Mapping[str, str]) -> Section:
    """What the environment sets. A variable that is empty sets nothing."""
    tree = Section(Place("environment"), {}, {})
    for variable in VARIABLES:
        text = environ.get(variable.name, "").strip()
        if variable.path and text:
            text = text.upper() if variable.upper else text
            text = _SWITCHED.get(text, text) if variable.switch else text
            tree = merged(planted(variable.path, plain(text), origin(environ, variable.name), outside=text), tree)
    return tree


def kept(environ: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """The environment less what matches a pattern."""
    globs = tuple(patterns)
    return {name: value for name, value in environ.items() if not any(fnmatchcase(name, glob) for glob in globs)}


def ignored(environ: Mapping[str, str], patterns: Iterable[str], profile: str) -> tuple[str, ...]:
    """One warning that names the variables which are set and match a pattern, or none."""
    left = kept(environ, patterns)
    names = sorted(name for name, value in environ.items() if value and name not in left)
    return (f"the profile `{profile}` ignores {', '.join(names)}",) if names else ()
