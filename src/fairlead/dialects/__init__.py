"""Wire formats: pure codecs, no I/O, no clock."""
