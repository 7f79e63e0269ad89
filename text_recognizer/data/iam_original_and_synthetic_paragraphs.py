"""IAMOriginalAndSyntheticParagraphs: forms of IAM, and paragraphs stacked of their lines."""

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.iam_pages import IAMMixedParagraphOptions, read_iam
from text_recognizer.data.synthetic_paragraphs import OriginalAndSyntheticParagraphs
from text_recognizer.ground_truth import PageSample


class IAMOriginalAndSyntheticParagraphs(OriginalAndSyntheticParagraphs):
    """Real and stacked training paragraphs in the share that `--real_share` says."""

    options_class = IAMMixedParagraphOptions
    options: IAMMixedParagraphOptions

    def read_pages(self) -> list[PageSample]:
        """Forms of the user's copy."""
        return read_iam(self.options)


if __name__ == "__main__":
    run_as_script(IAMOriginalAndSyntheticParagraphs)
