"""`openai-chat`: OpenAI's chat completions, with the completions and embeddings that share its envelope."""
