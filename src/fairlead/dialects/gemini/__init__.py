"""`gemini`: Google's `generateContent`, whole and streamed."""

from fairlead.dialects.gemini.client import ARRAY_CLIENT, CLIENT, GeminiClient
from fairlead.dialects.gemini.provider import PROVIDER, GeminiProvider

__all__ = ["ARRAY_CLIENT", "CLIENT", "PROVIDER", "GeminiClient", "GeminiProvider"]
