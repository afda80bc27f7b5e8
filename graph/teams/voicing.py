"""Voicing: settles who answers for each role before a thread starts, so that it stays so."""

from collections.abc import Collection, Iterator, Mapping

from graph.endpoints import load_endpoints, load_entries, prices_of
from graph.problems import UsageError
from graph.settings import Settings
from nodes.voices.wire.endpoint import Endpoint, default_of, find_endpoint, meant_model
from policies.language import phrase, say
from policies.patterns.course import PATTERNS
from policies.team.nesting import each_changed, teams_within
from policies.team.team import Brief, Role, Team
from policies.team.voices import HUMAN, VoiceName, is_own

NO_CHECKS = {
    True: phrase(
        "the role `{name}` has no checks, so the voice `rules` cannot speak for it; "
        "give it `checks` and `otherwise`, or let the model answer"
    ),
    False: phrase(
        "the role `{name}` has no checks, so the voice `rules` cannot speak for it; "
        "give it `checks` and `otherwise`, or set OPENAI_API_KEY"
    ),
}
"""What is said of a role without checks, by whether a model could answer for it."""

NO_KEY = {
    True: phrase(
        "OPENAI_API_KEY is not set, but a model is to answer for {names}; set it, or let the roles' own rules answer "
        "(`accord run --voice rules`)"
    ),
    False: phrase("OPENAI_API_KEY is not set, but a model is to answer for {names}; set it"),
}
"""What is said where there is no key, by whether the roles' own rules could answer instead."""


def voiced(team: Team, settings: Settings, choice: VoiceName | None = None, own: Collection[str] = ()) -> Team:
    """Return the team with a voice, and for `model` a model's name, for each role and the brief.

    `choice` wins over the team file; where neither says, `model` answers if an endpoint has a key, else `rules`. `own`
    names the voices that the calling program brings.

    Raises:
        UsageError: `model` is asked for without a key or with a misspelled endpoint, `rules` for a role without
            checks, or a voice that the program does not bring; all at once.
    """
    endpoints = load_endpoints(settings)
    prices = {**prices_of(load_entries(settings)), **team.prices}
    team = each_changed(team.model_copy(update={"prices": prices}), lambda each: _voiced(each, endpoints, choice))
    check_voices(team, bool(endpoints), own)
    problems = [*dict.fromkeys(_misspelled(team, endpoints))] or [*dict.fromkeys(_keyless(team, endpoints))]
    if problems:
        raise UsageError(*problems)
    return team


def check_voices(team: Team, has_key: bool, own: Collection[str] = ()) -> None:
    """Check that somebody can speak for each role, at a known price where the cost is limited.

    Raises:
        UsageError: nobody can; all such roles and models at once.
    """
    nested = teams_within(team, through=_asked)
    problems = [
        problem for _, each in nested for problem in (*_mute(each, has_key), *_strange(each, own), *_unpriced(each))
    ]
    if problems:
        raise UsageError(*problems)


def _misspelled(team: Team, endpoints: Mapping[str, Endpoint]) -> Iterator[str]:
    """Yield, for each model whose endpoint is surely misspelled, what was meant."""
    if not endpoints:
        return
    usual = default_of(endpoints).name
    for within, each in teams_within(team, through=_asked):
        roles = {say("the role `{name}`", name=name): role for name, role in _speaking(each).items()}
        asked: dict[str, Role | Brief] = {say("the brief"): each.brief, **roles}
        for who, speaker in asked.items():
            meant = meant_model(speaker.model, endpoints) if speaker.voice == "model" and speaker.model else None
            if meant:
                names = f"{'/'.join((*within, ''))}{who}"
                yield say(
                    "{who}: the model `{model}` names no endpoint; did you mean `{meant}`? Endpoints: {endpoints}. "
                    "If `{usual}` has a model of that name, write `{usual}/{model}`",
                    **{"who": names, "model": speaker.model, "meant": meant},
                    **{"endpoints": ", ".join(endpoints), "usual": usual},
                )


def _keyless(team: Team, endpoints: Mapping[str, Endpoint]) -> Iterator[str]:
    """Yield, for each endpoint that is to be asked and has no key, what is missing."""
    roles = [team.roles[name] for name in team.speaking]
    for role in roles:
        if role.team is not None:
            yield from _keyless(role.team, endpoints)
    speakers: list[Role | Brief] = [*(role for role in roles if role.team is None), team.brief]
    asked = [find_endpoint(speaker.model, endpoints)[0] for speaker in speakers if speaker.voice == "model"]
    yield from (endpoint.lacks for endpoint in asked if endpoint.lacks)


def _voiced(team: Team, endpoints: Mapping[str, Endpoint], choice: VoiceName | None) -> Team:
    default: VoiceName = "model" if endpoints and default_of(endpoints).api_key else "rules"
    usual = _usual_model(endpoints)
    roles = {
        name: _voiced_role(role, _voice_of(role, choice, default), usual) if role.team is None else role
        for name, role in team.roles.items()
    }
    lead = team.roles.get(team.lead or "") if PATTERNS[team.pattern].lead_writes else None
    written = team.brief if team.brief.model or lead is None else team.brief.model_copy(update={"model": lead.model})
    brief = _voiced_brief(written, choice or team.brief.voice or default, usual)
    return team.model_copy(update={"roles": roles, "brief": brief})


def _voice_of(role: Role, choice: VoiceName | None, default: VoiceName) -> str:
    """Return who answers for a role: no choice replaces a person."""
    return HUMAN if role.voice == HUMAN else choice or role.voice or default


def _usual_model(endpoints: Mapping[str, Endpoint]) -> str | None:
    """Return the model of who names none, as a team names it."""
    if not endpoints:
        return None
    default = default_of(endpoints)
    return default.called(default.default_model)


def _voiced_role(role: Role, voice: str, usual: str | None) -> Role:
    model = (role.model or usual) if voice == "model" else None
    return role.model_copy(update={"voice": voice, "model": model})


def _voiced_brief(brief: Brief, voice: str, usual: str | None) -> Brief:
    model = (brief.model or usual) if voice == "model" else None
    return brief.model_copy(update={"voice": voice, "model": model})


def _asked(team: Team) -> list[str]:
    """Return the roles that are asked, whether they speak for themselves or a team answers for them."""
    return [name for name in dict.fromkeys(team.speaking) if team.roles[name].enabled]


def _speaking(team: Team) -> dict[str, Role]:
    return {name: team.roles[name] for name in _asked(team) if team.roles[name].team is None}


def _mute(team: Team, has_key: bool) -> Iterator[str]:
    speaking = _speaking(team)
    for name, role in speaking.items():
        if role.voice == "rules" and role.otherwise is None:
            yield say(NO_CHECKS[has_key], name=name)
    asked = [name for name, role in speaking.items() if role.voice == "model"]
    if not has_key and (asked or team.brief.voice == "model"):
        can_all = all(speaking[name].otherwise is not None for name in asked)
        yield say(NO_KEY[can_all], names=", ".join(asked) or say("the brief"))


def _strange(team: Team, own: Collection[str]) -> Iterator[str]:
    if is_own(team.brief.voice) and team.brief.voice not in own:
        told = phrase(
            "the brief is answered by the voice `{voice}`, which only a Python program that brings it can ask"
        )
        yield say(told, voice=team.brief.voice)
    for name, role in _speaking(team).items():
        if is_own(role.voice) and role.voice not in own:
            told = phrase(
                "`{name}` is answered by the voice `{voice}`, which only a Python program that brings it can ask"
            )
            yield say(told, name=name, voice=role.voice)


def _unpriced(team: Team) -> list[str]:
    if team.budget.max_cost_usd is None:
        return []
    models = {role.model for role in _speaking(team).values()} | {team.brief.model}
    missing = sorted(model for model in models if model and model not in team.prices)
    told = phrase("budget.max_cost_usd is set, but `prices` has no price for the model {model}")
    return [say(told, model=repr(model)) for model in missing]
