"""A service offers a tenant the teams that it may run."""

import json
from pathlib import Path
from typing import Any

from graph.teams.loader import shipped_teams
from graph.teams.offered import offered_teams, open_to
from tests.harness import settings_at
from tests.runs.people import team


def write_team(home: Path, name: str, **changes: Any) -> str:
    (home / f"{name}.yaml").write_text(json.dumps(team(name=name, **changes)), encoding="utf-8")
    return f'{name} = "{name}.yaml"'


def limited(*tenants: str) -> dict[str, Any]:
    plain = team()["roles"]
    return {**plain, "risk": {**plain["risk"], "tenants": [*tenants]}}


def test_a_tenant_is_offered_what_is_open_to_it_and_what_has_problems(tmp_path: Path) -> None:
    lines = [
        write_team(tmp_path, "free"),
        write_team(tmp_path, "of_acme", roles=limited("acme", "local")),
        write_team(tmp_path, "of_globex", facts=[{"inline": {"rate": 1}, "tenants": ["globex"]}]),
        write_team(tmp_path, "broken", sequence=["nobody"]),
    ]
    (tmp_path / "accord.toml").write_text("\n".join(["[teams]", *lines, 'gone = "gone.yaml"', ""]), encoding="utf-8")
    settings = settings_at(tmp_path)

    def own(tenant: str) -> set[str]:
        offered = {*open_to(settings, tenant)}
        assert offered >= {*shipped_teams()}
        return offered - {*shipped_teams()}

    wrong = {"broken", "gone"}
    assert own("acme") == own("local") == {"free", "of_acme", *wrong}
    assert own("globex") == {"free", "of_globex", *wrong}
    assert own("initech") == {"free", *wrong}
    assert [*open_to(settings, "acme")] == [name for name in offered_teams(settings) if name != "of_globex"]
