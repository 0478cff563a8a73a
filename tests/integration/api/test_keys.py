"""API keys over the real routes: made by users, used by machines, never more than the two of them allow."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api import auth, key_auth
from mlflow_sentinel_plugin.api.auth import User
from mlflow_sentinel_plugin.clock import now_ms, to_rfc3339
from mlflow_sentinel_plugin.errors import Unauthenticated
from mlflow_sentinel_plugin.store import keys
from tests.integration.api.conftest import HOUR, MINUTE, as_csv, people

OURS, THEIRS = "1", "2"
DAY = 24 * HOUR


@dataclass
class Login:
    """``X-User`` signs in; ``rights``: user -> experiment -> permissions."""

    rights: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def sign_in(self) -> User:
        from flask import request

        return self.owner(request.headers.get("X-User"))

    def owner(self, name: str | None) -> User:
        if name not in self.rights:
            raise Unauthenticated("sign in first")
        return User(name, is_admin=name == "admin")

    def may(self, user: User, permission: str, experiment_id: str) -> bool:
        return user.is_admin or permission in self.rights[user.name].get(experiment_id, ())

    def visible(self, user: User) -> frozenset[str] | None:
        return None if user.is_admin else frozenset(self.rights[user.name])


@pytest.fixture
def login(server):
    server.authorizer = Login(
        {"ada": {OURS: {"read", "edit", "manage"}}, "bob": {OURS: {"read"}}, "admin": {}}
    )
    return server.authorizer


def by(user):
    return {"headers": {"X-User": user}}


def bearer(key, **headers):
    return {"headers": {"Authorization": f"Bearer {key}", **headers}}


def make(server, scope="admin", user="ada", **body):
    return server.post("/keys", 201, json={"name": "ci", "scope": scope, **body}, **by(user))["key"]


def make_stored(server, scope="admin", **options):
    """A key that no route would make: already expired, or of another workspace."""
    with server.db.write() as session:
        return keys.create(session, "ci", scope, **{"owner": "ada", "now": now_ms(), **options})[1]


def key_id(key):
    return keys.split(key)[0]


def send(server, key, monitor="ours"):
    return server.call("POST", f"/predictions?monitor={monitor}", **as_csv(people(3)), **bearer(key))


def code(answer):
    return answer.status, (answer.body or {}).get("error", {}).get("code")


# --- made, listed, revoked -------------------------------------------------------------------------------


def test_the_key_itself_is_shown_once(server, login):
    body = {"name": " nightly job ", "scope": "ingest", "monitors": ["b", "a"], "expires_in": "90d"}
    made = server.post("/keys", 201, json=body, **by("ada"))
    key = made.pop("key")
    listed = server.call("GET", "/keys", **by("ada")).body["items"]
    assert listed == [made]
    assert (made["id"], made["name"], made["owner"]) == (key_id(key), "nightly job", "ada")
    assert (made["scope"], made["monitors"], made["status"]) == ("ingest", ["a", "b"], "active")
    assert made["expires_at"] > to_rfc3339(now_ms() + 89 * DAY)
    assert keys.split(key)[1] not in "".join(server.contents())


def test_users_see_and_revoke_only_their_own_keys_and_administrators_all(server, login):
    mine, other = make(server, user="ada"), make(server, user="bob")
    seen = {
        user: {row["id"] for row in server.call("GET", "/keys", **by(user)).body["items"]}
        for user in ("ada", "bob", "admin")
    }
    assert seen == {
        "ada": {key_id(mine)},
        "bob": {key_id(other)},
        "admin": {key_id(mine), key_id(other)},
    }
    server.refused("DELETE", f"/keys/{key_id(mine)}", 404, "key_not_found", **by("bob"))
    assert server.call("DELETE", f"/keys/{key_id(other)}", **by("admin")).status == 204


def test_a_revoked_key_is_refused_at_once_and_stays_listed(server, login):
    key = make(server, "read")
    assert server.call("GET", "/monitors", **bearer(key)).status == 200
    for _ in range(2):
        assert server.call("DELETE", f"/keys/{key_id(key)}", **by("ada")).status == 204
    assert code(server.call("GET", "/monitors", **bearer(key))) == (401, "key_revoked")
    (listed,) = server.call("GET", "/keys", **by("ada")).body["items"]
    assert (listed["status"], listed["last_used_at"] is not None) == ("revoked", True)


def test_a_key_of_nobody_can_be_neither_found_nor_revoked(server, login):
    server.refused("DELETE", "/keys/0123456789abcdef", 404, "key_not_found", **by("admin"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\x1b[31m"}, "name"),
        ({"scope": "write"}, "scope"),
        ({"monitors": []}, "monitors"),
        ({"monitors": ["a/b"]}, "monitors.0"),
        ({"expires_in": "0d"}, "expires_in"),
        ({"expires_in": "999999999999999w"}, "expires_in"),
        ({"expires_in": "soon"}, "expires_in"),
        ({"owner": "admin"}, "owner"),
    ],
)
def test_a_wrong_field_makes_no_key(server, login, change, field):
    body = {"name": "ci", "scope": "read", **change}
    error = server.refused("POST", "/keys", 400, "invalid_input", json=body, **by("ada"))
    assert [wrong["field"] for wrong in error["details"]["fields"]] == [field]


def test_keys_are_looked_after_by_people_only(server, login):
    key = make(server, "admin", user="admin")
    body = {"name": "heir", "scope": "admin"}
    server.refused("DELETE", f"/keys/{key_id(key)}", 403, "key_scope", **bearer(key))
    server.refused("POST", "/keys", 403, "key_scope", json=body, **bearer(key))
    server.refused("GET", "/keys", 403, "key_scope", **bearer(key))


# --- what a key may do -----------------------------------------------------------------------------------


def fill(server):
    """``ours`` in experiment 1 and ``theirs`` in 2, each with a baseline, an event and an alert."""
    for name, experiment in (("ours", OURS), ("theirs", THEIRS)):
        server.call(
            "POST",
            f"/baseline?monitor={name}&experiment_id={experiment}",
            **as_csv(people(400)),
            **by("admin"),
        )
        query = f"/predictions?monitor={name}"
        server.call("POST", query, **as_csv(people(200, shift=2)), **by("admin"))
    server.tick()
    server.tick(HOUR + 10 * MINUTE)


def id_of(server, path, monitor):
    return server.call("GET", f"{path}?monitor={monitor}", **by("admin")).body["items"][0]["id"]


def test_a_key_does_what_its_owner_may_and_no_more(server, login):
    fill(server)
    adas, bobs = make(server, "admin", "ada"), make(server, "admin", "bob")
    assert [code(send(server, adas, name)) for name in ("ours", "theirs")] == [
        (202, None),
        (404, "monitor_not_found"),
    ]
    assert code(send(server, bobs)) == (403, "forbidden")
    assert [row["name"] for row in server.call("GET", "/monitors", **bearer(bobs)).body["items"]] == ["ours"]


def test_a_key_ends_with_its_owners_account_and_shrinks_with_their_rights(server, login):
    fill(server)
    key = make(server, "ingest")
    login.rights["ada"] = {OURS: {"read"}}
    assert code(send(server, key)) == (403, "forbidden")
    del login.rights["ada"]
    assert code(send(server, key)) == (401, "unauthenticated")


def urls(app):
    """Every rule of the app as (endpoint, method, path), with names that nothing has."""
    for rule in app.url_map.iter_rules():
        arguments = dict.fromkeys(rule.arguments, "no-such")
        with app.test_request_context():
            path = app.url_map.bind("").build(rule.endpoint, arguments)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, method, path


def opened_by(server, key):
    """Endpoints that answer anything but that the key is not for them."""
    app = server.app
    server.call("GET", "/health")
    opened = set()
    for endpoint, method, path in urls(app):
        raw = app.test_client().open(path, method=method, **bearer(key))
        body = raw.get_json(silent=True)
        refused = isinstance(body, dict) and str(body.get("error", {}).get("code", "")).startswith("key_")
        if not refused or body["error"]["code"] == "key_not_found":
            opened.add(endpoint)
    return opened


def is_for_people(endpoint):
    """What no key opens: keys themselves, and tickets, since a machine opens the socket with its key."""
    return endpoint.startswith(("keys.", "ws-ticket."))


def test_the_scope_ingest_opens_two_routes(server, login):
    opened = opened_by(server, make(server, "ingest"))
    public = {name for name, wanted in auth.declared(server.app).items() if wanted == "public"}
    assert opened - public == {"predictions.post_predictions", "baselines.post_baseline"}


@pytest.mark.parametrize("scope", ["read", "admin"])
def test_a_scope_opens_the_routes_of_its_permissions_but_never_the_keys(server, login, scope):
    opened = opened_by(server, make(server, scope, "admin"))
    wanted = auth.declared(server.app)
    expected = {
        name
        for name, permission in wanted.items()
        if permission == "public" or (permission in key_auth.SCOPES[scope] and not is_for_people(name))
    }
    assert opened == expected


def test_the_scope_read_changes_nothing(app):
    changing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods & {"POST", "PATCH", "PUT", "DELETE"}
        and auth.declared(app)[rule.endpoint] in key_auth.SCOPES["read"]
        and not is_for_people(rule.endpoint)
    }
    assert changing == {"evaluate.evaluate", "preview.preview_monitor"}


# --- keys of some monitors -------------------------------------------------------------------------------

FOR_ITS_MONITORS = {
    "alerts.acknowledge_alert",
    "alerts.comment_alert",
    "alerts.get_alert",
    "alerts.list_alerts",
    "alerts.resolve_alert",
    "baselines.activate_baseline",
    "baselines.diff_baselines",
    "baselines.get_baseline",
    "baselines.list_baselines",
    "baselines.post_baseline",
    "drift.get_distribution",
    "drift.get_event",
    "drift.get_heatmap",
    "drift.get_timeseries",
    "drift.list_events",
    "monitors.change_monitor",
    "monitors.delete_monitor",
    "monitors.get_monitor",
    "monitors.get_window",
    "monitors.list_windows",
    "monitors.pause_monitor",
    "monitors.resume_monitor",
    "predictions.post_predictions",
    "preview.preview_monitor",
    "silences.end_silence",
    "silences.list_silences",
    "sources.create_source",
    "sources.delete_source",
    "sources.get_source",
    "sources.list_sources",
}
"""Routes that a key of some monitors can use; a route that says nothing of one monitor stays closed."""


def test_a_key_of_some_monitors_can_use_the_routes_of_one_monitor(app):
    by_path = {r.endpoint for r in app.url_map.iter_rules() if r.rule.startswith(key_auth.BY_PATH)}
    assert by_path | key_auth.BY_QUERY | set(key_auth.BY_ID) == FOR_ITS_MONITORS


def test_a_key_of_some_monitors_works_on_those(server, login):
    fill(server)
    key = make(server, "admin", "admin", monitors=["ours"])
    assert send(server, key).status == 202
    for path in ("/monitors/ours", "/monitors/ours/windows", "/drift?monitor=ours", "/alerts?monitor=ours"):
        assert server.call("GET", path, **bearer(key)).status == 200
    for path in ("/drift", "/alerts", "/baseline"):
        found = id_of(server, path, "ours")
        assert server.call("GET", f"{path}/{found}", **bearer(key)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/monitors",
        "/monitors/theirs",
        "/monitors/theirs/windows",
        "/drift",
        "/drift/summary",
        "/drift?monitor=theirs",
        "/drift?monitor=ours&monitor=theirs",
        "/drift/timeseries?monitor=theirs",
        "/alerts?monitor=",
        "/runs",
        "/runs/1?monitor=ours",
        "/ready?monitor=ours",
    ],
)
def test_a_key_of_some_monitors_is_closed_to_everything_else(server, login, path):
    fill(server)
    key = make(server, "admin", "admin", monitors=["ours"])
    error = server.refused("GET", path, 403, "key_monitor", **bearer(key))
    assert "theirs" not in error["message"]


@pytest.mark.parametrize("path", ["/drift", "/alerts", "/baseline"])
def test_a_thing_of_another_monitor_looks_like_one_that_does_not_exist(server, login, path):
    fill(server)
    key = make(server, "admin", "admin", monitors=["ours"])
    other = id_of(server, path, "theirs")
    answers = [server.call("GET", f"{path}/{i}?monitor=ours", **bearer(key)) for i in (other, "no-such")]
    assert answers[0].status == 404
    assert answers[0].body == answers[1].body


def test_its_monitor_may_be_one_that_its_baseline_is_yet_to_make(server, login):
    key = make(server, "ingest", monitors=["next"])
    path = f"/baseline?monitor=next&experiment_id={OURS}"
    assert server.call("POST", path, **as_csv(people(400)), **bearer(key)).status == 201
    assert send(server, key, "next").status == 202


def test_the_hint_to_a_missing_monitor_names_no_other_to_a_key_of_some(server, login):
    fill(server)
    key = make(server, "ingest", "admin", monitors=["our"])
    answer = send(server, key, "our")
    assert code(answer) == (404, "monitor_not_found")
    assert answer.body["error"]["hint"] is None


# --- refused keys ----------------------------------------------------------------------------------------


def wrong_keys(server):
    good = make_stored(server)
    return {
        "unknown": f"snt_{'0' * 16}_{'0' * 64}",
        "cut": good[:-1],
        "changed": good[:-1] + ("1" if good[-1] == "0" else "0"),
        "expired": make_stored(server, expires_at=now_ms()),
    }


@pytest.mark.parametrize("kind", ["unknown", "cut", "changed", "expired"])
def test_without_a_login_no_key_is_needed_but_a_wrong_one_is_refused(server, kind):
    key = wrong_keys(server)[kind]
    assert server.call("GET", "/monitors").status == 200
    error = server.refused(
        "GET", "/monitors", 401, f"key_{kind if kind == 'expired' else 'unknown'}", **bearer(key)
    )
    assert key not in str(error)


def test_without_a_login_keys_have_no_owner_and_keep_their_scope(server):
    made = server.post("/keys", 201, json={"name": "ci", "scope": "read"})
    assert made["owner"] is None
    assert server.call("GET", "/monitors", **bearer(made["key"])).status == 200
    server.refused("POST", "/monitors", 403, "key_scope", json={"name": "x"}, **bearer(made["key"]))


def test_another_bearer_than_ours_is_left_to_the_login(server):
    assert server.call("GET", "/monitors", **bearer("of-a-proxy")).status == 200


def test_health_needs_no_key_and_minds_none(server):
    assert server.call("GET", "/health", **bearer("snt_wrong")).status == 200


def test_a_key_is_for_the_workspace_it_was_made_in(server, monkeypatch):
    key = make_stored(server, workspace="team-a")
    error = server.refused("GET", "/monitors", 403, "key_workspace", **bearer(key))
    assert error["hint"] == "send the header X-MLFLOW-WORKSPACE: team-a"
    monkeypatch.setattr(mlflow_compat, "enter_workspace", lambda: "team-a")
    assert server.call("GET", "/monitors", **bearer(key)).status == 200


def test_with_the_database_away_a_key_is_neither_right_nor_wrong(new_server, monkeypatch):
    server = new_server()
    key = make_stored(server)
    server.db.close()
    monkeypatch.setattr(server.db, "_url", server.db._url.set(database="/nowhere/sentinel.db"))
    answer = server.call("GET", "/monitors", **bearer(key))
    assert (code(answer), "Retry-After" in answer.headers) == ((503, "database_unavailable"), True)


def test_the_docs_page_can_send_each_kind_of_credentials(server):
    server.call("GET", "/health")
    spec = server.app.test_client().get("/api/v1/openapi.json").json
    named = {name for way in spec["security"] for name in way}
    assert named == set(spec["components"]["securitySchemes"]) == {"basic", "bearer"}
