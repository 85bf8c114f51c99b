"""Who is measured: nginx, Fairlead, and the peers that are installed. Each one's configuration stands here."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template

from bench.work import HERE, ROOT, WORK, free_port, subject_env

KEY = "sk-bench-0123456789abcdef0123456789abcdef"
# What the mock is asked for: a whole reply; 200 events 5 ms apart; 100 events 50 ms apart.
UPSTREAM_MODELS = {"plain": "bench-upstream", "fast": "bench-stream-200-5000", "paced": "bench-stream-100-50000"}
# The dialects that Fairlead translates to here: what the provider and its models are called, and where the mock's is.
TRANSLATED = {"anthropic-messages": ("anthropic", "v1"), "gemini": ("gemini", "v1beta")}


@dataclass(frozen=True)
class Subject:
    """How to start one program and how to call it."""

    name: str
    version: str
    argv: tuple[str, ...]
    port: int = 0
    stream_port: int = 0
    port_file: Path | None = None  # for a program that takes a port of its own choice
    path: str = "/v1/chat/completions"
    headers: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=lambda: UPSTREAM_MODELS)
    env: Mapping[str, str] = field(default_factory=subject_env)
    streams: bool = True

    def translating(self, dialect: str) -> "Subject":
        """The same program, asked for models that it has to translate for."""
        ending = TRANSLATED[dialect][0]
        models = {"plain": f"bench-{ending}", "fast": f"bench-{ending}-fast"}
        return replace(self, name=f"{self.name} to {dialect}", models=models)


def nginx(mock_port: int) -> Subject:
    """The limit: a reverse proxy that reads nothing of what it passes."""
    port, stream_port = free_port(), free_port()
    home = WORK / "nginx"
    home.mkdir(exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    text = Template((HERE / "nginx.conf").read_text())
    config = home / "nginx.conf"
    config.write_text(text.substitute(user=user, mock=mock_port, port=port, stream_port=stream_port))
    version = _said("nginx", "-v").rpartition("/")[2]
    argv = ("nginx", "-p", str(home), "-e", "error.log", "-c", str(config))
    return Subject("nginx", version, argv, port=port, stream_port=stream_port)


def fairlead(mock_port: int) -> Subject | None:
    """This gateway, as `ai serve` starts it, with everything on that is on by default."""
    ai = Path(sys.executable).parent / "ai"
    if not ai.exists():
        return None
    models = {"plain": "bench", "fast": "bench-fast", "paced": "bench-paced"}
    providers = {"mock": _provider("openai-chat", mock_port, "v1")}
    served = {models[mode]: _served("mock", name) for mode, name in UPSTREAM_MODELS.items()}
    for dialect, (name, base) in TRANSLATED.items():
        providers[f"mock-{name}"] = _provider(dialect, mock_port, base)
        served[f"bench-{name}"] = _served(f"mock-{name}", UPSTREAM_MODELS["plain"])
        served[f"bench-{name}-fast"] = _served(f"mock-{name}", UPSTREAM_MODELS["fast"])
    # What earlier runs recorded would be folded, and searched, in this one.
    shutil.rmtree(WORK / "data", ignore_errors=True)
    config = {"data_dir": str(WORK / "data"), "providers": providers, "models": served}
    file = WORK / "fairlead.yaml"
    file.write_text(json.dumps(config, indent=2))  # JSON is YAML
    port = free_port()
    return Subject(
        "Fairlead",
        _said(sys.executable, "-c", "import fairlead; print(fairlead.__version__)"),
        (str(ai), "serve", "--config", str(file), "--port", str(port)),
        port=port,
        headers={"Authorization": f"Bearer {KEY}"},
        models=models,
        env=subject_env(FAIRLEAD_KEY=KEY),
    )


def _provider(dialect: str, mock_port: int, base: str) -> dict[str, str]:
    return {"dialect": dialect, "base_url": f"http://127.0.0.1:{mock_port}/{base}", "api_key": "k"}


def _served(provider: str, model: str) -> dict[str, list[dict[str, str]]]:
    return {"targets": [{"provider": provider, "model": model}]}


def portkey(mock_port: int) -> Subject | None:
    """Portkey's gateway on Node."""
    home = WORK / "node_modules" / "@portkey-ai" / "gateway"
    if not home.exists():
        return None
    port = free_port()
    return Subject(
        "Portkey",
        json.loads((home / "package.json").read_text())["version"],
        ("node", str(home / "build" / "start-server.js"), f"--port={port}", "--headless"),
        port=port,
        headers={
            "Authorization": "Bearer k",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"http://127.0.0.1:{mock_port}/v1",
        },
        env=subject_env(NODE_ENV="production"),
    )


def tensorzero(mock_port: int) -> Subject | None:
    """TensorZero's gateway, as its package for Python holds it, with its records off."""
    python = WORK / "peers-venv" / "bin" / "python"
    if not python.exists():
        return None
    lines = ["[gateway]", "observability.enabled = false"]
    for name in UPSTREAM_MODELS.values():
        lines += [
            f'[models."{name}"]',
            'routing = ["mock"]',
            f'[models."{name}".providers.mock]',
            'type = "openai"',
            f'model_name = "{name}"',
            f'api_base = "http://127.0.0.1:{mock_port}/v1/"',
            'api_key_location = "none"',
        ]
    config, port_file = WORK / "tensorzero.toml", WORK / "tensorzero.port"
    config.write_text("\n".join(lines) + "\n")
    return Subject(
        "TensorZero",
        _said(str(python), "-c", "import importlib.metadata as m; print(m.version('tensorzero'))"),
        (str(python), str(HERE / "tensorzero_peer.py"), str(config), str(port_file)),
        port_file=port_file,
        path="/openai/v1/chat/completions",
        models={mode: f"tensorzero::model_name::{name}" for mode, name in UPSTREAM_MODELS.items()},
    )


ALL: dict[str, Callable[[int], Subject | None]] = {
    "nginx": nginx,
    "Fairlead": fairlead,
    "TensorZero": tensorzero,
    "Portkey": portkey,
}


def compile_sources() -> None:
    """Write Fairlead's byte-code, as an installed package has it."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", "src"], check=False, cwd=ROOT, env=subject_env())


def _said(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=subject_env())
    return (done.stdout + done.stderr).strip()
