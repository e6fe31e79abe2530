"""The one decision: what an answer of the register means, given what the person says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_provider.domain.lookup import (
    REASONS,
    Ambiguous,
    Answer,
    Found,
    LookupReason,
    LookupState,
    LookupStatus,
    Near,
    Nothing,
    Statement,
    Unanswered,
    VerificationLevel,
    decide,
    pending,
)

MAYBE = st.sampled_from([True, False, None])
STATEMENTS = st.builds(Statement, trn=st.sampled_from([None, "1234567"]), has_trn=MAYBE, has_qts=MAYBE)
NEAR = st.builds(
    Near,
    st.sampled_from([LookupReason.NEAR_MATCH, LookupReason.STATED_TRN_CONFLICTS, LookupReason.STATED_TRN_NOT_FOUND]),
)
ANSWERS: st.SearchStrategy[Answer] = st.one_of(
    st.just(Found("1234567", VerificationLevel.LOW)),
    st.just(Ambiguous()),
    NEAR,
    st.just(Nothing()),
    st.just(Unanswered()),
)
NEITHER = Statement(trn=None, has_trn=False, has_qts=False)


@given(ANSWERS, STATEMENTS)
def test_none_needs_an_empty_answer_and_two_noes(answer: Answer, said: Statement) -> None:
    state = decide(answer, said)
    assert (state.status is LookupStatus.NONE) == (isinstance(answer, Nothing) and said == NEITHER)
    assert state.reason in REASONS[state.status]


@given(STATEMENTS)
def test_no_answer_is_never_an_answer(said: Statement) -> None:
    assert decide(Unanswered(), said) == pending(LookupReason.REGISTER_UNAVAILABLE)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Statement(trn="1234567", has_trn=True, has_qts=False), LookupReason.STATED_TRN_NOT_FOUND),
        (Statement(trn=None, has_trn=True, has_qts=False), LookupReason.STATED_TRN_NOT_FOUND),
        (Statement(trn=None, has_trn=False, has_qts=True), LookupReason.CLAIMS_QTS),
        (Statement(trn=None, has_trn=None, has_qts=False), LookupReason.NOT_LOOKED_UP),
        (Statement(trn=None, has_trn=False, has_qts=None), LookupReason.NOT_LOOKED_UP),
    ],
)
def test_an_empty_answer_to_somebody_who_claims_something_is_pending(said: Statement, reason: LookupReason) -> None:
    assert decide(Nothing(), said) == pending(reason)


def test_a_pair_that_the_design_does_not_list_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="never because of"):
        LookupState(LookupStatus.NONE, LookupReason.REGISTER_UNAVAILABLE)
