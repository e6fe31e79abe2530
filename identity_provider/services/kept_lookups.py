"""Searches as they are kept: each with its reason and explanation, and what a person stated sealed."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text, update

from identity_provider.db import Base, db
from identity_provider.models import Journey, Lookup
from identity_provider.services.register_search import Occasion, Search, asked_json
from identity_provider.vault import SealBroken, vault

AS_ASKED = "lookup"
"""What was asked is sealed as this."""

_SAID = "lookup_said"
_SENTENCES = "lookup_sentences"
# What replays and the check of National Insurance numbers read is the levels: they stay as they are. What was looked
# at has an empty seal, so that it is not looked at again; what the version before wrote during an upgrade has none.
_TAKE_OUT_SENTENCES = text("""
    UPDATE lookups SET sentences_sealed = '', explanation = explanation || jsonb_build_object('candidates', (
        SELECT jsonb_agg(candidate || jsonb_build_object('fields', (
            SELECT coalesce(jsonb_agg(compared - 'sentence' ORDER BY place), '[]'::jsonb)
            FROM jsonb_array_elements(candidate->'fields') WITH ORDINALITY AS one (compared, place)
        )) ORDER BY rank)
        FROM jsonb_array_elements(explanation->'candidates') WITH ORDINALITY AS each (candidate, rank)
    ))
    WHERE id IN (
        SELECT id FROM lookups
        WHERE sentences_sealed IS NULL AND jsonb_array_length(explanation->'candidates') > 0
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
_KEEP = Base.metadata.tables[Lookup.__tablename__].insert()


def keep(search: Search, *, user_id: UUID | None, journey_id: UUID | None, said: dict[str, Any] | None = None) -> UUID:
    """Write the search down, and give the number of the row; what was asked is sealed.

    `said` is what the person had answered beside that, where the search decides something: the evidence for "none".
    """
    number = uuid4()
    sentences = sentences_of(search.explanation)
    db.session.flush()  # the user or the journey may be new
    # One plain INSERT: a mapped object took 1.5 ms more to be written, and nobody reads it again here.
    db.session.execute(
        _KEEP,
        {
            "id": number,
            "user_id": user_id,
            "journey_id": journey_id,
            "occasion": search.occasion,
            "question": search.question,
            "outcome": search.outcome,
            "reason": search.reason,
            "trn": search.trn,
            "policy": search.policy,
            "weights_version": search.weights_version,
            "asked_encrypted": vault.seal(asked_json(search.asked), AS_ASKED),
            "said_sealed": vault.seal(json.dumps(said), _SAID) if said is not None else None,
            "explanation": _without_sentences(search.explanation),
            "sentences_sealed": vault.seal(json.dumps(sentences), _SENTENCES) if sentences else None,
            "duration_ms": search.duration_ms,
            "at": search.at,
        },
    )
    return number


def said_in(lookup: Lookup) -> dict[str, Any] | None:
    """What the person had answered when this search decided something; None for one that decided nothing."""
    if lookup.said_sealed is None:
        return None
    said: dict[str, Any] = json.loads(vault.unseal(lookup.said_sealed, _SAID))
    return said


def sentences_of(explanation: dict[str, Any]) -> dict[str, list[str]]:
    """What was compared with each record, in words, by its TRN: nothing is said of what was not compared."""
    return {
        each["trn"]: [compared["sentence"] for compared in each["fields"] if compared["sentence"]]
        for each in explanation.get("candidates", ())
    }


def _without_sentences(explanation: dict[str, Any]) -> dict[str, Any]:
    plain = []
    for each in explanation.get("candidates", ()):
        fields = [{name: fact for name, fact in one.items() if name != "sentence"} for one in each["fields"]]
        plain.append(each | {"fields": fields})
    return explanation | {"candidates": plain} if explanation else explanation


def sentences_in(lookup: Lookup) -> dict[str, list[str]]:
    """What was compared with each record, in words, the best record first; nothing for a lookup of long ago.

    Nor where the key is gone that it was sealed with.
    """
    if not lookup.sentences_sealed:
        return {}
    try:
        kept: dict[str, list[str]] = json.loads(vault.unseal(lookup.sentences_sealed, _SENTENCES))
    except SealBroken:
        return {}
    return kept


def take_out_sentences(batch: int) -> int:
    """Take the sentences, which repeat what was asked, out of so many lookups that keep them open; returns how many."""
    return len(db.session.execute(_TAKE_OUT_SENTENCES, {"batch": batch}).all())


def give_to(journey: Journey) -> None:
    """The journey's person is known now: the searches made before, for nobody yet, are theirs and go with them."""
    db.session.execute(
        update(Lookup)
        .where(Lookup.journey_id == journey.id, Lookup.user_id.is_(None))
        .values(user_id=journey.user_id)
        .execution_options(synchronize_session=False)
    )


def found_nothing(journey: Journey) -> bool:
    """Whether the last search that decided this journey was answered with nothing that resembles the person."""
    last = db.session.scalar(
        select(Lookup.outcome)
        .where(Lookup.journey_id == journey.id, Lookup.occasion == Occasion.CHECK_ANSWERS)
        .order_by(Lookup.at.desc())
        .limit(1)
    )
    return last == "none"
