"""Wording: hand-written for the example tools, made from the description for any other tool."""

from tooltune.generate.phrasing.generic import phrasing_for
from tooltune.generate.phrasing.library import Chain, Library, library
from tooltune.generate.phrasing.model import Frame, Split, ToolPhrasing

__all__ = ["Chain", "Frame", "Library", "Split", "ToolPhrasing", "library", "phrasing_for"]
