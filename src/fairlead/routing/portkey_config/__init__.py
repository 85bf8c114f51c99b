"""Portkey's config objects as a way of saying where a call goes: from an object to a plan. Pure."""
