"""What several processes share through Redis, or Valkey: who holds how much of what."""
