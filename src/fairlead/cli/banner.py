"""What `ai serve` shows when it is up."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from fairlead.cli.root import PROGRAMS
from fairlead.routing.names import Offered, offered
from fairlead.routing.plan import LAST_RESORT
from fairlead.routing.policy import Policy

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Keys:
    """How many client keys are stored, and the one made at this start, which `lasts` if it could be stored."""

    stored: int = 0
    minted: str = ""
    lasts: bool = True


def text(policy: Policy, host: str, port: int, keys: Keys) -> str:
    """The address, what can be asked for, the key if it was just made, and one call to paste."""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - shown, not bound
    shown_host = "127.0.0.1" if everywhere else host
    url = f"http://{f'[{shown_host}]' if ':' in shown_host else shown_host}:{port}"
    ai = _program()
    models = offered(policy)
    where = f"{url} and all other addresses here" if everywhere else url
    lines = [f"Fairlead listens on {where}", "", "Models", *_models(models, ai)]
    if models and all(model.provider in LAST_RESORT for model in models):
        lines += ["", f"No provider has a key, so `{models[0].provider}` answers: `{ai} doctor` tells more"]
    lines += _told(keys, ai)
    minted = keys.minted
    return "\n".join([*lines, "", "Try it", *_curl(url, minted or "$FAIRLEAD_KEY"), "or", *_ask(url, minted, ai)])


def _told(keys: Keys, ai: str) -> list[str]:
    if keys.minted:
        until = [] if keys.lasts else ["It ends with this process, for the database does not answer"]
        return ["", f"Client key (shown once): {keys.minted}", *until]
    if keys.stored:
        many = f"{keys.stored} client key{'s are' if keys.stored > 1 else ' is'} stored"
        return ["", f"{many}; `{ai} keys create` makes another"]
    return []


def _program() -> str:
    """How a shell in this folder calls the program."""
    called = Path(sys.argv[0])
    if called.name not in PROGRAMS:
        return PROGRAMS[0]
    if shutil.which(called.name):
        return called.name
    here = Path.cwd()
    return shlex.quote(str(called.relative_to(here) if called.is_relative_to(here) else called))


def _models(models: list[Offered], ai: str) -> list[str]:
    width = max((len(model.name) for model in models[:_SHOWN]), default=0)
    lines = [f"  {model.name:<{width}}  from {model.provider}: {model.model}" for model in models[:_SHOWN]]
    if len(models) > _SHOWN:
        lines.append(f"  and {len(models) - _SHOWN} more: `{ai} models list`")
    return lines


def _curl(url: str, key: str) -> list[str]:
    return [
        f"  curl -s {url}/v1/chat/completions \\",
        f'    -H "Authorization: Bearer {key}" \\',
        '    -H "Content-Type: application/json" \\',
        """    -d '{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}'""",
    ]


def _ask(url: str, minted: str, ai: str) -> list[str]:
    settings = [f"FAIRLEAD_URL={url}", *([f"FAIRLEAD_KEY={minted}"] if minted else [])]
    return [*(f"  {setting} \\" for setting in settings), f'  {ai} "Hello"']
