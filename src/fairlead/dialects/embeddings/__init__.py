"""Embeddings in every dialect: texts, tokens or images in, one vector for each out.

Clients speak OpenAI's `/v1/embeddings`, with what others have added to it and clients send: `input_type` (Cohere,
Voyage, NVIDIA) or `task` (Jina) for what the vectors are for, `truncate` for what happens to an input that is too long,
and images as Jina (`{"image": …}`) or OpenRouter (`{"content": […]}`) write them. Their errors are OpenAI's.

A provider's limit on inputs in one call (Cohere's is 96) is the provider's to enforce.
"""

from typing import Final

from fairlead.dialects.embeddings.client import Client
from fairlead.dialects.embeddings.providers import Cohere, Gemini, Ollama, OpenAI
from fairlead.dialects.embeddings.shape import (
    EmbeddingProvider,
    EmbeddingReply,
    EmbeddingRequest,
    Input,
    Mixed,
    Task,
    Truncate,
    Vector,
)

__all__ = [
    "CLIENT",
    "EMBEDDERS",
    "EmbeddingProvider",
    "EmbeddingReply",
    "EmbeddingRequest",
    "Input",
    "Mixed",
    "Task",
    "Truncate",
    "Vector",
]

CLIENT: Final = Client()
EMBEDDERS: Final[dict[str, EmbeddingProvider]] = {side.name: side for side in (OpenAI(), Cohere(), Gemini(), Ollama())}
