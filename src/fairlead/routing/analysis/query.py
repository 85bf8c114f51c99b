"""The verdicts on a query, each with its reasons. Pure: the same words get the same verdicts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fairlead.routing import intent
from fairlead.routing.analysis import cues
from fairlead.routing.analysis.complexity import Complexity, weighed
from fairlead.routing.analysis.heard import Heard
from fairlead.routing.intent import Inference
from fairlead.routing.said import stripped

Verdict = Literal["vision", "search", "complexity", "task"]

_HEAD, _TAIL = 6000, 2000
_MOST_NAMED: Final = 3
_PICTURE_LINK: Final = re.compile(
    r"https?://[^\s<>\"]{1,500}?\.(?:png|jpe?g|gif|webp|bmp|tiff?)\b|data:image/", re.IGNORECASE
)
_LINK: Final = re.compile(r"https?://\S")
# The task of an intent, where no finer one is named.
_TASK_OF: Final = {"code": "code_generation", "analyze": "analysis", "creative": "creative_tasks"}
_REASONING: Final = "reasoning_tasks"
_SIMPLE: Final = "simple_queries"
# Which finer tasks an intent leaves room for: a review of code is none where nothing is said of code.
_WITHIN: Final = {
    "code": ("code_review", "data_analysis"),
    "analyze": ("code_review", "executive_insights", "strategic_planning", "data_analysis", "bulk_processing"),
    "creative": ("strategic_planning", "executive_insights"),
    "fast": ("code_review", "executive_insights", "strategic_planning", "data_analysis", "bulk_processing"),
}


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a query asks for. `score` is how hard it is, from 0 to 1; `reasons` says why, by verdict."""

    requires_vision: bool
    requires_web_search: bool
    complexity: Complexity
    score: float
    task_type: str
    intent: str
    reasons: Mapping[Verdict, str]


def analyze(query: Heard | str, inferred: Inference | None = None) -> Analysis:
    """The verdicts on what a call says, or on a text alone. `inferred` is the intent of the text, if it is known."""
    said = Heard(stripped(query).strip()) if isinstance(query, str) else query
    text = _bounded(said.text)
    found = cues.found(text)
    read = inferred or intent.infer(text)
    vision, why_vision = _vision(said, text, found)
    search, why_search = _search(said, text, found)
    weight = weighed(said, text, found)
    task, why_task = _task(read, weight.level, found)
    reasons: dict[Verdict, str] = {
        "vision": why_vision,
        "search": why_search,
        "complexity": weight.reason,
        "task": why_task,
    }
    return Analysis(vision, search, weight.level, weight.score, task, read.intent, reasons)


def _bounded(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def _vision(said: Heard, text: str, found: Mapping[str, Sequence[str]]) -> tuple[bool, str]:
    if said.pictures:
        count = "a picture" if said.pictures == 1 else f"{said.pictures} pictures"
        return True, f"{count} came with it"
    if _PICTURE_LINK.search(text):
        return True, "it has a link to a picture"
    if pointing := found.get("vision"):
        return True, f"{_quoted(pointing)} points at a picture"
    return False, "no picture came with it, and no word points at one"


def _search(said: Heard, text: str, found: Mapping[str, Sequence[str]]) -> tuple[bool, str]:
    if said.searches:
        return True, "the call asks for a search of the web"
    if fresh := found.get("search"):
        return True, f"{_quoted(fresh)} asks for what only the web of today knows"
    if _LINK.match(text) and len(text.split()) == 1:
        return True, "it is a link and nothing more"
    return False, "nothing in it asks for what is new"


def _task(read: Inference, level: Complexity, found: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    for label in _WITHIN.get(read.intent, ()):
        if named := found.get(f"task.{label}"):
            return label, f"{_quoted(named)} names this kind of work"
    if read.intent in _TASK_OF and (read.intent != "analyze" or level != "high"):
        return _TASK_OF[read.intent], read.reason
    if level == "high":
        return _REASONING, f"it takes thought, and {read.reason}"
    return _SIMPLE, read.reason


def _quoted(named: Sequence[str]) -> str:
    return ", ".join(f"`{cue}`" for cue in named[:_MOST_NAMED])
