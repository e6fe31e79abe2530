"""Email addresses as places: which are read by several people, and how one is shown to somebody else."""

from __future__ import annotations

# The part before the @ of mailboxes that schools, trusts and councils commonly share.
_SHARED = frozenset(
    """
    academy accounts admin admin1 admin2 administration administrator admissions apply assistanthead attendance bursar
    business businessmanager careers ceo clerk contact cpd deputy deputyhead director education enquiries enquiry
    exams exec executivehead executivehead1 facilities finance frontdesk general governance governors hello help
    head headmaster headmistress headoffice headsoffice headspa headteacher headteachers helpdesk hod hr ht info
    information itsupport library local mail mailbox manager nursery office officeadmin pa parents payroll people
    personnel post postbox postmaster preschool primary principal principals pupil reception recruitment registrar
    safeguarding sbm school schooladmin schooloffice secretary sen senco senior slt slteam staff staffroom support
    supply teach teacher teachers team training trust webmaster
    """.split()
)
_HIDDEN = "****"
_LONGEST_SHOWN_ENDING = 3


def is_shared(address: str) -> bool:
    """Whether an address looks like a mailbox that several people read, which must not be one person's key.

    Separators, a trailing number and a `+tag` do not hide it: `Head.Teacher2+npq@` is `headteacher@`.
    """
    local = address.partition("@")[0].lower().partition("+")[0]
    compact = "".join(character for character in local if character not in "._-")
    return compact in _SHARED or compact.rstrip("0123456789") in _SHARED


def redacted(address: str) -> str:
    """The address as it may be shown to somebody who has not proved that it is theirs: `a****@s****.sch.uk`.

    The first letters and the short endings of the domain stay, which the owner recognises and nobody else can use.
    """
    local, _, domain = address.partition("@")
    labels = domain.split(".")
    endings = []
    while len(labels) > 1 and len(labels[-1]) <= _LONGEST_SHOWN_ENDING:
        endings.insert(0, labels.pop())
    return f"{local[:1]}{_HIDDEN}@{'.'.join([f'{domain[:1]}{_HIDDEN}', *endings])}"
