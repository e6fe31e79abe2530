"""The helpdesk's tickets in Zendesk, through zenpy. Called from the worker only: it may take seconds.

zenpy needs care (each point cost somebody a day): a shared client fails under threads, so each call has its own;
its session repeats a PUT whose answer was lost, so it gets ours; on 429 it sleeps, so we stop it; a page that is
not Zendesk's comes back as a bare response, which must never be read as "no ticket"; parameters go into the URL
unquoted; an exception from `create` does not mean that there is no ticket.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests
from zenpy.lib.api import BaseApi, TicketApi, UserApi
from zenpy.lib.api_objects import Comment, CustomField, Ticket, User
from zenpy.lib.cache import ZenpyCacheManager
from zenpy.lib.exception import APIException, ZenpyException
from zenpy.lib.generator import BaseResultGenerator

from identity_provider.domain.errors import IdentityError
from identity_provider.ports import DeskComment, DeskTicket, NewTicket, TicketDeskUnavailable, TicketRefused

SECONDS_TO_ANSWER = 10
FINAL_ANSWERS = frozenset({400, 404, 413, 422})
AGENTS = frozenset({"agent", "admin"})
"""The roles of helpdesk staff; everybody else who writes on a ticket is a person from outside."""

MOST_AT_ONCE = 100
"""How many rows Zendesk gives by their ids in one answer."""

_BOLD_NUMBER = re.compile(r"<(?:strong|b)>\s*([0-9]{7})\s*</(?:strong|b)>")

# What zenpy makes of an answer that is JSON, but not of the shape that it expects.
NONSENSE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class ZendeskAccount:
    """Which Zendesk, and the agent whose API token we use."""

    url: str
    email: str
    token: str = field(repr=False)
    case_field_id: int | None = None


class _Calls(BaseApi):  # type: ignore[misc]  # zenpy carries no types
    """zenpy's calls, against the address that we were given rather than `https://SUBDOMAIN.zendesk.com`."""

    def __init__(self, url: str, session: requests.Session, timeout: float) -> None:
        address = urlsplit(url)
        self._netloc = address.netloc
        super().__init__(
            {
                "domain": "zendesk.com",
                "subdomain": address.hostname,
                "session": session,
                "timeout": timeout,
                "ratelimit": None,
                "ratelimit_budget": 1,
                "ratelimit_request_interval": 10,
                "cache": ZenpyCacheManager(True),  # noqa: FBT003 - zenpy calls it `disabled`
            }
        )
        self.protocol = address.scheme

    @property
    def base_url(self) -> str:
        return self._netloc


class _Tickets(_Calls, TicketApi):  # type: ignore[misc]  # zenpy carries no types
    """The calls on tickets."""


class _Users(_Calls, UserApi):  # type: ignore[misc]  # zenpy carries no types
    """The calls on users."""


_Api = TypeVar("_Api", bound=_Calls)


class ZendeskDesk:
    """A TicketDesk."""

    def __init__(self, account: ZendeskAccount, *, timeout: float = SECONDS_TO_ANSWER) -> None:
        self._account = account
        self._timeout = timeout

    def find(self, external_id: str) -> DeskTicket | None:
        """Ask for the ticket of this case, not through Zendesk's search: its index lags behind by minutes."""
        with self._tickets() as tickets:
            listed = _rows(tickets(external_id=quote(external_id, safe="")))
            ours = [ticket for ticket in listed if ticket.external_id == external_id]
            return _desk_ticket(min(ours, key=lambda ticket: int(ticket.id))) if ours else None

    def open(self, ticket: NewTicket) -> DeskTicket:
        """Open a ticket unless this case has one. The key covers two workers that open it at the same moment."""
        known = self.find(ticket.external_id)
        if known is not None:
            return known
        with self._tickets(idempotency_key=ticket.external_id) as tickets:
            return _desk_ticket(tickets.create(self._as_zendesk_has_it(ticket)).ticket)

    def comment(self, ticket_id: int, text: str, *, solve: bool = False, reopen: bool = False) -> None:
        """Add an internal comment, once: a second call after a lost answer finds the first one's."""
        with self._tickets() as tickets:
            written = _rows(tickets.comments(ticket_id))
            change: dict[str, Any] = {}
            if all(_words(comment.body) != _words(text) for comment in written):
                change["comment"] = Comment(body=text, public=False)
            if solve and (change or tickets(id=ticket_id).status not in {"solved", "closed"}):
                # Zendesk solves no ticket that is nobody's.
                change |= {"status": "solved", "assignee_email": self._account.email}
            elif reopen and tickets(id=ticket_id).status == "solved":
                change |= {"status": "open"}
            if change:
                _desk_ticket(tickets.update(Ticket(id=ticket_id, **change)).ticket)

    def tickets(self, ticket_ids: Sequence[int]) -> list[DeskTicket]:
        """Ask for these by their numbers; Zendesk leaves out those that were deleted."""
        if len(ticket_ids) > MOST_AT_ONCE:
            raise ValueError(f"at most {MOST_AT_ONCE} at once")
        if not ticket_ids:
            return []
        with self._tickets() as tickets:
            return [_desk_ticket(each) for each in _rows(tickets(ids=list(ticket_ids))) if each.id in ticket_ids]

    def comments(self, ticket_id: int) -> list[DeskComment]:
        """Everything but the first comment, which is the ticket as we opened it, with who wrote it and as what."""
        with self._tickets() as tickets:
            written = _rows(tickets.comments(ticket_id))[1:]
            requester = tickets(id=ticket_id).requester_id
        authors = self._people({each.author_id for each in written})
        return [self._desk_comment(each, authors.get(each.author_id), requester) for each in written]

    def _people(self, ids: Iterable[int]) -> dict[int, Any]:
        """These users by their ids; one who was deleted is missing."""
        wanted = sorted(each for each in ids if each > 0)  # Zendesk's own system writes as user -1
        found: dict[int, Any] = {}
        with self._calls(_Users) as users:
            for start in range(0, len(wanted), MOST_AT_ONCE):
                found |= {each.id: each for each in _rows(users(ids=wanted[start : start + MOST_AT_ONCE]))}
        return found

    def _desk_comment(self, comment: Any, author: Any, requester: int) -> DeskComment:
        ours = author is not None and str(author.email or "").casefold() == self._account.email.casefold()
        is_staff = author is not None and author.role in AGENTS and comment.author_id != requester
        return DeskComment(
            id=int(comment.id),
            author=str(author.name) if author is not None else "",
            text=_text(comment),
            public=bool(comment.public),
            at=_moment(comment.created_at),
            from_agent=is_staff and not ours,
            ours=ours,
        )

    def _as_zendesk_has_it(self, ticket: NewTicket) -> Any:
        custom = self._account.case_field_id
        return Ticket(
            subject=ticket.subject,
            comment=Comment(body=ticket.body, public=False),
            requester=User(name=ticket.requester_name.strip() or ticket.requester_email, email=ticket.requester_email),
            external_id=ticket.external_id,
            tags=list(ticket.tags),
            custom_fields=[CustomField(id=custom, value=ticket.case_reference)] if custom is not None else [],
        )

    def _tickets(self, *, idempotency_key: str | None = None) -> AbstractContextManager[Any]:
        return self._calls(_Tickets, idempotency_key)

    @contextmanager
    def _calls(self, api: type[_Api], idempotency_key: str | None = None) -> Iterator[Any]:
        with requests.Session() as session:
            session.auth = (f"{self._account.email}/token", self._account.token)
            session.hooks["response"].append(_stop_at_a_rate_limit)
            if idempotency_key is not None:
                session.headers["Idempotency-Key"] = idempotency_key
            try:
                yield api(self._account.url, session, self._timeout)
            except (APIException, ZenpyException, requests.RequestException, *NONSENSE) as error:
                raise _what_happened(error) from error


def _stop_at_a_rate_limit(response: requests.Response, *_: object, **__: object) -> None:
    """Give up at once and say when to come back; left alone, zenpy would sleep in the worker's thread."""
    if response.status_code == 429:
        response.close()
        raise TicketDeskUnavailable("Zendesk asks us to wait", retry_after_seconds=_retry_after(response))


def _retry_after(response: requests.Response) -> int | None:
    text = response.headers.get("Retry-After", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _rows(answer: Any) -> list[Any]:
    """The rows of a list. A page of a proxy, or of a Zendesk under maintenance, is no list and no empty one."""
    if not isinstance(answer, BaseResultGenerator):
        raise TicketDeskUnavailable("the answer is not Zendesk's")
    return list(answer)


def _desk_ticket(ticket: Any) -> DeskTicket:
    changed = getattr(ticket, "updated_at", None)
    return DeskTicket(
        id=int(ticket.id),
        external_id=str(ticket.external_id or ""),
        status=str(ticket.status),
        changed_at=_moment(changed) if changed else None,
    )


def _moment(text: Any) -> datetime:
    """Zendesk writes UTC, e.g. 2026-03-02T09:00:00Z."""
    return datetime.fromisoformat(str(text)).astimezone(UTC)


def _text(comment: Any) -> str:
    """The comment as it was typed. Zendesk's editor makes bold of what stands between double asterisks."""
    text = str(comment.body)
    for number in _BOLD_NUMBER.findall(str(getattr(comment, "html_body", None) or "")):
        if f"**{number}**" not in text:
            text = text.replace(number, f"**{number}**", 1)
    return text


def _words(text: Any) -> list[str]:
    """Zendesk rearranges white space."""
    return str(text).split()


def _what_happened(error: Exception) -> IdentityError:
    """Refused only if Zendesk itself says so: the same status from a proxy means that nobody has read it."""
    response: requests.Response | None = getattr(error, "response", None)
    if response is None:  # not `if not response`: a response of 400 and above is false
        return TicketDeskUnavailable(f"Zendesk did not answer clearly: {type(error).__name__}")
    if isinstance(error, APIException) and response.status_code in FINAL_ANSWERS:
        kind = str(response.json().get("error"))
        if kind != "IdempotentRequestError":  # the ticket is there; the next try finds it
            return TicketRefused(f"Zendesk refused: {response.status_code} {kind}")
    return TicketDeskUnavailable(
        f"Zendesk did not answer clearly: {response.status_code}", retry_after_seconds=_retry_after(response)
    )
