"""Names of synthetic people, by culture, from the lists inside Faker and the US Census list of `names`."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import names
import numpy as np
from faker.providers.person import (
    de_DE,
    en_GB,
    en_IE,
    en_IN,
    en_KE,
    en_PK,
    en_US,
    es_ES,
    fr_FR,
    hu_HU,
    it_IT,
    nl_NL,
    pl_PL,
    pt_PT,
    ro_RO,
    tr_TR,
    tw_GH,
    yo_NG,
    zh_CN,
)
from numpy.typing import NDArray

Words = NDArray[np.str_]
Shares = NDArray[np.float64]

DECADES: Final = tuple(range(1940, 2010, 10))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MUSLIM_FAMILIES: Final = _words(
    "Khan Ahmed Hussain Ali Begum Patel Akhtar Malik Iqbal Mahmood Shah Hassan Rahman Islam Uddin "
    "Miah Chowdhury Sheikh Qureshi Siddiqui Mohammed Abdullah Ibrahim Yusuf Mirza Butt Bashir Rashid "
    "Aziz Karim Choudhry Bibi Noor Saleem Javed"
)
_MUSLIM_MEN: Final = _words(
    "Mohammed Muhammad Ahmed Ali Hassan Hussain Imran Omar Bilal Yusuf Ibrahim Usman Khalid Tariq "
    "Asif Hamza Zain Nadeem Adnan Abdullah Faisal Kamran Shahid Rashid Salman Waqas Irfan Naveed "
    "Mohamed Abdul Sajid Zahid"
)
_MUSLIM_WOMEN: Final = _words(
    "Fatima Aisha Maryam Zainab Khadija Amina Samina Nadia Saima Sadia Shazia Yasmin Noor Huda Sana "
    "Rukhsana Farah Hafsa Humaira Nasreen Rabia Iqra Sumaira Zahra Layla Salma Asma Bushra Tahira "
    "Uzma Ayesha Parveen"
)
_WELSH: Final = _words(
    "Jones Williams Davies Evans Thomas Roberts Lewis Hughes Morgan Griffiths Edwards Owen Price Rees Lloyd"
)
_CHINESE: Final = _words("Wei Ming Li Xia Jun Hui Yan Ling Mei Fang Lei Jing Xin Yi Qiang Hong Ying Na Bo Tao")


@dataclass(frozen=True, slots=True)
class NameList:
    """Names with their shares, ready to be drawn from."""

    words: Words
    shares: Shares

    def draw(self, rng: np.random.Generator, count: int) -> Words:
        """Draw so many names, with replacement."""
        picked: Words = self.words[rng.choice(len(self.words), size=count, p=self.shares)]
        return picked


@dataclass(frozen=True, slots=True)
class Culture:
    """A part of the population whose names go together."""

    share: float
    women: Mapping[int, NameList]
    men: Mapping[int, NameList]
    families: NameList


def _listed(weighted: Mapping[str, float]) -> NameList:
    words = np.array(list(weighted))
    shares = np.array(list(weighted.values()), dtype=np.float64)
    return NameList(words, shares / shares.sum())


def _ranked(words: Sequence[str], flatness: float = 3.0) -> dict[str, float]:
    """Shares for a list that has none: a few names are common and most are rare, the same on every run."""
    distinct = sorted(set(words), key=lambda word: zlib.crc32(word.encode()))
    return {word: 1.0 / (rank + flatness) for rank, word in enumerate(distinct)}


def _by_decade(weighted: Mapping[str, float]) -> dict[int, NameList]:
    """Give every name a time when it was given most, so that first names tell the age."""
    found = {}
    for decade in DECADES:
        found[decade] = _listed({name: weight * _fashion(name, decade) for name, weight in weighted.items()})
    return found


def _fashion(name: str, decade: int) -> float:
    code = zlib.crc32(name.lower().encode())
    peak, width = 1935 + code % 80, 10 + code // 80 % 35
    return 0.03 + float(np.exp(-(((decade - peak) / width) ** 2)))


def _weights(words: Mapping[str, float] | Sequence[str]) -> dict[str, float]:
    return dict(words) if isinstance(words, Mapping) else _ranked(words)


def _culture(share: float, women: Any, men: Any, families: Any) -> Culture:
    return Culture(share, _by_decade(_weights(women)), _by_decade(_weights(men)), _listed(_weights(families)))


def _census_families() -> dict[str, float]:
    lines = (Path(names.__file__).parent / "dist.all.last").read_text(encoding="ascii").splitlines()
    rows = (line.split() for line in lines)
    return {_cased(row[0]): max(float(row[1]), 0.0004) for row in rows}


def _cased(name: str) -> str:
    """Capitals as in a register: Mcdonald is McDonald for some."""
    plain = name.capitalize()
    return f"Mc{plain[2:].capitalize()}" if plain.startswith("Mc") and len(plain) > 5 else plain


def _british_families() -> dict[str, float]:
    british = {name: share * 4 for name, share in en_GB.Provider.last_names.items()}
    total, census = sum(british.values()), _census_families()
    tail = sum(census.values())
    merged = {name: 0.28 * share / tail for name, share in census.items()}
    for name, share in british.items():
        merged[name] = merged.get(name, 0.0) + 0.72 * share / total
    return merged


def _with_favourites(favourites: Sequence[str], others: Sequence[str]) -> dict[str, float]:
    weighted = {name: 0.2 * share for name, share in _ranked(others, 20.0).items()}
    for rank, name in enumerate(favourites):
        weighted[name] = weighted.get(name, 0.0) + 1.0 / (rank + 6.0)
    return weighted


@cache
def cultures() -> tuple[Culture, ...]:
    """Every culture with its share of the population of teachers."""
    women = _in_order(en_GB.Provider.first_names_female, en_US.Provider.first_names_female)
    men = _in_order(en_GB.Provider.first_names_male, en_US.Provider.first_names_male)
    muslim = [name for name in en_PK.Provider.first_names if name.isalpha()]
    return (
        _culture(0.70, women, men, _british_families()),
        _culture(0.05, women, men, _with_favourites(_WELSH, list(en_GB.Provider.last_names))),
        _culture(
            0.06,
            _with_favourites(_MUSLIM_WOMEN, muslim[::2]),
            _with_favourites(_MUSLIM_MEN, muslim[1::2]),
            _with_favourites(_MUSLIM_FAMILIES, en_PK.Provider.last_names),
        ),
        _culture(0.01, _CHINESE, _CHINESE, zh_CN.Provider.last_romanized_names),
        *(_listed_by_faker(share, locale.Provider) for locale, share in _SHARES),
    )


_SHARES: Final = (
    (en_IE, 0.04), (en_IN, 0.04), (pl_PL, 0.02), (yo_NG, 0.025), (tw_GH, 0.01), (en_KE, 0.01), (fr_FR, 0.004),
    (es_ES, 0.004), (it_IT, 0.004), (pt_PT, 0.004), (ro_RO, 0.004), (tr_TR, 0.004), (de_DE, 0.004),
    (hu_HU, 0.004), (nl_NL, 0.004),
)  # fmt: skip


def _listed_by_faker(share: float, lists: Any) -> Culture:
    families = getattr(lists, "unisex_last_names", None) or lists.last_names
    return _culture(share, lists.first_names_female, lists.first_names_male, families)


def _in_order(words: Sequence[str], more: Mapping[str, float]) -> dict[str, float]:
    """Shares for a list that is in order of frequency, with a tail of rarer names."""
    weighted = {word: 1.0 / (rank + 12.0) for rank, word in enumerate(words)}
    total = sum(weighted.values())
    for name, share in more.items():
        weighted[name] = weighted.get(name, 0.0) + 0.15 * total * share
    return weighted
