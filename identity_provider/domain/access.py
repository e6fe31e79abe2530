"""Who among the staff may do what, and what each relying service demands before a person returns."""

from __future__ import annotations

from enum import StrEnum

from identity_provider.domain.lookup import LookupStatus


class StaffRole(StrEnum):
    """Roles of the support console (domain.md, "Roles")."""

    VIEWER = "Viewer"
    AGENT = "Agent"
    REVIEWER = "Reviewer"
    MERGER = "Merger"
    SERVICE_MANAGER = "ServiceManager"
    ADMINISTRATOR = "Administrator"


class Permission(StrEnum):
    """One thing that a member of staff may do."""

    # One's own sessions, passkeys and proofs: every member of staff.
    OWN_SIGN_IN = "own_sign_in"
    VIEW_CASES = "view_cases"
    WORK_CASES = "work_cases"
    ATTACH_TRN = "attach_trn"
    VIEW_USERS = "view_users"
    MERGE_USERS = "merge_users"
    LOCK_USERS = "lock_users"
    ERASE_USERS = "erase_users"
    REVIEW_EVIDENCE = "review_evidence"
    VIEW_CLIENTS = "view_clients"
    EDIT_CLIENTS = "edit_clients"
    EDIT_WEBHOOKS = "edit_webhooks"
    EDIT_STAFF = "edit_staff"
    RUN_IMPORTS = "run_imports"
    VIEW_TRN_TOKENS = "view_trn_tokens"
    ISSUE_TRN_TOKENS = "issue_trn_tokens"
    VIEW_LEAKED_TRNS = "view_leaked_trns"
    EDIT_LEAKED_TRNS = "edit_leaked_trns"
    SWITCH_FEATURES = "switch_features"
    RUN_RETENTION = "run_retention"
    VIEW_PERFORMANCE = "view_performance"
    VIEW_AUDIT = "view_audit"
    EXPORT_AUDIT = "export_audit"


_VIEW = frozenset({Permission.OWN_SIGN_IN, Permission.VIEW_CASES, Permission.VIEW_USERS, Permission.VIEW_PERFORMANCE})
# What whoever works on cases has to see of a person's TRN beside the case.
_TRNS = frozenset({Permission.VIEW_TRN_TOKENS, Permission.VIEW_LEAKED_TRNS})
PERMISSIONS: dict[StaffRole, frozenset[Permission]] = {
    StaffRole.VIEWER: _VIEW,
    StaffRole.AGENT: _VIEW | _TRNS | {Permission.WORK_CASES, Permission.ATTACH_TRN},
    StaffRole.REVIEWER: _VIEW | {Permission.REVIEW_EVIDENCE},
    StaffRole.MERGER: _VIEW
    | _TRNS
    | {Permission.WORK_CASES, Permission.ATTACH_TRN, Permission.MERGE_USERS, Permission.LOCK_USERS},
    StaffRole.SERVICE_MANAGER: _VIEW
    | _TRNS
    | {
        Permission.VIEW_CLIENTS,
        Permission.EDIT_CLIENTS,
        Permission.EDIT_WEBHOOKS,
        Permission.RUN_IMPORTS,
        Permission.ISSUE_TRN_TOKENS,
        Permission.EDIT_LEAKED_TRNS,
        Permission.SWITCH_FEATURES,
    },
    StaffRole.ADMINISTRATOR: frozenset(Permission),
}


def permissions_of(roles: frozenset[StaffRole]) -> frozenset[Permission]:
    """All that these roles together permit."""
    return frozenset[Permission]().union(*(PERMISSIONS[role] for role in roles))


class TrnRequirement(StrEnum):
    """What a relying service demands before a person returns to it."""

    REQUIRED = "Required"
    REQUIRED_IF_HELD = "RequiredIfHeld"
    OPTIONAL = "Optional"

    def lets_return(self, status: LookupStatus) -> bool:
        """Whether somebody in this status may go back to the service with a code."""
        match self:
            case TrnRequirement.REQUIRED:
                return status is LookupStatus.FOUND
            case TrnRequirement.REQUIRED_IF_HELD:
                return status is not LookupStatus.PENDING
            case TrnRequirement.OPTIONAL:
                return True


class MatchPolicy(StrEnum):
    """What a relying service wants proved before it is handed a TRN."""

    DEFAULT = "Default"
    STRICT = "Strict"
