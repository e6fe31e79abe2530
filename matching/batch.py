"""Many people at once: over all cores, from values or from CSV files."""

import csv
import gc
import math
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar, assert_never

from matching.csv_files import Table, open_table, read_rows
from matching.matcher import (
    DefiniteMatch,
    Identifiers,
    MatchOutcome,
    NoMatch,
    PotentialMatches,
    Question,
    look_up,
    match,
)
from matching.normalise import read_date
from matching.policy import Policy
from matching.prefilter import Resembling, to_compare
from matching.records import (
    BulkRegister,
    CandidateQuestion,
    LendingRegister,
    PersonDetails,
    RecordStatus,
    TeacherRegister,
    TeachingRecord,
)

ASKED_TOGETHER: Final = 200
"""So many questions a database is asked at a time; one in memory is asked more at once, which its caches thank."""

MOST_TOGETHER: Final = 2_000
CHUNKS_A_WORKER: Final = 16
"""So that none is idle long while another does the last one."""

RECORDS_READ_A_QUERY: Final = 100
"""Reading so many records into memory takes about as long as a query saves by it."""

NEEDED_OF_A_QUERY: Final = ("query_id", "first_name", "last_name", "date_of_birth")
READ_OF_A_QUERY: Final = (*NEEDED_OF_A_QUERY, "middle_name", "previous_last_name", "trn", "nino", "email")
NEEDED_OF_A_RECORD: Final = ("trn", "first_name", "last_name", "date_of_birth")

OUT_COLUMNS: Final = ("query_id", "outcome", "trn", "reason", "weight", "candidates")

# As the import of the register reads them (docs/register.md).
_AS_IN_A_REGISTER: Final = {"previous_last_names": "previous_last_name"}
_TRUTHS: Final = dict.fromkeys(("1", "true", "yes", "y"), True) | dict.fromkeys(("0", "false", "no", "n"), False)

Given = TypeVar("Given")
Made = TypeVar("Made")

_Job = tuple[TeacherRegister, Policy, date]
_job: list[tuple[Callable[[_Job, Sequence[Any]], list[Any]], _Job, Sequence[Any]]] = []
"""What forked processes are to do, and with what; a register and the questions are inherited, not sent."""


def match_batch(
    register: TeacherRegister,
    people: Sequence[PersonDetails],
    policy: Policy,
    today: date,
    processes: int = 0,
) -> Iterator[MatchOutcome]:
    """Match everybody, in the order given, over `processes` (all cores when 0), which are forked.

    A register in memory is so not copied; one that holds connections must open its own in a forked process.
    """
    yield from _over_cores(_match_chunk, (_at_hand(register, len(people)), policy, today), people, processes)


def match_rows(
    register: TeacherRegister,
    rows: Sequence[Mapping[str, str]],
    policy: Policy,
    today: date,
    processes: int = 0,
) -> Iterator[dict[str, str]]:
    """Match rows of a CSV file and give rows of one; a row costs a few words between processes."""
    yield from _over_cores(_match_rows, (_at_hand(register, len(rows)), policy, today), rows, processes)


def _at_hand(register: TeacherRegister, questions: int) -> TeacherRegister:
    """The register itself, or all of it in memory where so many are asked that this is sooner done."""
    if isinstance(register, LendingRegister) and questions * RECORDS_READ_A_QUERY >= register.size:
        return register.snapshot()
    return register


def _over_cores(
    work: Callable[[_Job, Sequence[Given]], list[Made]], job: _Job, items: Sequence[Given], processes: int
) -> Iterator[Made]:
    """Do a chunk after the other, or some at a time in processes of their own."""
    workers = processes or os.cpu_count() or 1
    chunks = list(_chunks(job[0], items, workers))
    if workers == 1 or len(chunks) <= 1:
        for chunk in chunks:
            yield from work(job, items[chunk])
        return
    _job.append((work, job, items))
    try:
        with multiprocessing.get_context("fork").Pool(min(workers, len(chunks)), _begin_worker) as pool:
            for made in pool.imap(_in_worker, chunks):
                yield from made
    finally:
        _job.pop()


def _chunks(register: TeacherRegister, items: Sequence[Any], workers: int) -> Iterator[slice]:
    """Which of the items are done together."""
    size = ASKED_TOGETHER
    if not isinstance(register, LendingRegister):
        size = min(max(size, math.ceil(len(items) / (workers * CHUNKS_A_WORKER))), MOST_TOGETHER)
    return (slice(start, start + size) for start in range(0, len(items), size))


def _begin_worker() -> None:
    """Keep the collector of cycles from going through the caches again and again: it took a sixth of the time.

    Matching makes no cycles; what is freed is freed by its count.
    """
    gc.freeze()
    gc.disable()


def _in_worker(chunk: slice) -> list[Any]:
    work, job, items = _job[-1]
    return work(job, items[chunk])


def _match_rows(job: _Job, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    outcomes = _match_chunk(job, list(map(read_person, rows)))
    return [answer_row(row["query_id"], outcome) for row, outcome in zip(rows, outcomes, strict=True)]


def _match_chunk(job: _Job, people: Sequence[PersonDetails]) -> list[MatchOutcome]:
    register, policy, today = job
    if isinstance(register, BulkRegister):
        return match_many(people, register, policy, today)
    return [match(person, register, policy, today) for person in people]


def match_many(
    people: Sequence[PersonDetails], register: BulkRegister, policy: Policy, today: date
) -> list[MatchOutcome]:
    """Match people together: what each wants to know next is asked for all of them at once."""
    lookups = [look_up(person, register, policy, today) for person in people]
    outcomes: dict[int, MatchOutcome] = {}
    answers: dict[int, Any] = dict.fromkeys(range(len(people)))
    while answers:
        asked: dict[int, Question] = {}
        for at, answer in answers.items():
            try:
                asked[at] = lookups[at].send(answer)
            except StopIteration as end:
                outcomes[at] = end.value
        answers = _resembling(asked) | _found(asked, register)
    return [outcomes[at] for at in range(len(people))]


def _resembling(asked: Mapping[int, Question]) -> dict[int, Any]:
    """Answer those who ask which records resemble."""
    questions = {at: question for at, question in asked.items() if isinstance(question, Resembling)}
    return dict(zip(questions, to_compare(list(questions.values())), strict=True))


def _found(asked: Mapping[int, Question], register: BulkRegister) -> dict[int, Any]:
    """Ask the register for the others, whose question for a number is put as one for its key."""
    questions: dict[int, CandidateQuestion] = {}
    for at, question in asked.items():
        if isinstance(question, Identifiers):
            numbers = (("t", question.trn), ("n", question.nino))
            keys = tuple(f"{kind}:{number}" for kind, number in numbers if number)
            questions[at] = CandidateQuestion(PersonDetails(), keys)
        elif isinstance(question, CandidateQuestion):
            questions[at] = question
    found = register.find_many(list(questions.values())) if questions else ()
    return {
        at: tuple(answer.records) if isinstance(asked[at], Identifiers) else answer
        for at, answer in zip(questions, found, strict=True)
    }


@contextmanager
def open_queries(path: Path) -> Iterator[Table]:
    """Open a file of queries. Raises FileUnreadable as `open_table`; of its columns READ_OF_A_QUERY are read."""
    with open_table(path, NEEDED_OF_A_QUERY, _AS_IN_A_REGISTER) as table:
        yield table


def read_person(row: Mapping[str, str]) -> PersonDetails:
    """Read one person from a row of queries; columns that are missing were not given."""
    text = {name: value or "" for name, value in row.items()}
    return PersonDetails(
        first_name=text.get("first_name", ""),
        middle_name=text.get("middle_name", ""),
        last_name=text.get("last_name", ""),
        previous_last_names=_several(text.get("previous_last_name", "")),
        date_of_birth=read_date(text.get("date_of_birth", "")),
        trn=text.get("trn", ""),
        nino=text.get("nino", ""),
        email=text.get("email", ""),
        trn_leaked=_TRUTHS.get(text.get("trn_leaked", "").lower(), False),
    )


def read_record(row: Mapping[str, str]) -> TeachingRecord:
    """Read one record from a row of a register file; raises ValueError for a status that does not exist."""
    text = {name: value or "" for name, value in row.items()}
    return TeachingRecord(
        trn=text["trn"].strip().zfill(7),
        first_name=text.get("first_name", ""),
        middle_name=text.get("middle_name", ""),
        last_name=text.get("last_name", ""),
        previous_first_names=_several(text.get("previous_first_names", "")),
        previous_last_names=_several(text.get("previous_last_names", "")),
        date_of_birth=read_date(text.get("date_of_birth", "")),
        nino=text.get("nino", ""),
        email=text.get("email", ""),
        status=RecordStatus(text.get("status", "") or "active"),
        merged_into=text.get("merged_into", "").strip().zfill(7) if text.get("merged_into", "").strip() else None,
        has_qts=_TRUTHS.get(text.get("has_qts", "").lower()),
        has_open_alert=_TRUTHS.get(text.get("has_open_alert", "").lower()),
    )


def _several(text: str) -> tuple[str, ...]:
    """Names of a column that may hold several, apart by semicolons or bars."""
    return tuple(name.strip() for name in text.replace("|", ";").split(";") if name.strip())


def read_register(path: Path) -> Iterator[TeachingRecord]:
    """Read a register file, compressed or not; raises FileUnreadable as `read_rows` does."""
    return map(read_record, read_rows(path, NEEDED_OF_A_RECORD))


def answer_row(query_id: str, outcome: MatchOutcome) -> dict[str, str]:
    """Give one outcome as a row of predictions."""
    best = outcome.candidates[0].weight if outcome.candidates else None
    row = {
        "query_id": query_id,
        "outcome": "",
        "trn": "",
        "reason": "",
        "weight": "" if best is None else f"{best:.1f}",
        "candidates": ";".join(candidate.record.trn for candidate in outcome.candidates),
    }
    match outcome:
        case DefiniteMatch():
            return row | {"outcome": "match", "trn": outcome.record.trn, "reason": outcome.rule.value}
        case PotentialMatches():
            return row | {"outcome": outcome.outcome, "reason": outcome.reason.value}
        case NoMatch():
            return row | {"outcome": "none", "reason": outcome.grade}
        case _:
            assert_never(outcome)


def write_answers(path: Path, rows: Iterable[Mapping[str, str]]) -> int:
    """Write predictions; a half-written file is never left behind. Returns how many there were."""
    part = path.with_name(path.name + ".part")
    count = 0
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, OUT_COLUMNS)
            writer.writeheader()
            for row in rows:
                writer.writerow(row)
                count += 1
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return count
