"""An answer as it is shown: its words on standard output as they come, what else there is to tell on standard error."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fairlead.cli import say
from fairlead.cli.answer import Answer
from fairlead.clock import Clock
from fairlead.config.check import nearest
from fairlead.routing.policy import Policy
from fairlead.routing.tables import plain

if TYPE_CHECKING:
    from fairlead.cli.ask import Question
    from fairlead.observe.metrics import Metrics

_CUT_SHORT = {
    "length": "the answer ends where its limit of tokens was reached",
    "content_filter": "the provider's content filter ended the answer",
}


class Report:
    """Shows one answer. Implements `answer.Listener`."""

    def __init__(self, question: "Question") -> None:
        self._question = question
        self._clock = Clock()
        self._started = self._clock.monotonic()
        self._first: float | None = None
        self._newlines = ""
        self._shown = self._thinking = False
        self._tried = ""
        self._meant: str | None = None

    def plan(self, policy: Policy) -> None:
        """Tell how the question is read."""
        asked = self._question
        if asked.intent:
            self._meant = nearest(asked.intent, policy.intents)
        if asked.verbose:
            from fairlead.cli.explained import planned, read_as  # noqa: PLC0415 - only where it is shown

            say.note(read_as(planned(policy, asked.prompt, asked.model, asked.intent, asked.provider)))

    def text(self, words: str) -> None:
        """Line ends are held back until words follow them: an answer ends with one, however many its model wrote."""
        self._first = self._first or self._clock.monotonic()
        if self._question.as_json:
            return
        self._end_thinking()
        kept = words.rstrip("\n")
        if kept:
            sys.stdout.write(self._newlines + kept)
            sys.stdout.flush()
            self._newlines, self._shown = "", True
        self._newlines += words[len(kept) :]

    def thought(self, words: str) -> None:
        if self._question.verbose:
            self._thinking = True
            click.echo(click.style(words, dim=True), err=True, nl=False, color=say.colored(sys.stderr))

    def stop(self) -> None:
        self._end_thinking()
        if self._shown:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._shown = False

    def _end_thinking(self) -> None:
        if self._thinking:
            say.note("")
            self._thinking = False

    def attempts(self, metrics: "Metrics") -> None:
        """Remember what the engine tried."""
        rows = metrics.attempts.items()
        self._tried = ", ".join(f"{provider}: {result}" for (provider, result), _ in rows)

    def end(self, answer: Answer) -> None:
        """What is told once all of it is there."""
        if self._question.as_json:
            told = asdict(answer)
            (told["usage"] or {}).pop("said", None)  # the provider's own words for the same
            say.data(json.dumps(told, ensure_ascii=False))
        elif not answer.text.strip():
            say.warning(f"the answer has no text (finish_reason `{answer.finish_reason}`)")
        intent = self._question.intent
        if intent and answer.intent and answer.intent not in (intent.lower(), plain(intent)):
            after = f"; {self._meant}" if self._meant else ""
            say.warning(f"`{intent}` is no intent here, so `{answer.intent}` served{after}")
        if answer.finish_reason in _CUT_SHORT:
            say.warning(_CUT_SHORT[answer.finish_reason])
        if self._question.verbose:
            say.note("\n".join(self._facts(answer)))

    def _facts(self, answer: Answer) -> list[str]:
        tried = f" ({self._tried})" if self._tried else ""
        lines = [f"answered by `{answer.provider}/{answer.model}`, attempts: {answer.attempts}{tried}"]
        if answer.usage is not None:
            usage = answer.usage
            lines.append(f"tokens: {usage.input_tokens} in, {usage.output_tokens} out")
        whole = self._clock.monotonic() - self._started
        first = f", first words after {self._first - self._started:.2f} s" if self._first else ""
        lines.append(f"time: {whole:.2f} s{first}")
        return [*lines, f"request id: {answer.request_id}"]
