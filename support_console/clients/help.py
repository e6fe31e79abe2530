"""What a service team needs to help itself: what we refused its service lately, and people to try it with."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from identity_provider.domain.access import Permission
from identity_provider.kit import people_to_try
from identity_provider.kit.app import settings
from identity_provider.kit.written import written_moment
from identity_provider.models import Client, ClientError
from identity_provider.services import client_errors, clients
from support_console.auth import require
from support_console.clients import trying

bp = Blueprint("service_help", __name__, url_prefix="/services", template_folder="templates")


@bp.get("/<client_id>/errors")
@require(Permission.VIEW_CLIENTS)
def errors(client_id: str) -> ResponseReturnValue:
    """What we refused it, the newest first; nothing of any person stands in it."""
    client = _client_or_404(client_id)
    found = [_refusal(each) for each in client_errors.newest(client)]
    return render_template("support/clients/errors.html", client=client, found=found)


@bp.get("/<client_id>/people")
@require(Permission.VIEW_CLIENTS)
def people(client_id: str) -> ResponseReturnValue:
    """Whom the team may sign in as in this environment, and what has to happen then."""
    client = _client_or_404(client_id)
    read = people_to_try.read(settings().test_people_file)
    found = [trying.row(each) for each in read.people]
    return render_template("support/clients/people.html", client=client, found=found, faults=read.faults)


def _refusal(of: ClientError) -> list[str]:
    return [written_moment(of.last_at), of.place, of.error, of.description, str(of.times), of.request_id]


def _client_or_404(client_id: str) -> Client:
    return clients.find(client_id) or abort(404)
