"""Scores the routing between a cheap and a strong model on any table of prompts and of which model got them right."""
