"""Which quirks the recorded answers of each OpenAI-shaped provider show, and in how many answers and chunks.

python scripts/quirk_report.py [PROVIDER ...]
"""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.openai_schema import ABSENT, Recording, recordings

from fairlead.providers.quirks import QUIRKS, mender

PROVIDERS = (
    *("openai", "openrouter", "deepseek", "groq", "mistral", "perplexity"),
    *("llamacpp", "copilot", "doubleword", "venice", "mistralrs"),
)


def changed(name: str, recording: Recording) -> int:
    """How many bodies of a recording a quirk alone would change."""
    mend = mender([name])
    if recording.kind == "chunk":
        stream = mend.stream()
        return sum(stream.chunk(body) is not body for body in recording.bodies)
    whole = {"reply": mend.reply, "embeddings": mend.embeddings, "models": mend.models}[recording.kind]
    return sum(whole(body) is not body for body in recording.bodies)


def main() -> None:
    if ABSENT:
        sys.exit(ABSENT)
    for provider in sys.argv[1:] or PROVIDERS:
        counts: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for recording in recordings(provider):
            total[recording.kind] += len(recording.bodies)
            counts.update({name: changed(name, recording) for name in QUIRKS})
        print(provider, " ".join(f"{kind}={count}" for kind, count in total.items()))
        for name, count in counts.items():
            if count:
                print(f"  {name:18}{count:6}")


if __name__ == "__main__":
    main()
