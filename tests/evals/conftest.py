"""Evaluations run under langsmith's plugin alone, which `make evals` loads; an ordinary run leaves them to it."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.pluginmanager.hasplugin("langsmith_plugin") else True
