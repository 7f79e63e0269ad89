"""OpenParagraphs: paragraphs of pages with PAGE XML, such as users have."""

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.open_pages import read_open_pages
from text_recognizer.data.paragraphs import Paragraphs
from text_recognizer.ground_truth import PageSample


class OpenParagraphs(Paragraphs):
    """Paragraphs of the pages of a folder; `pages.tsv` or folders say what is trained on."""

    def read_pages(self) -> list[PageSample]:
        """Pages of `data_dir`."""
        return read_open_pages(self.options, self.data_name)


if __name__ == "__main__":
    run_as_script(OpenParagraphs)
