"""Grounding: which numbers a text states, and whether each equals something that is known."""
