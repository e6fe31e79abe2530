"""What two accounts said before either was taken for one without a record counts for the one that they become."""

from __future__ import annotations

from flask import Flask

from identity_provider.db import transaction
from identity_provider.domain.absence import FurtherAnswers, SchoolWork, Training
from identity_provider.models import User
from identity_provider.services import pooling
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_user

MARY = {"first_name": "Mary", "last_name": "Bush"}
NOTHING = FurtherAnswers(other_names=(), training=Training.NO, training_where="", school_work=SchoolWork.NO)
TRAINED = FurtherAnswers(
    other_names=(MARY,),
    training=Training.ENGLAND_OR_WALES,
    training_where="Leeds",
    training_when="1999",
    school_work=SchoolWork.TEACHER,
)


def said_by(user: User) -> FurtherAnswers:
    return FurtherAnswers.of(user.stated_further)


def test_an_answer_that_speaks_for_a_record_is_not_lost_with_the_account_that_gave_it(app: Flask) -> None:
    survivor = a_user(email="one@example.com", stated_further=NOTHING.as_kept())
    other = a_user(email="two@example.com", stated_further=TRAINED.as_kept())
    with transaction():
        pooled = pooling.pool(survivor, other, actor=SYSTEM, now=NOW)
    assert said_by(survivor).speaks_for_a_record
    assert said_by(survivor).other_names == (MARY,)
    assert (said_by(survivor).training_where, said_by(survivor).school_work) == ("Leeds", SchoolWork.TEACHER)
    with transaction():
        pooling.part(survivor, other, pooled, actor=SYSTEM, now=NOW)
    assert (said_by(survivor), said_by(other)) == (NOTHING, TRAINED)


def test_own_answers_stand_beside_those_of_the_other_account(app: Flask) -> None:
    both = TRAINED.together_with(NOTHING)
    assert both == TRAINED
    unasked = FurtherAnswers().together_with(NOTHING)
    assert (unasked.training, unasked.other_names, unasked.school_work) == (Training.NO, (), SchoolWork.NO)
    assert FurtherAnswers().together_with(FurtherAnswers()).as_kept() == {}
