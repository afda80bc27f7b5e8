"""Answering: in whose name a caller may answer what people are asked, and who sees what others answered."""

from collections.abc import Collection

from policies.access.caller import Caller
from policies.language import phrase, say
from policies.plain import shown


def find_false_name(by: object, caller: Caller) -> str | None:
    """Return why a caller may not answer in a name, in a sentence; None where they may.

    A token proves one person. Who leaves the name out, or empty, answers in their own.

    >>> ada = Caller("acme", "ada", is_proved=True)
    >>> [find_false_name(by, ada) for by in ("ada", "", None)], find_false_name("bob", Caller())
    ([None, None, None], None)
    >>> find_false_name("bob", ada)
    "`by` is 'bob', and the token is of ada; leave `by` out, or answer in your own name"
    """
    if not caller.is_proved or by in (None, "", caller.person):
        return None
    told = phrase("`by` is {by}, and the token is of {person}; leave `by` out, or answer in your own name")
    return say(told, by=shown(by), person=caller.person)


def may_see(caller: Caller, given_by: Collection[str]) -> bool:
    """Return whether a caller may see the answers to a question that is open: admins, and whoever gave one of them.

    >>> ada = Caller("acme", "ada", frozenset({"read"}), is_proved=True)
    >>> may_see(ada, {"ada", "bob"}), may_see(ada, {"bob"}), may_see(Caller(scopes=frozenset({"admin"})), {"bob"})
    (True, False, True)
    """
    return caller.may("admin") or caller.person in given_by
