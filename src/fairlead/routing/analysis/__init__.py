"""What a call asks for, read from its words: pictures, the web, how hard it is, and what it is for."""

from fairlead.routing.analysis.complexity import Complexity
from fairlead.routing.analysis.heard import Heard, heard
from fairlead.routing.analysis.query import Analysis, analyze

__all__ = ["Analysis", "Complexity", "Heard", "analyze", "heard"]
