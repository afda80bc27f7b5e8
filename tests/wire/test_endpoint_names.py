"""A model whose endpoint is surely misspelled is refused; models with a `/` or a `:` of their own are not."""

from pathlib import Path

import pytest

from nodes.voices.wire.endpoint import Endpoint, find_endpoint, meant_model
from tests.hostile.command import Captured, refused

NAMES = ("default", "openai", "mistral", "llama3", "qwen", "grok", "cloud-1", "cloud-2")
OURS = {name: Endpoint("k", None, "meta-llama/Llama-3", name=name) for name in NAMES}


@pytest.mark.parametrize(
    ("model", "meant"),
    [
        ("opnai/gpt-4.1", "openai/gpt-4.1"),
        ("openaii/gpt-4.1", "openai/gpt-4.1"),
        ("openia/gpt-4.1", "openai/gpt-4.1"),
        ("opena1/gpt-4.1", "openai/gpt-4.1"),
        ("opnai/llama3:8b", "openai/llama3:8b"),
        ("cloud-3/large", "cloud-1/large"),
        ("openai:gpt-4.1", "openai/gpt-4.1"),
        ("opnai:gpt-4.1", "openai/gpt-4.1"),
        ("grok:grok-4", "grok/grok-4"),
    ],
)
def test_one_slip_in_the_name_of_an_endpoint_is_found(model: str, meant: str) -> None:
    assert meant_model(model, OURS) == meant


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4.1",
        "openai/gpt-4.1",
        "mistralai/mixtral-8x7b",
        "Qwen/Qwen3-8B",
        "meta-llama/Llama-3",
        "groq/llama-3",
        "anthropic/claude-opus-4",
        "llama3:8b",
        "llama3:latest",
        "llama4:8b",
        "mistral:7b-instruct",
        "ft:gpt-4o:org::id",
        "openai:",
        "opnai/",
        "/opnai",
    ],
)
def test_a_model_that_may_be_called_so_is_left_to_its_endpoint(model: str) -> None:
    assert meant_model(model, OURS) is None


def test_the_model_that_the_default_endpoint_names_is_no_slip() -> None:
    ours = OURS | {"default": Endpoint("k", None, "opnai/gpt-4.1")}
    assert meant_model("opnai/gpt-4.1", ours) is None


def test_what_the_sentence_says_to_write_asks_the_default_endpoint() -> None:
    endpoint, model = find_endpoint("default/opnai/gpt-4.1", OURS)
    assert (endpoint.name, model) == ("default", "opnai/gpt-4.1")


def test_each_that_is_misspelled_is_named_with_its_place(accord_home: Path, capsys: Captured) -> None:
    accord_home.mkdir()
    (accord_home / "accord.toml").write_text("[endpoints.openai]\n[endpoints.local]\n")
    models = {"brief": "opnai/gpt-4.1", "roles.launch_team.team.roles.finance_lead": "lokal/small"}
    sets = [part for place, model in models.items() for part in ("--set", f"{place}.model={model}")]

    assert refused(capsys, "run", "market_entry", "--voice", "model", *sets) == [
        "the brief: the model `opnai/gpt-4.1` names no endpoint; did you mean `openai/gpt-4.1`? "
        "Endpoints: openai, local. If `openai` has a model of that name, write `openai/opnai/gpt-4.1`",
        "launch_team/the role `finance_lead`: the model `lokal/small` names no endpoint; did you mean `local/small`? "
        "Endpoints: openai, local. If `openai` has a model of that name, write `openai/lokal/small`",
    ]
