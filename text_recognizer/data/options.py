"""Options of the data modules."""

from dataclasses import dataclass, field

from text_recognizer.errors import OptionError
from text_recognizer.layout.page_input import PAGE_MULTIPLE
from text_recognizer.line_input import WIDTH_MULTIPLE
from text_recognizer.text_form import DEFAULT_TEXT_FORM, TEXT_FORMS


@dataclass(frozen=True)
class HandwritingPagesOptions:
    """What pieces of pages are drawn, and how they are batched.

    Attributes:
        size: rows and columns of a piece in pixels, a multiple of 32.
        batch: pieces of a batch, of each training process.
        composed: share of the pieces that are cut from composed pages.
        empty: share of the pieces without any line.
        back: share of the pieces through which another page shines.
        strength: of all changes, 0 to 1.
        workers: loader processes of each training process; 0 draws in the training process.
    """

    size: int = 512
    batch: int = 8
    composed: float = 0.5
    empty: float = 0.04
    back: float = 0.15
    strength: float = 1.0
    workers: int = 0

    def __post_init__(self) -> None:
        if self.size < 64 or self.size % PAGE_MULTIPLE:
            raise OptionError(f"data.size is a multiple of 32, at least 64, not {self.size}.")
        if self.batch < 1:
            raise OptionError(f"data.batch is at least 1, not {self.batch}.")
        for name in ("composed", "empty", "back", "strength"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"data.{name} is between 0 and 1, not {getattr(self, name)}.")


@dataclass(frozen=True)
class HandwritingLinesOptions:
    """What lines are drawn, how often, and how they are batched.

    Attributes:
        shares: share of the drawn lines per source, by the source's name; `fonts` are sentences
            set in handwriting fonts. Sources that are not at hand are left out and the others
            scaled up. Empty: every source found, in proportion to its lines.
        joined: sources of single words, which are joined into lines of one writer.
        shuffled: share of a source's draws that are its words in random order, by source; it
            needs alignments.
        found_lines: share of each scanned source's draws that are lines which the line finder
            found on its pages; it needs pages.
        alphabet: path of the alphabet, relative to the recipe's folder.
        text_form: name of the text form.
        strength: of drawing and augmentation, 0 to 1.
        max_draws: how often one line is drawn at most in a run.
        short_lines_first: lines of under 20 characters drawn before any longer one.
        batch_columns: columns of a batch: a batch of lines 512 columns wide holds this / 512.
        max_batch: lines of a batch at most.
        max_width: widest normalised line in columns; wider ones are not learnt.
        workers: loader processes of each training process; 0 draws in the training process.
        criterion: weights of the sources' validation CER in the figure that chooses models.
        validation_sources: sources that are validated; of pen strokes the unseen prompts only.
    """

    shares: dict[str, float] = field(default_factory=dict)
    joined: tuple[str, ...] = ()
    shuffled: dict[str, float] = field(default_factory=dict)
    found_lines: float = 0.0
    alphabet: str = "latin.json"
    text_form: str = DEFAULT_TEXT_FORM
    strength: float = 0.5
    max_draws: int = 250
    short_lines_first: int = 0
    batch_columns: int = 12_288
    max_batch: int = 96
    max_width: int = 1_664
    workers: int = 0
    criterion: dict[str, float] = field(default_factory=dict)
    validation_sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.text_form not in TEXT_FORMS:
            raise OptionError(f"data.text_form is one of {', '.join(TEXT_FORMS)}.")
        if not 0 <= self.strength <= 1:
            raise OptionError(f"data.strength is between 0 and 1, not {self.strength}.")
        if not 0 <= self.found_lines <= 1:
            raise OptionError(f"data.found_lines is between 0 and 1, not {self.found_lines}.")
        if any(share < 0 for share in self.shares.values()):
            raise OptionError("data.shares holds a negative share.")
        if self.max_width % WIDTH_MULTIPLE or self.batch_columns < self.max_width:
            raise OptionError(
                "data.max_width is a multiple of 64 and at most data.batch_columns, "
                f"not {self.max_width} of {self.batch_columns}."
            )


@dataclass(frozen=True)
class NoisyTextOptions:
    """Text as a reader would have read it, for a corrector to learn from.

    Attributes:
        alphabet: file of symbols beside the recipe.
        text_form: of all text.
        transcriptions: share of lines taken from the transcriptions of the pairs' folder; the
            others come from the text.
        shortest: characters of a line, at least.
        longest: characters of a line, at most.
        noise: confusions of a line in all, as a multiple of what the reader makes: from (first) to
            (second), evenly in logarithms.
        clean: share of lines that are read without an error.
        language_model: the model that the reader reads with; of several readings of a line it
            chooses one. Empty: there is none.
        weight: of that model's log-probabilities, as the reader has it.
        bonus: for each character, as the reader has it.
        proposals: readings that it chooses from.
        most_characters: of text that is kept in memory, evenly spread.
        batch_characters: places of a batch.
        workers: loader processes of each training process; 0 draws in the training process.
    """

    alphabet: str = "latin.json"
    text_form: str = DEFAULT_TEXT_FORM
    transcriptions: float = 0.1
    shortest: int = 6
    longest: int = 78
    noise: tuple[float, float] = (0.3, 4.0)
    clean: float = 0.1
    language_model: str = ""
    weight: float = 0.3
    bonus: float = 1.6
    proposals: int = 4
    most_characters: int = 20_000_000
    batch_characters: int = 4_096
    workers: int = 0

    def __post_init__(self) -> None:
        if self.text_form not in TEXT_FORMS:
            raise OptionError(f"data.text_form is one of {', '.join(TEXT_FORMS)}.")
        for name in ("transcriptions", "clean"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"data.{name} is between 0 and 1, not {getattr(self, name)}.")
        if not 1 <= self.shortest <= self.longest <= self.batch_characters:
            raise OptionError("data.shortest, longest and batch_characters rise, from 1.")
        if not 0 < self.noise[0] <= self.noise[1]:
            raise OptionError("data.noise is two numbers over 0 that rise.")
        if self.proposals < 1:
            raise OptionError(f"data.proposals is at least 1, not {self.proposals}.")
