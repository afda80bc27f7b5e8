"""Answers: what a form shows of a question, and what was typed into it."""
