"""/api/v1/trn-tokens: a service vouches for whose record an email address is."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from identity_provider.api.access import needs, service
from identity_provider.api.blueprint import bp
from identity_provider.api.problems import ErrorCode, Problem
from identity_provider.api.reading import Body
from identity_provider.db import transaction
from identity_provider.domain.errors import LeakedTrnStated
from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports
from identity_provider.services import features, leaked_trns, person_json, trn_tokens
from identity_provider.services.audit import Actor


@bp.post("/v1/trn-tokens")
@needs("trn_token:write")
def make_trn_token() -> ResponseReturnValue:
    """Make a token for an address and a TRN; it is shown this once."""
    if not features.is_on(Feature.TRN_TOKENS, service()):
        raise Problem(403, "TRN tokens are switched off", code=ErrorCode.NOT_AUTHORISED)
    body = Body.read()
    trn, email = body.trn("trn"), body.email("email", required=True)
    body.finish()
    assert trn is not None
    assert email is not None
    try:
        with transaction():
            leaked_trns.refuse(trn.digits)
            made, token = trn_tokens.make(trn, email, actor=Actor.of(service()), now=ports().clock.now())
    except LeakedTrnStated as leaked:
        raise Problem.only_by_helpdesk() from leaked
    return jsonify(trn=made.trn, email=made.email, trnToken=token, expiresUtc=person_json.moment(made.expires_at))
