"""IAMParagraphs: the writing of each form of IAM as one image and one text."""

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.iam_pages import IAMParagraphOptions, read_iam
from text_recognizer.data.paragraphs import Paragraphs
from text_recognizer.ground_truth import PageSample


class IAMParagraphs(Paragraphs):
    """Paragraphs of IAM; no writer is in two splits."""

    options_class = IAMParagraphOptions
    options: IAMParagraphOptions

    def read_pages(self) -> list[PageSample]:
        """Forms of the user's copy."""
        return read_iam(self.options)


if __name__ == "__main__":
    run_as_script(IAMParagraphs)
