"""OpenOriginalAndSyntheticParagraphs: open pages, and paragraphs stacked of their lines."""

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.open_pages import read_open_pages
from text_recognizer.data.synthetic_paragraphs import (
    MixedParagraphOptions,
    OriginalAndSyntheticParagraphs,
)
from text_recognizer.ground_truth import PageSample


class OpenOriginalAndSyntheticParagraphs(OriginalAndSyntheticParagraphs):
    """Real and stacked training paragraphs in the share that `--real_share` says."""

    options_class = MixedParagraphOptions

    def read_pages(self) -> list[PageSample]:
        """Pages of `data_dir`."""
        return read_open_pages(self.options, self.data_name)


if __name__ == "__main__":
    run_as_script(OpenOriginalAndSyntheticParagraphs)
