"""Email addresses as places: which of them are read by several people."""

from __future__ import annotations

# The part before the @ of mailboxes that schools, trusts and councils commonly share.
_WORDS = """
    academy accounts admin admin1 admin2 administration administrator admissions apply assistanthead attendance bursar
    business businessmanager careers ceo clerk contact cpd deputy deputyhead director education enquiries enquiry
    exams exec executivehead executivehead1 facilities finance frontdesk general governance governors hello help
    head headmaster headmistress headoffice headsoffice headspa headteacher headteachers helpdesk hod hr ht info
    information itsupport library local mail mailbox manager nursery office officeadmin pa parents payroll people
    personnel post postbox postmaster preschool primary principal principals pupil reception recruitment registrar
    safeguarding sbm school schooladmin schooloffice secretary sen senco senior slt slteam staff staffroom support
    supply teach teacher teachers team training trust webmaster
"""
_SHARED = frozenset(_WORDS.split())


def is_shared(address: str) -> bool:
    """Whether an address looks like a mailbox that several people read, which must not be one person's key.

    Separators, a trailing number and a `+tag` do not hide it: `Head.Teacher2+npq@` is `headteacher@`.
    """
    local = address.partition("@")[0].lower().partition("+")[0]
    compact = "".join(character for character in local if character not in "._-")
    return compact in _SHARED or compact.rstrip("0123456789") in _SHARED
