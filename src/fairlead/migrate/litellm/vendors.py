"""LiteLLM's providers, by the prefix of a model's name, and what each of them is here.

Prefixes and variables are those of https://docs.litellm.ai/docs/providers, read in November 2026.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from fairlead.providers.catalog import load_rows

BASE: Final = "api_base"


@dataclass(frozen=True, slots=True)
class Vendor:
    """What a prefix stands for: a shipped provider (`row`), or a server that speaks OpenAI's chat at `base_url`.

    `keys` are the variables that LiteLLM reads its key from, where the file names none. `path` is what a base URL lacks
    here that has no path.
    """

    name: str
    row: bool = True
    keys: tuple[str, ...] = ()
    base_url: str = ""
    base_env: str = ""
    path: str = ""


def _server(name: str, base_url: str = "", *keys: str, base_env: str = "") -> Vendor:
    return Vendor(name, row=False, keys=keys, base_url=base_url, base_env=base_env)


_VENDORS: Final[dict[str, Vendor]] = {
    "openai": Vendor("openai", keys=("OPENAI_API_KEY",)),
    "azure": Vendor("azure", keys=("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"), base_env="AZURE_API_BASE"),
    "anthropic": Vendor("anthropic", keys=("ANTHROPIC_API_KEY",), path="/v1"),
    "gemini": Vendor("google", keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"), path="/v1beta"),
    "vertex_ai": Vendor("vertex"),
    "vertex_ai_beta": Vendor("vertex"),
    "bedrock": Vendor("bedrock"),
    "bedrock_converse": Vendor("bedrock"),
    "groq": Vendor("groq", keys=("GROQ_API_KEY",)),
    "mistral": Vendor("mistral", keys=("MISTRAL_API_KEY",)),
    "cohere": Vendor("cohere", keys=("COHERE_API_KEY", "CO_API_KEY"), path="/v2"),
    "cohere_chat": Vendor("cohere", keys=("COHERE_API_KEY", "CO_API_KEY"), path="/v2"),
    "together_ai": Vendor("together", keys=("TOGETHERAI_API_KEY", "TOGETHER_API_KEY")),
    "deepseek": Vendor("deepseek", keys=("DEEPSEEK_API_KEY",)),
    "xai": Vendor("xai", keys=("XAI_API_KEY",)),
    "perplexity": Vendor("perplexity", keys=("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY")),
    "openrouter": Vendor("openrouter", keys=("OPENROUTER_API_KEY",)),
    "huggingface": Vendor("huggingface", keys=("HUGGINGFACE_API_KEY", "HF_TOKEN")),
    "github": Vendor("github", keys=("GITHUB_API_KEY",)),
    "aiml": Vendor("aimlapi", keys=("AIML_API_KEY",)),
    "ollama": Vendor("ollama", base_env="OLLAMA_API_BASE", path="/v1"),
    "ollama_chat": Vendor("ollama", base_env="OLLAMA_API_BASE", path="/v1"),
    "fireworks_ai": _server("fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "deepinfra": _server("deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "cerebras": _server("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "nvidia_nim": _server("nvidia", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    "sambanova": _server("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    "moonshot": _server("moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    "hosted_vllm": _server("vllm", "", "HOSTED_VLLM_API_KEY", base_env="HOSTED_VLLM_API_BASE"),
    "openai_like": _server("openai-like", "", "OPENAI_LIKE_API_KEY", base_env="OPENAI_LIKE_API_BASE"),
    "custom_openai": _server("custom-openai", "", "OPENAI_API_KEY"),
    "lm_studio": _server("lm-studio", "", "LM_STUDIO_API_KEY", base_env="LM_STUDIO_API_BASE"),
    "llamafile": _server("llamafile", "http://127.0.0.1:8080/v1", "LLAMAFILE_API_KEY", base_env="LLAMAFILE_API_BASE"),
    "litellm_proxy": _server("litellm-proxy", "", "LITELLM_PROXY_API_KEY", base_env="LITELLM_PROXY_API_BASE"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a model string means: the vendor, and what the model is called there."""

    vendor: Vendor
    model: str


def found(model: str, provider: str = "") -> Found | None:
    """What `openai/gpt-4o` or a bare `gpt-4o` stands for; None where nobody knows. `provider` overrides the prefix."""
    prefix, slash, rest = model.partition("/")
    if provider:
        vendor = _VENDORS.get(provider)
        return Found(vendor, _there(vendor, rest if slash and prefix == provider else model)) if vendor else None
    if slash and prefix in _VENDORS:
        return Found(_VENDORS[prefix], _there(_VENDORS[prefix], rest))
    if slash:
        return None
    rows = load_rows()
    for vendor in _VENDORS.values():
        patterns = (rows[vendor.name].models or ()) if vendor.row else ()
        if any(fnmatchcase(model.lower(), pattern) for pattern in patterns):
            return Found(vendor, model)
    return None


def _there(vendor: Vendor, model: str) -> str:
    """The model's id: LiteLLM lets some say by which of a vendor's doors it is asked."""
    if vendor.name == "bedrock":
        for door in ("converse/", "invoke/", "converse_like/"):
            model = model.removeprefix(door)
    if vendor.name == "azure":
        for kind in ("o_series/", "gpt5_series/"):
            model = model.removeprefix(kind)
    return model
