"""IamParagraphsDataset of 2019: forms of IAM with masks of their lines."""

from dataclasses import dataclass

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.iam_pages import IAMPageOptions, read_iam
from text_recognizer.data.line_masks import LineMaskOptions, LineMasks
from text_recognizer.ground_truth import PageSample


@dataclass(frozen=True)
class IamParagraphsDatasetOptions(LineMaskOptions, IAMPageOptions):
    """Options of `IamParagraphsDataset`."""


class IamParagraphsDataset(LineMasks):
    """Masks of the boxes of IAM's lines, split by writer."""

    options_class = IamParagraphsDatasetOptions
    options: IamParagraphsDatasetOptions
    interim_name = "iam_paragraphs"

    def read_pages(self) -> list[PageSample]:
        """Forms of the user's copy."""
        return read_iam(self.options)


if __name__ == "__main__":
    run_as_script(IamParagraphsDataset)
