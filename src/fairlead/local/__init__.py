"""The small model that answers when there is no key."""
