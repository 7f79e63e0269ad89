"""What synthetic lines say: windows of prose, and the dates, sums, names and addresses prose lacks.

All text is printable ASCII; typographic quotes and dashes of the prose are written plainly.
"""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from text_recognizer.errors import InputError
from text_recognizer.synthesis.chance import pick

_PLAIN = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}
    | {"\u2026": "...", "\u00a0": " "}
)
_MIN_CHARACTERS = 3
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST_NAMES = (
    "Alice", "Amara", "Ben", "Carlos", "Chen", "Daniel", "Elizabeth", "Emily", "Fatima", "George",
    "Grace", "Hannah", "Hugo", "Isaac", "Jack", "James", "Jorge", "Kate", "Laura", "Liam", "Maria",
    "Mohammed", "Nadia", "Oliver", "Priya", "Quentin", "Rachel", "Robert", "Sarah", "Thomas",
    "Ursula", "Victor", "William", "Xavier", "Yusuf", "Zoe",
)  # fmt: skip
_LAST_NAMES = (
    "Adams", "Baker", "Bishop", "Clarke", "Davies", "Evans", "Fischer", "Garcia", "Hughes", "Ito",
    "Jackson", "Johnson", "Kelly", "Kowalski", "Lewis", "MacDonald", "Martin", "Nguyen", "O'Brien",
    "O'Neill", "Patel", "Quinn", "Roberts", "Schmidt", "Singh", "Smith", "Taylor", "Underwood",
    "Vaughan", "Walker", "Wright", "Young", "Zhang",
)  # fmt: skip
_STREETS = (
    "Albert", "Bridge", "Castle", "Church", "Elm", "Forest", "Garden", "High", "King's", "Lake",
    "Main", "Mill", "Oak", "Park", "Queen", "River", "School", "Station", "Victoria", "Washington",
)  # fmt: skip
_STREET_KINDS = ("Street", "St.", "Road", "Rd", "Avenue", "Ave", "Lane", "Drive", "Square")
_TOWNS = (
    "Austin, TX", "Bath", "Boston, MA", "Bristol", "Cambridge", "Chicago, IL", "Dublin", "Glasgow",
    "Leeds", "London", "Madison, WI", "New York, NY", "Oxford", "Portland, OR", "Quebec", "York",
)  # fmt: skip
_TITLES = ("Mr", "Mrs", "Ms", "Dr", "Prof.", "Mr.", "Mrs.", "Dr.")
_MAIL_HOSTS = ("example.com", "example.org", "example.net", "mail.example.com")
_CURRENCIES = ("$", "$", "GBP ", "EUR ", "USD ")

Phrase = Callable[[np.random.Generator], str]


def load_passages(path: Path) -> list[str]:
    """Paragraphs of a UTF-8 text file, one a line, in ASCII; a name ending in .gz is unpacked.

    Raises:
        InputError: the file cannot be read, or holds no line of three characters.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a UTF-8 text file: {error}.") from error
    passages = [to_ascii(line) for line in text.splitlines()]
    passages = [passage for passage in passages if len(passage) >= _MIN_CHARACTERS]
    if not passages:
        raise InputError(f"{path} holds no text.")
    return passages


def to_ascii(text: str) -> str:
    """Text with plain quotes and dashes, single blanks, and without characters beyond ASCII."""
    plain = text.translate(_PLAIN)
    return " ".join("".join(c for c in plain if c.isspace() or " " < c <= "~").split())


def write_line(
    passages: Sequence[str],
    rng: np.random.Generator,
    *,
    max_characters: int = 64,
    prose: float = 0.72,
) -> str:
    """Text of one line: a window of the prose, or a made-up date, sum, name, address or such.

    Args:
        passages: prose, from `load_passages`.
        rng: source of all chance.
        max_characters: prose windows stay below it, unless a single word is longer.
        prose: share of lines that are prose.
    """
    if rng.random() < prose:
        line = _window(_one(passages, rng), rng, max_characters)
        chance = rng.random()
        if chance < 0.05:
            return line.upper()
        return line.title() if chance < 0.07 else line
    phrase = _PHRASES[pick(_PHRASE_SHARES, rng)]
    line = phrase(rng)
    if rng.random() < 0.4:  # with some prose around it, as in letters and notes
        words = _window(_one(passages, rng), rng, max(max_characters // 2, 8))
        line = f"{line} {words}" if rng.random() < 0.5 else f"{words} {line}"
    return line


def _window(passage: str, rng: np.random.Generator, max_characters: int) -> str:
    """Whole words in a row from a passage: long lines more often than short, openings too."""
    words = passage.split()
    first = 0 if rng.random() < 0.15 else int(rng.integers(len(words)))
    wanted = max_characters * float(np.sqrt(rng.random()))
    line = words[first]
    for word in words[first + 1 :]:
        if len(line) + 1 + len(word) > wanted:
            break
        line += " " + word
    return line


def _one(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def _date(rng: np.random.Generator) -> str:
    day, month, year = rng.integers(1, 32), rng.integers(1, 13), rng.integers(1850, 2036)
    name = _MONTHS[month - 1]
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(int(day % 10), "th")
    return _one(
        (
            f"{day}/{month}/{year}", f"{month:02}/{day:02}/{year % 100:02}", f"{day} {name} {year}",
            f"{name} {day}, {year}", f"{name[:3]}. {day}{ending}", f"{year}-{month:02}-{day:02}",
            f"{_one(_DAYS, rng)}, {day}{ending} {name}", f"{_one(_DAYS, rng)[:3]} {day}.{month}.",
        ),
        rng,
    )  # fmt: skip


def _time(rng: np.random.Generator) -> str:
    hour, minute = rng.integers(0, 24), rng.integers(0, 60)
    half = _one(("am", "pm", " a.m.", " p.m.", " AM", " PM"), rng)
    return _one((f"{hour}:{minute:02}", f"{hour % 12 + 1}{half}", f"at {hour:02}.{minute:02}"), rng)


def _sum(rng: np.random.Generator) -> str:
    amount = float(np.exp(rng.uniform(0.0, 12.0)))
    sign = _one(_CURRENCIES, rng)
    return _one(
        (f"{sign}{amount:,.2f}", f"{sign}{amount:,.0f}", f"{sign}{amount:.2f}", f"{amount:.0f}%"),
        rng,
    )


def _number(rng: np.random.Generator) -> str:
    number = int(np.exp(rng.uniform(0.0, 14.0)))
    other = int(rng.integers(2, 100))
    return _one(
        (f"{number}", f"No. {number}", f"#{number}", f"{number:,}", f"{other} x {number}",
         f"{number}/{other}", f"({other})", f"{other} + {number} = {other + number}",
         f"{number / 10:.1f} kg", f"p. {other}", f"{other}-{other + 7}", f"{other}. {number}*"),
        rng,
    )  # fmt: skip


def _phone(rng: np.random.Generator) -> str:
    a, b, c = rng.integers(100, 1000), rng.integers(100, 1000), rng.integers(1000, 10_000)
    return _one((f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"+{a % 90 + 1} {b} {c}", f"0{a} {b}{c}"), rng)


def _name(rng: np.random.Generator) -> str:
    first, last = _one(_FIRST_NAMES, rng), _one(_LAST_NAMES, rng)
    return _one(
        (f"{first} {last}", f"{_one(_TITLES, rng)} {last}", f"{first[0]}. {last}",
         f"{last}, {first}", f"Dear {first},", f"{first} & {_one(_FIRST_NAMES, rng)}",
         f"{first} {last[0]}. {_one(_LAST_NAMES, rng)}", f"{first} {last}".upper(), f"{first}'s"),
        rng,
    )  # fmt: skip


def _address(rng: np.random.Generator) -> str:
    house, code = rng.integers(1, 400), rng.integers(10_000, 100_000)
    street = f"{house} {_one(_STREETS, rng)} {_one(_STREET_KINDS, rng)}"
    town = _one(_TOWNS, rng)
    return _one((street, f"{street}, {town}", f"{town} {code}", f"{street}, {town} {code}"), rng)


def _mail(rng: np.random.Generator) -> str:
    first, last = _one(_FIRST_NAMES, rng).lower(), _one(_LAST_NAMES, rng).lower()
    last = last.replace("'", "")
    host, number = _one(_MAIL_HOSTS, rng), rng.integers(100)
    return _one(
        (f"{first}.{last}@{host}", f"{first}_{number}@{host}", f"{first[0]}{last}@{host}",
         f"www.{host}/{last}", f"https://{host}/?id={number}"),
        rng,
    )  # fmt: skip


def _code(rng: np.random.Generator) -> str:
    """Capitals and digits in no known order."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    parts = ["".join(_one(letters, rng) for _ in range(rng.integers(2, 6))) for _ in range(2)]
    return _one("-/ :", rng).join(parts)


_PHRASES: dict[str, Phrase] = {
    "date": _date,
    "time": _time,
    "sum": _sum,
    "number": _number,
    "phone": _phone,
    "name": _name,
    "address": _address,
    "mail": _mail,
    "code": _code,
}
_PHRASE_SHARES = {
    "date": 0.18,
    "time": 0.07,
    "sum": 0.11,
    "number": 0.15,
    "phone": 0.06,
    "name": 0.19,
    "address": 0.12,
    "mail": 0.07,
    "code": 0.05,
}
