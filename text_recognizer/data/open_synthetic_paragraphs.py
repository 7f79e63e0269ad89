"""OpenSyntheticParagraphs: paragraphs stacked of lines of open pages."""

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.open_pages import read_open_pages
from text_recognizer.data.synthetic_paragraphs import (
    SyntheticParagraphOptions,
    SyntheticParagraphs,
)
from text_recognizer.ground_truth import PageSample


class OpenSyntheticParagraphs(SyntheticParagraphs):
    """Training paragraphs stacked of lines; validation and test pages are real."""

    options_class = SyntheticParagraphOptions

    def read_pages(self) -> list[PageSample]:
        """Pages of `data_dir`."""
        return read_open_pages(self.options, self.data_name)


if __name__ == "__main__":
    run_as_script(OpenSyntheticParagraphs)
