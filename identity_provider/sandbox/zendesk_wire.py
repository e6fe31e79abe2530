"""Zendesk's side of the wire: the paths of /api/v2 that zenpy uses for tickets, users and search."""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape

from identity_provider.sandbox.faults import Faults, drop_connection
from identity_provider.sandbox.zendesk_desk import Comment, Desk, DeskUser, KeyReused, RecordInvalid, Ticket

BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
RETRY_AFTER_SECONDS = 30
_MOST_AT_ONCE = 100

Row = TypeVar("Row")


def zendesk_api(desk: Desk, faults: Faults, login: str, token: str) -> Blueprint:
    """The API, for one agent who signs in as `EMAIL/token` with an API token."""
    api = Blueprint("zendesk_api", __name__, url_prefix="/api/v2")
    api.register_error_handler(RecordInvalid, _invalid)
    api.register_error_handler(KeyReused, _key_reused)
    api.register_error_handler(LookupError, _not_found)

    @api.before_request
    def guard() -> ResponseReturnValue | None:
        return _fault(faults) or _refusal(login, token)

    _add_tickets(api, desk, faults)
    _add_search_and_users(api, desk)
    return api


def _add_tickets(api: Blueprint, desk: Desk, faults: Faults) -> None:
    @api.post("/tickets.json")
    def create_ticket() -> ResponseReturnValue:
        ticket, seen = desk.create(_asked("ticket"), request.headers.get("Idempotency-Key"))
        _lose_the_reply(faults)
        answer = jsonify(ticket=_ticket(ticket), audit=_audit(ticket, ticket.comments[0]))
        answer.headers["Location"] = _ticket(ticket)["url"]
        if "Idempotency-Key" in request.headers:
            answer.headers["x-idempotency-lookup"] = "hit" if seen else "miss"
        return answer, 201

    @api.get("/tickets.json")
    def list_tickets() -> ResponseReturnValue:
        external_id = request.args.get("external_id")
        found = desk.tickets() if external_id is None else desk.with_external_id(external_id)
        return _page("tickets", [_ticket(ticket) for ticket in found])

    @api.get("/tickets/show_many.json")
    def show_many_tickets() -> ResponseReturnValue:
        return _page("tickets", [_ticket(ticket) for ticket in desk.show_many(_ids())])

    @api.get("/tickets/<int:ticket_id>.json")
    def show_ticket(ticket_id: int) -> ResponseReturnValue:
        return jsonify(ticket=_ticket(_found(desk.ticket(ticket_id))))

    @api.put("/tickets/<int:ticket_id>.json")
    def update_ticket(ticket_id: int) -> ResponseReturnValue:
        ticket = _found(desk.ticket(ticket_id))
        comment = desk.update(ticket, _asked("ticket"))
        _lose_the_reply(faults)
        return jsonify(ticket=_ticket(ticket), audit=_audit(ticket, comment))

    @api.get("/tickets/<int:ticket_id>/comments.json")
    def list_comments(ticket_id: int) -> ResponseReturnValue:
        ticket = _found(desk.ticket(ticket_id))
        return _page("comments", [_comment(comment) for comment in ticket.comments])


def _add_search_and_users(api: Blueprint, desk: Desk) -> None:
    @api.get("/search.json")
    def search() -> ResponseReturnValue:
        found = [ticket for ticket in desk.tickets() if _matches(ticket, request.args.get("query", ""))]
        results = [{**_ticket(ticket), "result_type": "ticket"} for ticket in found]
        return jsonify(results=results, facets=None, next_page=None, previous_page=None, count=len(results))

    @api.post("/users/create_or_update.json")
    def create_or_update_user() -> ResponseReturnValue:
        asked = _asked("user")
        return jsonify(user=_user(desk.user(str(asked.get("email", "")), str(asked.get("name", "")))))

    @api.get("/users/show_many.json")
    def show_many_users() -> ResponseReturnValue:
        wanted = _ids()
        return _page("users", [_user(user) for user in desk.users() if user.id in wanted])

    @api.get("/users/me.json")
    def me() -> ResponseReturnValue:
        return jsonify(user=_user(desk.agent))

    @api.get("/users/<int:user_id>.json")
    def show_user(user_id: int) -> ResponseReturnValue:
        return jsonify(user=_user(_found(desk.user_by_id(user_id))))


def _fault(faults: Faults) -> ResponseReturnValue | None:
    faults.wait_if_slow()
    if faults.is_("down"):
        return Response("Service Unavailable", 503, content_type="text/plain")
    if faults.is_("html"):
        return Response(BAD_GATEWAY, 502, content_type="text/html")
    if faults.is_("rate_limited"):
        answer = jsonify(error="APIRateLimitExceeded", description="Number of allowed API requests per minute exceeded")
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer, 429
    return None


def _lose_the_reply(faults: Faults) -> None:
    """The work is done and kept; only nobody hears of it."""
    if faults.is_("lost_reply"):
        drop_connection()


def _refusal(login: str, token: str) -> ResponseReturnValue | None:
    given = request.authorization
    if given is None or given.type != "basic" or (given.username, given.password) != (login, token):
        return jsonify(error="Couldn't authenticate you"), 401
    return None


def _asked(name: str) -> dict[str, Any]:
    body = request.get_json(silent=True)
    asked = body.get(name) if isinstance(body, dict) else None
    if not isinstance(asked, dict):
        raise RecordInvalid("base", f"Parameter {name} is required")
    return asked


def _found(row: Row | None) -> Row:
    if row is None:
        raise LookupError
    return row


def _matches(ticket: Ticket, query: str) -> bool:
    """Zendesk's search, as far as `field:value` and words of the subject go."""
    for term in shlex.split(query):
        name, colon, value = term.partition(":")
        if not colon:
            if term.casefold() not in ticket.subject.casefold():
                return False
        elif {"type": "ticket", "external_id": ticket.external_id, "status": ticket.status}.get(name) != value:
            return False
    return True


def _page(name: str, rows: list[dict[str, Any]]) -> Response:
    """Cursor pagination when asked for by `page[size]`, which has one page here, else a hundred rows by offset."""
    if "page[size]" in request.args:
        meta = {"has_more": False, "after_cursor": None, "before_cursor": None}
        return jsonify({name: rows, "meta": meta, "links": {"next": None, "prev": None}})
    page, size = request.args.get("page", 1, type=int), request.args.get("per_page", 100, type=int)
    shown = rows[(page - 1) * size : page * size]
    more = f"{request.base_url}?{urlencode({**request.args, 'page': page + 1})}" if page * size < len(rows) else None
    return jsonify({name: shown, "next_page": more, "previous_page": None, "count": len(rows)})


def _ids() -> list[int]:
    """The numbers of a show_many; Zendesk refuses more than a hundred."""
    ids = [int(each) for each in request.args.get("ids", "").split(",") if each.isascii() and each.isdigit()]
    if len(ids) > _MOST_AT_ONCE:
        raise RecordInvalid("ids", "Too many ids")
    return ids


def _ticket(ticket: Ticket) -> dict[str, Any]:
    own = {key: value for key, value in asdict(ticket).items() if key not in {"comments", "deleted"}}
    return own | {
        "url": url_for("zendesk_api.show_ticket", ticket_id=ticket.id, _external=True),
        "raw_subject": ticket.subject,
        "description": ticket.comments[0].body,
        "type": None,
        "priority": None,
        "group_id": None,
        "organization_id": None,
        "via": {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return asdict(comment) | {
        "type": "Comment",
        "plain_body": comment.body,
        "html_body": _html(comment.body),
        "attachments": [],
    }


def _html(text: str) -> str:
    """As Zendesk shows what an agent typed: of its marks, the one for bold."""
    return re.sub(r"\*\*([^*\n]+)\*\*", r"<strong>\1</strong>", str(escape(text)))


def _audit(ticket: Ticket, comment: Comment | None) -> dict[str, Any]:
    return {
        "id": ticket.id * 100 + len(ticket.comments),
        "ticket_id": ticket.id,
        "author_id": ticket.submitter_id,
        "created_at": ticket.updated_at,
        "events": [_comment(comment)] if comment else [],
    }


def _user(user: DeskUser) -> dict[str, Any]:
    return asdict(user) | {"active": True, "verified": True, "time_zone": "London"}


def _invalid(error: RecordInvalid) -> ResponseReturnValue:
    details = {error.attribute: [{"description": str(error), "error": "InvalidValue"}]}
    return jsonify(error="RecordInvalid", description="Record validation errors", details=details), 422


def _key_reused(_: KeyReused) -> ResponseReturnValue:
    return jsonify(error="IdempotentRequestError", description="The key was used with other parameters"), 400


def _not_found(_: LookupError) -> ResponseReturnValue:
    return jsonify(error="RecordNotFound", description="Not found"), 404
