"""The tickets of the Zendesk stand-in: kept in one JSON file, so that they are still there tomorrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from identity_provider.sandbox.files import write_atomically

FIRST_TICKET = 1001
FIRST_USER = 900_000_001
HELPER = "sam.helper@example.com"
"""Somebody of the helpdesk who works in Zendesk, as against in our console."""
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")


class RecordInvalid(Exception):
    """Zendesk's 422: it understood, and will not keep this."""

    def __init__(self, attribute: str, description: str) -> None:
        super().__init__(description)
        self.attribute = attribute


class KeyReused(Exception):
    """An idempotency key came again with another request."""


@dataclass
class DeskUser:
    """A requester or an agent."""

    id: int
    name: str
    email: str
    role: str = "end-user"


@dataclass
class Comment:
    """Something written on a ticket."""

    id: int
    author_id: int
    body: str
    public: bool
    created_at: str


@dataclass
class Ticket:
    """A ticket, with the fields of Zendesk's own that we use."""

    id: int
    subject: str
    requester_id: int
    submitter_id: int
    created_at: str
    updated_at: str
    external_id: str | None = None
    status: str = "new"
    assignee_id: int | None = None
    tags: list[str] = field(default_factory=list)
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    deleted: bool = False


@dataclass
class _State:
    tickets: list[Ticket] = field(default_factory=list)
    users: list[DeskUser] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)


class Desk:
    """Everything that the stand-in knows. Each change is on disk before it is answered."""

    def __init__(self, path: Path, agent_email: str) -> None:
        self._path = path
        self._lock = RLock()
        self._state = _read(path)
        self.agent = self.user(agent_email, "Get an identity", role="agent")
        self.helper = self.user(HELPER, "Sam Helper", role="agent")

    def tickets(self) -> list[Ticket]:
        """Every ticket, newest first."""
        with self._lock:
            return sorted((each for each in self._state.tickets if not each.deleted), key=lambda ticket: -ticket.id)

    def ticket(self, ticket_id: int) -> Ticket | None:
        return next((ticket for ticket in self.tickets() if ticket.id == ticket_id), None)

    def with_external_id(self, external_id: str) -> list[Ticket]:
        return [ticket for ticket in self.tickets() if ticket.external_id == external_id]

    def users(self) -> list[DeskUser]:
        with self._lock:
            return list(self._state.users)

    def user_by_id(self, user_id: int) -> DeskUser | None:
        return next((user for user in self.users() if user.id == user_id), None)

    def user(self, email: str, name: str, role: str = "end-user") -> DeskUser:
        """The user with this address, made if there is none."""
        with self._change():
            for user in self._state.users:
                if user.email.casefold() == email.casefold():
                    return user
            if not name.strip():
                raise RecordInvalid("requester", "Requester: Name:  is too short (minimum is 1 characters)")
            user = DeskUser(FIRST_USER + len(self._state.users), name, email.lower(), role)
            self._state.users.append(user)
            return user

    def show_many(self, ids: list[int]) -> list[Ticket]:
        """Those of these tickets that there are."""
        return [ticket for ticket in reversed(self.tickets()) if ticket.id in ids]

    def delete(self, ticket_id: int) -> None:
        """Somebody deletes a ticket: it is as if it had never been, and its number is not given again."""
        with self._change():
            ticket = self.ticket(ticket_id)
            if ticket is not None:
                ticket.deleted = True

    def work(self, ticket: Ticket, text: str, status: str, *, author: DeskUser, public: bool) -> list[str]:
        """What somebody does on the ticket's page, as against through the API; tells what events that makes.

        Raises RecordInvalid as `update` does.
        """
        with self._change():
            if ticket.status == "closed":
                raise RecordInvalid("status", "Status: closed prevents ticket update")
            events = []
            if text.strip():
                self._add_comment(ticket, {"body": text, "public": public}, author)
                events.append("comment_added")
            if author.role == "agent" and ticket.assignee_id is None:
                ticket.assignee_id = author.id
            changed = _status(ticket, status, ticket.assignee_id)
            if changed != ticket.status:
                ticket.status = changed
                events.append("status_changed")
            if events:
                ticket.updated_at = _now()
            return events

    def create(self, asked: dict[str, Any], key: str | None) -> tuple[Ticket, bool]:
        """Open a ticket; the same idempotency key gives the same one. Tells whether it was there before."""
        with self._change():
            if key is not None and key in self._state.keys:
                known = self._state.keys[key]
                if known["asked"] != asked:
                    raise KeyReused
                return self._state.tickets[known["ticket_id"] - FIRST_TICKET], True
            ticket = self._new_ticket(asked)
            if key is not None:
                self._state.keys[key] = {"asked": asked, "ticket_id": ticket.id}
            return ticket, False

    def update(self, ticket: Ticket, asked: dict[str, Any]) -> Comment | None:
        """Change a ticket and add a comment; answers with the comment."""
        with self._change():
            if ticket.status == "closed":
                raise RecordInvalid("status", "Status: closed prevents ticket update")
            assignee_id = self._assignee(ticket, asked)
            status = _status(ticket, asked.get("status"), assignee_id)
            ticket.assignee_id, ticket.status = assignee_id, status
            ticket.tags = list(asked.get("tags", ticket.tags))
            ticket.updated_at = _now()
            return self._add_comment(ticket, asked["comment"]) if asked.get("comment") else None

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._lock:
            yield
            write_atomically(self._path, json.dumps(asdict(self._state), indent=1))

    def _new_ticket(self, asked: dict[str, Any]) -> Ticket:
        comment = asked.get("comment") or {}
        if not str(comment.get("body") or "").strip():
            raise RecordInvalid("base", "Description: cannot be blank")
        moment = _now()
        ticket = Ticket(
            id=FIRST_TICKET + len(self._state.tickets),
            subject=str(asked.get("subject") or ""),
            requester_id=self._requester(asked).id,
            submitter_id=self.agent.id,
            created_at=moment,
            updated_at=moment,
            external_id=asked.get("external_id"),
            tags=list(asked.get("tags") or []),
            custom_fields=list(asked.get("custom_fields") or []),
        )
        self._state.tickets.append(ticket)
        self._add_comment(ticket, comment)
        return ticket

    def _requester(self, asked: dict[str, Any]) -> DeskUser:
        requester = asked.get("requester")
        if requester is None:
            return self.user_by_id(asked.get("requester_id", self.agent.id)) or self.agent
        return self.user(str(requester.get("email") or ""), str(requester.get("name") or ""))

    def _assignee(self, ticket: Ticket, asked: dict[str, Any]) -> int | None:
        assignee_id: int | None = asked.get("assignee_id", ticket.assignee_id)
        if email := asked.get("assignee_email"):
            agents = [user for user in self._state.users if user.role == "agent" and user.email == str(email).lower()]
            if not agents:
                raise RecordInvalid("assignee", "Assignee: is invalid")
            assignee_id = agents[0].id
        return assignee_id

    def _add_comment(self, ticket: Ticket, asked: dict[str, Any], author: DeskUser | None = None) -> Comment:
        number = 1_000_000 * ticket.id + len(ticket.comments)
        who = (author or self.agent).id
        comment = Comment(number, who, str(asked.get("body", "")), bool(asked.get("public", True)), _now())
        ticket.comments.append(comment)
        return comment


def _status(ticket: Ticket, status: str | None, assignee_id: int | None) -> str:
    if status is None:
        return ticket.status
    if status not in STATUSES:
        raise RecordInvalid("status", f"Status: {status} is not included in the list")
    if status == "solved" and assignee_id is None:
        raise RecordInvalid("base", "Assignee: is required when solving a ticket")
    return status


def _read(path: Path) -> _State:
    if not path.exists():
        return _State()
    kept = json.loads(path.read_text("utf-8"))
    tickets = [
        Ticket(**{**ticket, "comments": [Comment(**comment) for comment in ticket["comments"]]})
        for ticket in kept["tickets"]
    ]
    return _State(tickets, [DeskUser(**user) for user in kept["users"]], kept["keys"])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
