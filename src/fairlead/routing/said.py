"""What a person says in a call, without what programs put there: tool output, reminders, notes of editors.

Pure, and linear in the length of the text whatever stands in it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from fairlead.dialects.envelope import content_text

# Between such tags, agents and editors put what nobody typed.
_TAGS: Final = (
    *("system-reminder", "system_reminder", "system-message", "system_message"),
    *("tool_result", "tool_results", "tool-result", "tool_output", "tool-output", "tool_response"),
    *("function_result", "function_results", "function_response", "function_output"),
    *("command-stdout", "command-stderr", "local-command-stdout", "local-command-stderr", "bash-stdout", "bash-stderr"),
    *("environment_details", "environment_context", "user_info", "attached_files", "file_contents"),
    *("tool_call", "tool_calls", "function_call", "function_calls", "command-name", "command-message"),
    *("local-command-caveat", "user-prompt-submit-hook", "task-notification", "ide_selection", "ide_opened_file"),
    *("ide_diagnostics", "open_and_recently_viewed_files", "additional_data", "project_layout", "user_instructions"),
    *("custom_instructions", "always_applied_workspace_rules", "git_status", "workspace_info", "editorContext"),
    *("repoContext", "reminderInstructions", "attachments"),
)
# Where these stand, only what is between them was typed.
_TYPED: Final = ("user_query", "user_message", "user_request", "userRequest", "user_input", "command-args")
# A paragraph that begins so is a tool's, or the system's.
_ASIDE: Final = (
    *("[tool output]", "[tool result]", "tool output:", "tool result:", "observation:", "function result:"),
    *("[system reminder]", "[system notification", "system reminder:", "[request interrupted"),
)
_OPEN: Final = re.compile(rf"<({'|'.join(_TAGS)})(?:\s[^<>]{{0,200}})?>", re.IGNORECASE)
_OPEN_TYPED: Final = re.compile(rf"<({'|'.join(_TYPED)})(?:\s[^<>]{{0,200}})?>", re.IGNORECASE)
# Where the dialects keep what was said, and where a message keeps its parts.
_HELD: Final = ("messages", "prompt", "input", "contents", "query", "message")
_CONTENT: Final = ("content", "parts")


def stripped(text: str) -> str:
    """The text without what programs put between tags such as `<system-reminder>`; a tag that never ends stays.

    Where a program marks what was typed (`<user_query>`), that alone is left; paragraphs of tools go too.
    """
    if "<" in text:
        typed = "\n".join(text[start:end] for _, start, end, _ in _sections(text, _OPEN_TYPED))
        text = _without(typed if typed.strip() else text)
    if ":" in text or "[" in text:
        folded = text.lower()
        if any(mark in folded for mark in _ASIDE):
            parts = text.split("\n\n")
            text = "\n\n".join(part for part in parts if not part.lstrip().lower().startswith(_ASIDE))
    return text


def _without(text: str) -> str:
    kept: list[str] = []
    behind = 0
    for opening, _, _, closing in _sections(text, _OPEN):
        kept.append(text[behind:opening])
        behind = closing
    return "".join((*kept, text[behind:])) if behind else text


def _sections(text: str, openings: re.Pattern[str]) -> Iterator[tuple[int, int, int, int]]:
    """Each section between such tags: where it opens, where its inside begins and ends, and where it has closed."""
    folded = text.lower()
    if len(folded) != len(text):  # a letter became two, so that places in one are not those in the other
        folded = text
    behind, endless = 0, set[str]()
    for found in openings.finditer(text):
        name = found[1].lower() if folded is not text else found[1]
        if found.start() < behind or name in endless:
            continue
        end = folded.find(f"</{name}>", found.end())
        if end < 0:
            endless.add(name)
            continue
        behind = end + len(name) + 3
        yield found.start(), found.end(), end, behind


def last_said(params: Mapping[str, Any]) -> str:
    """The last thing that the user of a call says, in whatever dialect its body is; empty where there is no text.

    Results of tools and messages in which nobody speaks are passed over, so that all steps of a tool loop say the same.
    """
    for name in _HELD:
        if name in params:
            return _last(params[name])
    return ""


def heard(member: Callable[[str], bytes | None]) -> str:
    """The same, of a body whose members are had one by one, as they were sent."""
    for name in _HELD:
        if (raw := member(name)) is not None:
            try:
                return _last(msgspec.json.decode(raw))
            except (ValueError, RecursionError):
                return ""
    return ""


def _last(value: Any) -> str:
    if isinstance(value, str):
        return stripped(value).strip()
    said = (stripped(_text(item)).strip() for item in reversed(value if isinstance(value, list) else []))
    return next(filter(None, said), "")


def _text(item: Any) -> str:
    """What the user says in one message; empty where somebody else speaks."""
    if isinstance(item, dict) and item.get("role", "user") == "user":
        texts = (content_text(item.get(name), "\n") for name in _CONTENT)
        return next(filter(None, texts), "")
    return item if isinstance(item, str) else ""
