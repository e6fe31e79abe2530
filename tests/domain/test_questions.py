"""Which page comes next: order, completeness, and no page before its time."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_type_hints

from hypothesis import given
from hypothesis import strategies as st

from identity_provider.domain.questions import (
    Answers,
    Question,
    may_enter,
    next_question,
    path,
    previous_question,
)

HINTS = get_type_hints(Answers)
ANY_ANSWERS = st.builds(
    Answers,
    **{
        each.name: st.sampled_from([True, False, *([None] if HINTS[each.name] is not bool else [])])
        for each in fields(Answers)
    },
)
PROVED = Answers(has_email=True, proved=True)
PERSON = replace(
    PROVED, has_name=True, has_previous_names=False, has_preferred_name=True, has_date_of_birth=True, wants_record=True
)
ANSWERED = replace(PERSON, has_nino=False, has_trn=False, has_qts=True, has_training_provider=True)


def test_a_new_person_is_asked_in_the_order_of_the_design() -> None:
    assert path(ANSWERED) == (
        Question.EMAIL,
        Question.NAME,
        Question.PREVIOUS_NAMES,
        Question.PREFERRED_NAME,
        Question.DATE_OF_BIRTH,
        Question.NINO,
        Question.TRN,
        Question.QTS,
        Question.TRAINING,
        Question.CHECK_ANSWERS,
    )


def test_where_they_trained_is_asked_of_who_says_that_they_are_qualified() -> None:
    assert Question.TRAINING not in path(replace(ANSWERED, has_qts=False))


def test_asking_stops_as_soon_as_the_record_is_found() -> None:
    assert next_question(replace(PERSON, matched=True)) is Question.CHECK_ANSWERS
    found_by_nino = replace(PERSON, matched=True, has_nino=True)
    assert path(found_by_nino)[-2:] == (Question.NINO, Question.CHECK_ANSWERS)


def test_a_service_that_wants_no_trn_has_nobody_asked_about_one() -> None:
    assert next_question(replace(PERSON, wants_record=False)) is Question.CHECK_ANSWERS


def test_a_known_person_is_asked_only_what_is_missing() -> None:
    known = Answers(
        has_email=True, proved=True, has_account=True, known_account=True, has_date_of_birth=True, wants_record=True
    )
    assert path(known) == (Question.NINO,)
    assert path(replace(known, has_date_of_birth=False)) == (Question.DATE_OF_BIRTH,)
    assert next_question(replace(known, submitted=True)) is Question.DONE


def test_a_step_up_asks_for_both_numbers_and_nothing_else() -> None:
    known = Answers(
        has_email=True,
        proved=True,
        has_account=True,
        known_account=True,
        has_date_of_birth=True,
        wants_record=True,
        step_up=True,
        has_nino=True,
        has_trn=True,
    )
    assert path(known) == (Question.NINO, Question.TRN, Question.CHECK_ANSWERS)


def test_a_shared_mailbox_is_spoken_of_before_anything_else_is_asked() -> None:
    assert next_question(replace(PROVED, shared_mailbox=True)) is Question.SHARED_MAILBOX
    assert next_question(replace(PROVED, shared_mailbox=True, shared_mailbox_accepted=True)) is Question.NAME


def test_an_account_that_may_be_theirs_is_offered_and_its_address_proved() -> None:
    offered = replace(PERSON, existing_account=True)
    assert next_question(offered) is Question.EXISTING_ACCOUNT
    assert next_question(replace(offered, existing_account_is_mine=False)) is Question.NINO
    mine = replace(offered, existing_account_is_mine=True)
    assert next_question(mine) is Question.EXISTING_ACCOUNT_CODE
    assert next_question(replace(mine, other_address_proved=True)) is Question.CHOOSE_EMAIL


def test_after_submission_only_a_second_try_keeps_the_answers_open() -> None:
    tried = replace(ANSWERED, submitted=True, has_account=True, may_try_again=True, has_something_to_say=True)
    assert next_question(tried) is Question.NO_MATCH
    assert may_enter(tried, Question.NAME)
    assert not may_enter(tried, Question.EMAIL)
    over = replace(tried, may_try_again=False)
    assert path(over) == (Question.OUTCOME,)
    assert path(replace(over, outcome_seen=True)) == (Question.DONE,)


@given(ANY_ANSWERS)
def test_there_is_always_a_next_page_and_each_page_once(answers: Answers) -> None:
    way = path(answers)
    assert way
    assert len(set(way)) == len(way)
    assert may_enter(answers, next_question(answers))
    assert previous_question(answers, way[0]) is None
    assert [previous_question(answers, page) for page in way[1:]] == list(way[:-1])


@given(ANY_ANSWERS)
def test_nothing_but_the_address_is_asked_before_it_is_proved(answers: Answers) -> None:
    unproved = replace(answers, proved=False, has_email=True)
    assert set(path(unproved)) <= {Question.CHOOSE_ACCOUNT, Question.EMAIL, Question.CODE}


@given(ANY_ANSWERS)
def test_nobody_goes_back_to_the_service_without_having_sent_their_answers_off(answers: Answers) -> None:
    if next_question(answers) is Question.DONE:
        assert answers.submitted
        assert answers.proved
        assert not answers.trn_in_use
        assert not answers.may_try_again


@given(ANY_ANSWERS)
def test_name_and_birthday_of_an_older_account_are_never_asked_again(answers: Answers) -> None:
    known = replace(answers, known_account=True, has_account=True, has_date_of_birth=True)
    asked = {Question.NAME, Question.PREVIOUS_NAMES, Question.PREFERRED_NAME, Question.DATE_OF_BIRTH, Question.EMAIL}
    assert not asked & set(path(known))


def test_which_account_it_shall_be_is_asked_before_anything_else() -> None:
    undecided = Answers(choose_account=True)
    assert path(undecided) == (Question.CHOOSE_ACCOUNT,)
    assert path(replace(undecided, another_account=True)) == (Question.CHOOSE_ACCOUNT, Question.EMAIL)


def test_what_the_service_may_know_is_asked_last() -> None:
    done = replace(ANSWERED, submitted=True, has_something_to_say=True, consent_due=True)
    assert next_question(done) is Question.OUTCOME
    assert next_question(replace(done, outcome_seen=True)) is Question.CONSENT
    assert next_question(replace(done, outcome_seen=True, consent_due=False)) is Question.DONE


def test_who_is_barred_sees_nothing_else() -> None:
    assert path(replace(ANSWERED, submitted=True, consent_due=True, barred=True)) == (Question.BARRED,)


DENYING = replace(PERSON, has_nino=False, has_trn=False, has_qts=False, nothing_near=True)
FURTHER = (Question.OTHER_NAMES, Question.TEACHER_TRAINING, Question.SCHOOL_WORK)


def test_more_is_asked_of_who_would_have_no_record_and_of_nobody_else() -> None:
    assert next_question(DENYING) is Question.OTHER_NAMES
    asked = replace(DENYING, has_other_names=False, has_teacher_training=False, has_school_work=False)
    assert path(asked)[-4:] == (*FURTHER, Question.CHECK_ANSWERS)
    trained = replace(asked, has_teacher_training=True)
    assert next_question(trained) is Question.TRAINING_DETAILS
    assert next_question(replace(trained, has_training_details=True)) is Question.CHECK_ANSWERS
    for spared in (
        replace(DENYING, nothing_near=False),
        replace(DENYING, has_trn=True),
        replace(DENYING, has_qts=True, has_training_provider=True),
        replace(DENYING, matched=True),
        replace(DENYING, has_account=True, known_account=True, step_up=True),
    ):
        assert not set(FURTHER) & set(path(spared)), spared


def test_what_was_asked_then_can_be_changed_when_the_search_finds_something_close() -> None:
    near = replace(DENYING, nothing_near=False, has_other_names=True)
    assert Question.OTHER_NAMES in path(near)
    assert next_question(near) is Question.CHECK_ANSWERS


def test_a_number_is_asked_for_where_it_is_wanted_and_proved_where_it_is_given() -> None:
    new = Answers(has_email=True, proved=True, wants_mobile=True)
    assert next_question(new) is Question.MOBILE
    assert next_question(replace(new, has_mobile=True)) is Question.MOBILE_CODE
    for settled in (replace(new, has_mobile=False), replace(new, has_mobile=True, mobile_proved=True)):
        assert next_question(settled) is Question.NAME
    for other in (replace(new, wants_mobile=False), replace(new, known_account=True, has_account=True)):
        assert Question.MOBILE not in path(other)
