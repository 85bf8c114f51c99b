"""OpenRouter's contract: what a call may say of models, providers and prices in OpenRouter's words. Pure."""
