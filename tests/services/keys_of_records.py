"""What records are found by, as it was when KEYS_VERSION was last raised.

`python -m tests.services.keys_of_records` accepts what it is now, once the version is another.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from identity_provider.models.register_layout import IN_COLUMNS, KEYS_VERSION, stored_key
from matching.blocking import counted_names, record_keys
from matching.records import TeachingRecord

SNAPSHOT = Path(__file__).with_name("keys_of_records.txt")

# First and last names as registers hold them: marks, apostrophes, hyphens, titles, several words, other alphabets.
_NAMES = """
Ann,Smith|Siân,O’Dea|JEAN-LUC,Picard|Mary Jane,Featherstonehaugh|Łukasz,Wałęsa|Søren,Kjær|İbrahim,Yıldız
Zoë,Brontë|Mrs Kate,Bush|Dr Anne-Marie,Duff PGCE|John,St John|Seán,Ó Súilleabháin|Niamh,Ní Dhomhnaill
Vincent,van der Berg|María José,García Márquez|Leonardo,D'Angelo|Mohammed,Al-Hussain|Muhammad,al Hussain
Xiu Ying,Wong|Nguyễn,Thị Minh|Anaïs,Crête|Jürgen,Groß|Þóra,Guðmundsdóttir|Đorđe,Đoković|Bill,McDonald
Phoebe,Mac Donald|Wright,Knight|Ceri,Llewellyn|Geoffrey,Gough|Cynthia,Tchaikovsky|Charlotte,Schmidt|Xavier,Fitzgerald
Rebecca,Cholmondeley|Aloysius,Quill|.,Kumar|A,B|J.,Bloggs|Robert (Bob),Brown Jr|Ελένη,Παπαδοπούλου|Ирина,Петрова
Emma,Tate-Lyle|Tate,Emma|Hannah,Hannah|X Æ,Musk|Jo Ann,De La Cruz|Joann,Delacruz|Bob",Quill|Peggy,O Brien
Peggy,OBrien|Deirdre,Mc Carthy|Ffion,ap Rhys|Kelechi,Nwosu-Igbo|Tamsin,Penhaligon|Gwendolyn,Wythenshawe
,Mononym|Madonna,|Priya,Venkataraman-Subramanian|Sunil Kumar,Sharma|Anna Maria Sophia,Lange|Ashley,Ashleigh
"""


def records() -> list[TeachingRecord]:
    """The fixed list, with and without birthdays, numbers, addresses and earlier names."""
    names = [tuple(each.split(",")) for line in _NAMES.strip().splitlines() for each in line.split("|")]
    return [_record(number, first, last) for number, (first, last) in enumerate(names)]


def _record(number: int, first: str, last: str) -> TeachingRecord:
    born = date(1941 + number, number % 12 + 1, number % 28 + 1)
    return TeachingRecord(
        trn=f"{1_000_001 + number}",
        first_name=first,
        middle_name="Elizabeth" if number % 3 else "",
        last_name=last,
        previous_first_names=("Beatrice Maud",) if number % 7 == 2 else (),
        previous_last_names=(("Green-Brown",), ("O'Neill", "Hughes"), (), ())[number % 4],
        date_of_birth=(None, date(1980, 1, 1))[number % 2] if number % 5 == 3 else born,
        nino=f"AB{123_450 + number:06}{'CD '[number % 3]}".strip() if number % 4 else ("", "nonsense")[number % 8 // 4],
        email=("", "Ann.Smith@Example.com", "p@bücher.example", "no address")[number % 4],
    )


def describe() -> str:
    """The version, then for each record its stored keys with their numbers, and the names that it is counted by."""
    lines = [f"KEYS_VERSION {KEYS_VERSION}"]
    for record in records():
        names = counted_names(record)
        kept = sorted({key for key in record_keys(record) if key[:1] not in IN_COLUMNS})
        lines += [f"{record.trn} {key} {stored_key(key)}" for key in kept]
        firsts, lasts = sorted(names.first_names), sorted(names.last_names)
        lines.append(f"{record.trn} counted {' '.join(firsts)} / {' '.join(lasts)}")
    return "".join(f"{line}\n" for line in lines)


def accept() -> str:
    """Keep what it is now. Refuses where it differs while the version is the one that is kept."""
    now, then = describe(), SNAPSHOT.read_text(encoding="utf-8") if SNAPSHOT.exists() else ""
    version, _, _ = now.partition("\n")
    if now != then and then.startswith(f"{version}\n"):
        return "raise KEYS_VERSION in identity_provider/models/register_layout.py first"
    SNAPSHOT.write_text(now, encoding="utf-8")
    return ""


if __name__ == "__main__":
    sys.exit(accept() or None)
