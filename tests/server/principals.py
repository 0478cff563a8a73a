"""Who asks in the auth matrix: users, machines with keys, and those who are neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.server.auth_rules import MONITOR, RANKS, Rule

PASSWORD = "correct horse battery"
ADMIN = ("admin", PASSWORD)
WORKSPACE = "X-MLFLOW-WORKSPACE"


@dataclass
class Principal:
    """Who asks.

    Args:
        name: Also the user's, unless ``user`` says otherwise.
        grant: MLflow's permission on the experiment in question, in the workspace ``default``.
        other: MLflow's permission on all of the workspace ``other``.
        headers: Sent with each request.
    """

    name: str
    user: str | None = None
    grant: str | None = None
    other: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def credentials(self) -> dict[str, Any]:
        """Options of ``requests`` that sign in."""
        return {"auth": (self.user or self.name, PASSWORD)}

    @property
    def rank(self) -> int:
        """How much of the experiment they may do: 0 nothing, 3 all."""
        return RANKS.get((self.grant or "").lower(), 0)

    def expected(self, rule: Rule) -> tuple[int, ...]:
        """The statuses that ``rule`` may answer them."""
        if rule.need in ("public", "signed_in", "list"):
            return rule.ok
        if rule.need == "admin":
            return (403,)
        if rule.need not in RANKS or self.rank == 0:
            return (404,)
        return rule.ok if self.rank >= RANKS[rule.need] else (403,)

    @property
    def is_blind(self) -> bool:
        """Whether nothing of the experiment may be named to them."""
        return self.rank == 0


class Anonymous(Principal):
    @property
    def credentials(self) -> dict[str, Any]:
        return {}

    def expected(self, rule: Rule) -> tuple[int, ...]:
        return rule.ok if rule.need == "public" else (401,)


class Liar(Anonymous):
    """A user with another password."""

    @property
    def credentials(self) -> dict[str, Any]:
        return {"auth": ("manager", "wrong " + PASSWORD)}


class Admin(Principal):
    @property
    def rank(self) -> int:
        return 3

    def expected(self, rule: Rule) -> tuple[int, ...]:
        return rule.ok if rule.need in ("admin", "owner") else super().expected(rule)


class AdminElsewhere(Principal):
    """In another workspace: what is the server's is there, the experiment is not."""

    def expected(self, rule: Rule) -> tuple[int, ...]:
        return rule.ok if rule.need == "admin" else super().expected(rule)


NOT_FOR_KEYS = ("/keys", "/keys/<id>", "/ws-ticket")


@dataclass
class KeyHolder(Principal):
    """A machine with an API key of ``user``, whose permission on the experiment is ``grant``.

    Args:
        monitors: Names of the only ones that the key is for.
        ended: How it came to an end.
    """

    scope: str = "admin"
    monitors: list[str] | None = None
    ended: Literal["expired", "revoked"] | None = None

    @property
    def credentials(self) -> dict[str, Any]:
        """Nothing: the key is in the headers once it is made."""
        return {}

    def expected(self, rule: Rule) -> tuple[int, ...]:
        if rule.need == "public":
            return rule.ok
        if self.ended is not None:
            return (401,)
        if WORKSPACE in self.headers or rule.rule.endswith(NOT_FOR_KEYS) or not self._scope_opens(rule):
            return (403,)
        if self.monitors is None:
            return super().expected(rule)
        if MONITOR in self.monitors:
            return super().expected(rule) if _is_of_monitor(rule) else (403,)
        return (404,) if _is_by_id(rule) else (403,)

    def _scope_opens(self, rule: Rule) -> bool:
        if self.scope == "ingest":
            return rule.rule in ("POST /api/v1/baseline", "POST /api/v1/predictions")
        only_looks = ("POST /api/v1/evaluate", "POST /api/v1/monitors/<name>/preview")
        return self.scope == "admin" or rule.method == "GET" or rule.rule in only_looks


def _is_by_id(rule: Rule) -> bool:
    ids = ("{event}", "{alert}", "{baseline}", "{silence}", "{source}", "{doomed}")
    return any(name in rule.path for name in ids)


def _is_of_monitor(rule: Rule) -> bool:
    return "{monitor}" in rule.path or _is_by_id(rule)


PRINCIPALS = (
    Anonymous("anonymous"),
    Liar("liar"),
    Principal("stranger"),
    Principal("reader", grant="READ"),
    Principal("editor", grant="EDIT"),
    Principal("manager", grant="MANAGE"),
    Admin("admin"),
    Principal("neighbour", other="MANAGE", headers={WORKSPACE: "other"}),
    Principal("neighbour here", user="neighbour"),
    Principal("manager there", user="manager", headers={WORKSPACE: "other"}),
    AdminElsewhere("admin there", user="admin", headers={WORKSPACE: "other"}),
    KeyHolder("ingest key", "manager", "MANAGE", scope="ingest"),
    KeyHolder("read key", "manager", "MANAGE", scope="read"),
    KeyHolder("admin key", "manager", "MANAGE"),
    KeyHolder("reader's key", "reader", "READ"),
    KeyHolder("stranger's key", "stranger"),
    KeyHolder("monitor's key", "manager", "MANAGE", monitors=[MONITOR]),
    KeyHolder("other monitor's", "manager", monitors=["elsewhere"]),
    KeyHolder("expired key", "manager", ended="expired"),
    KeyHolder("revoked key", "manager", ended="revoked"),
    KeyHolder("key there", "manager", headers={WORKSPACE: "other"}),
)
