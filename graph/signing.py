"""Signing (stub until merged)."""

from pathlib import Path


def sign(message: bytes, key_file: Path) -> str:
    """Return the signature."""
    raise NotImplementedError
