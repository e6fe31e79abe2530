"""Version 2 of the DQT API: finding people by what they state, and reading one."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from identity_provider.sandbox.dqt_rules import Sought, found_by_default, found_strictly
from identity_provider.sandbox.dqt_shapes import find_result, v2_teacher
from identity_provider.sandbox.dqt_shelf import Shelf
from identity_provider.sandbox.dqt_wire import Invalid, date_argument, need_role, no_such_endpoint
from identity_provider.sandbox.faults import Faults
from matching.records import RecordStatus

PROVIDERS = (
    ("10000001", "Ambleford Teaching School Alliance"),
    ("10000002", "Fenmarsh University"),
    ("10000003", "North Moor School-Centred Training"),
    ("10000004", "University of Eastbridge"),
)
_RULES = {"Default": found_by_default, "Strict": found_strictly}


def v2_api(shelf: Shelf, faults: Faults) -> Blueprint:
    """The endpoints of v2 that identity providers call."""
    api = Blueprint("v2", __name__, url_prefix="/v2")
    api.before_request(need_role)

    @api.get("/teachers/find")
    def find() -> ResponseReturnValue:
        if request.args.get("ittProviderUkprn") and request.args.get("ittProviderName"):
            raise Invalid(ittProviderUkprn="Request must contain IttProviderUkprn or IttProviderName or neither.")
        rule = _RULES.get(request.args.get("matchPolicy") or "Default")
        if rule is None:
            raise Invalid(matchPolicy="The value is not valid.")
        sought = _sought()
        near = shelf.sharing(trn=sought.trn, nino=sought.nino, email=sought.email, born=sought.born)
        found = [] if faults.is_("empty") else [record for record in near if rule(record, sought)]
        return jsonify(results=[find_result(record) for record in found])

    @api.get("/teachers/<trn>")
    def teacher(trn: str) -> ResponseReturnValue:
        record = None if faults.is_("empty") else shelf.with_trn(trn)
        inactive = record is not None and record.status is not RecordStatus.ACTIVE
        if record is None or (inactive and request.args.get("includeInactive", "").lower() != "true"):
            raise no_such_endpoint()
        return jsonify(v2_teacher(record))

    @api.get("/itt-providers")
    def itt_providers() -> ResponseReturnValue:
        return jsonify(ittProviders=[{"ukprn": ukprn, "providerName": name} for ukprn, name in PROVIDERS])

    return api


def _sought() -> Sought:
    argument = request.args.get
    return Sought(
        first_names=(argument("firstName", ""), argument("previousFirstName", "")),
        last_names=(argument("lastName", ""), argument("previousLastName", "")),
        born=date_argument("dateOfBirth"),
        nino=argument("nationalInsuranceNumber", ""),
        email=argument("emailAddress", ""),
        trn=argument("trn", ""),
    )
