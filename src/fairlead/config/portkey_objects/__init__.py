"""Portkey's config objects, as they are written down: what one may say, and whether one does. Pure."""
