"""IAMSyntheticParagraphs: paragraphs stacked of lines of IAM."""

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.iam_pages import IAMSyntheticParagraphOptions, read_iam
from text_recognizer.data.synthetic_paragraphs import SyntheticParagraphs
from text_recognizer.ground_truth import PageSample


class IAMSyntheticParagraphs(SyntheticParagraphs):
    """Training paragraphs stacked of training lines; validation and test forms are real."""

    options_class = IAMSyntheticParagraphOptions
    options: IAMSyntheticParagraphOptions

    def read_pages(self) -> list[PageSample]:
        """Forms of the user's copy."""
        return read_iam(self.options)


if __name__ == "__main__":
    run_as_script(IAMSyntheticParagraphs)
