"""EMNISTLines2: drawn lines in the size of lines of IAM, varied while they are learnt."""

from dataclasses import dataclass

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.emnist_lines import EMNISTLines, EMNISTLinesOptions
from text_recognizer.data.glyph_lines import GLYPH_PX, LineCanvas
from text_recognizer.data.line_variation import vary_lines
from text_recognizer.errors import OptionError

LABEL_LENGTH = 89
_HEIGHT_PX, _WIDTH_PX = 56, 1024


@dataclass(frozen=True)
class EMNISTLines2Options(EMNISTLinesOptions):
    """Options of `EMNISTLines2`: those of `EMNISTLines` with other defaults."""

    max_length: int = 43
    min_overlap: float = 0.2
    max_overlap: float = 0.5
    with_start_end_tokens: bool = True
    augment_data: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.with_start_end_tokens:
            raise OptionError("EMNISTLines2 always has start and end tokens; use EMNISTLines.")
        if self.max_length > LABEL_LENGTH:
            raise OptionError(f"max_length is at most {LABEL_LENGTH}, not {self.max_length}.")
        widest = int(GLYPH_PX * (self.max_length + 1) * (1 - self.min_overlap)) + GLYPH_PX
        if widest > _WIDTH_PX:
            raise OptionError(
                f"A line of {self.max_length} characters that overlap by {self.min_overlap} is "
                f"{widest} pixels wide, over {_WIDTH_PX}: lower max_length or raise min_overlap."
            )

    @property
    def label_length(self) -> int:
        """Labels of a line, as many as IAM's longest line needs."""
        return LABEL_LENGTH

    def canvas(self) -> LineCanvas:
        """Size of a line image."""
        return LineCanvas(_HEIGHT_PX, _WIDTH_PX, GLYPH_PX, (_HEIGHT_PX - GLYPH_PX) // 2)


class EMNISTLines2(EMNISTLines):
    """Lines of 56 x 1024 with 89 labels, start and end tokens among them.

    Args:
        options: None takes the defaults.
    """

    options_class = EMNISTLines2Options
    options: EMNISTLines2Options
    cache_name = "emnist_lines2"
    augmentation = staticmethod(vary_lines)


if __name__ == "__main__":
    run_as_script(EMNISTLines2)
