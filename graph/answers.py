"""Answers of people, as they are given from outside: read from a file, and signed before they are offered."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from graph.documents import MAX_BYTES, read_document, read_yaml
from graph.inputs import read_stdin
from graph.past import Past
from graph.problems import UsageError
from graph.signing import sign
from nodes.asking import thread_in, why_not_taken
from nodes.signatures import decision_bytes
from nodes.state import State
from nodes.taking import signed_part
from policies.people.answering import named
from policies.plain import find_unplain


def read_answer(file: str) -> Any:
    """Return the answer in a file of JSON or YAML; `-` is stdin.

    Raises:
        UsageError: it cannot be read, or holds what may not enter the state.
    """
    if file == "-":
        name, answer = "stdin", read_yaml(read_stdin(MAX_BYTES), "stdin").value
    else:
        name, answer = file, read_document(Path(file), is_json=file.lower().endswith(".json")).value
    fault = find_unplain(answer)
    if fault:
        raise UsageError(f"{name}: {fault}")
    return answer


def signed(state: Mapping[str, Any], said: Mapping[str, Any], key: Path) -> dict[str, Any]:
    """Return an answer with the signature of a key over what it answers, and the question named.

    Raises:
        UsageError: no question waits that it is for, or it cannot be signed.
    """
    past = Past.of(state)
    asked = named(past.waiting, said["question"], said["by"], past.approvers)
    if isinstance(asked, str):
        raise UsageError(why_not_taken(thread_in(state), state, said["question"], asked))
    part = signed_part(cast("State", state), asked, said["answer"], said["because"])
    return {**said, "question": asked.id, "signature": sign(decision_bytes(**part), key)}
