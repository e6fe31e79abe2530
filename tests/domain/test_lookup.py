"""The one decision: what an answer of the register means, given what the person says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_provider.domain.absence import FurtherAnswers, SchoolWork, Training
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
ASKED = FurtherAnswers(other_names=(), training=Training.NO, school_work=SchoolWork.ASSISTANT)
FURTHER = st.builds(
    FurtherAnswers,
    other_names=st.sampled_from([None, (), ({"first_name": "Kit", "last_name": ""},)]),
    training=st.sampled_from([None, *Training]),
    training_where=st.sampled_from([None, "", "Ghana"]),
    recognised=MAYBE,
    school_work=st.sampled_from([None, *SchoolWork]),
)
STATEMENTS = st.builds(Statement, trn=st.sampled_from([None, "1234567"]), has_trn=MAYBE, has_qts=MAYBE, further=FURTHER)
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


def denying(**said: Any) -> Statement:
    return Statement(trn=None, has_trn=False, has_qts=False, further=replace(ASKED, **said))


def claims_nothing(said: Statement) -> bool:
    further = said.further
    asked = None not in (further.other_names, further.training, further.school_work)
    asked = asked and (further.training is Training.NO or further.training_where is not None)
    trained_here = further.training is Training.ENGLAND_OR_WALES or further.recognised is True
    return (said.trn, said.has_trn, said.has_qts) == (None, False, False) and asked and not trained_here


@given(ANSWERS, STATEMENTS)
def test_none_needs_an_empty_answer_two_noes_and_every_question_asked(answer: Answer, said: Statement) -> None:
    state = decide(answer, said)
    assert (state.status is LookupStatus.NONE) == (isinstance(answer, Nothing) and claims_nothing(said))
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
        (Statement(trn=None, has_trn=False, has_qts=False), LookupReason.NOT_LOOKED_UP),
        (denying(training=Training.ENGLAND_OR_WALES, training_where=""), LookupReason.CLAIMS_QTS),
        (denying(training=Training.ELSEWHERE, recognised=True), LookupReason.CLAIMS_QTS),
        (denying(school_work=None), LookupReason.NOT_LOOKED_UP),
        (denying(other_names=None), LookupReason.NOT_LOOKED_UP),
        (denying(training=None), LookupReason.NOT_LOOKED_UP),
        (denying(training=Training.ELSEWHERE), LookupReason.NOT_LOOKED_UP),
    ],
)
def test_an_empty_answer_to_somebody_who_claims_something_is_pending(said: Statement, reason: LookupReason) -> None:
    assert decide(Nothing(), said) == pending(reason)


def test_a_pair_that_the_design_does_not_list_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="never because of"):
        LookupState(LookupStatus.NONE, LookupReason.REGISTER_UNAVAILABLE)


def test_training_and_work_elsewhere_are_no_record() -> None:
    assert (
        decide(Nothing(), denying(training=Training.ELSEWHERE, training_where="", recognised=False)).status
        is LookupStatus.NONE
    )
    assert decide(Nothing(), denying(school_work=SchoolWork.TEACHER)).status is LookupStatus.NONE


@given(FURTHER)
def test_further_answers_are_read_back_as_they_were_kept(further: FurtherAnswers) -> None:
    kept = further.as_kept()
    asked = (further.other_names, further.training, further.school_work) != (None, None, None)
    assert FurtherAnswers.of(kept) == (further if asked else FurtherAnswers())
