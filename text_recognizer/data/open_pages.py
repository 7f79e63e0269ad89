"""Open data as users have it: a folder of pages with PAGE XML, anywhere on their disk."""

from dataclasses import dataclass
from pathlib import Path

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.data.base_data_module import DataModuleOptions
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import PageSample, read_pages


@dataclass(frozen=True)
class OpenPagesOptions(DataModuleOptions):
    """Options of modules that read pages of `data_dir`, and write nothing there.

    Attributes:
        work_dir: folder of what is made of the pages; None is `default_data_folder()`.
    """

    work_dir: Path | None = None

    @property
    def work_folder(self) -> Path:
        """Folder of what is made of the pages."""
        return self.work_dir if self.work_dir is not None else default_data_folder()


def read_open_pages(options: DataModuleOptions, name: str) -> list[PageSample]:
    """Pages of the options' folder; what is in none of its split folders is a test page.

    Raises:
        InputError: there are none; the sentence says what the data set `name` needs, and where.
    """
    folder = options.folder
    try:
        return read_pages(folder)
    except InputError as error:
        if folder.is_dir() and any(folder.rglob("*.xml")):
            raise
        raise InputError(
            f"{name} needs pages, images with a PAGE XML file each, in folders train, val and test,"
            f" and {folder} holds none: give their folder by --data_dir."
        ) from error
