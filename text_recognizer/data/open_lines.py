"""OpenLines: lines of open data in any layout that the program reads."""

from dataclasses import dataclass

from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.lines import LineOptions, Lines
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import LineSample, read_lines


@dataclass(frozen=True)
class OpenLinesOptions(LineOptions):
    """Options of `OpenLines`; `data_dir` is the folder or file of the lines.

    Attributes:
        sources: names of the sources to take, joined by commas; without it, all of them.
    """

    sources: str = ""


class OpenLines(Lines):
    """Lines of `lines.tsv`, pen strokes, PAGE XML or pairs of files; splits come with the data."""

    options_class = OpenLinesOptions
    options: OpenLinesOptions

    def read_lines(self) -> list[LineSample]:
        """Lines of `data_dir`."""
        folder = self.options.folder
        if not folder.exists():
            raise InputError(
                f"{self.data_name} needs lines with their texts, and {folder} is not there: give "
                "their folder by --data_dir."
            )
        names = [name for name in self.options.sources.split(",") if name]
        return read_lines(folder, sources=names or None)


if __name__ == "__main__":
    run_as_script(OpenLines)
