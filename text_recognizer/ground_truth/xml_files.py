"""Parses an XML file of a stranger: no entities, no network, no document type, limits on size."""

from pathlib import Path
from typing import TYPE_CHECKING

from text_recognizer.errors import InputError

if TYPE_CHECKING:
    from lxml.etree import _Element


def parse_xml(path: Path, *, max_bytes: int) -> "_Element":
    """Root element of an XML file; a document type that it names is not looked at.

    Raises:
        InputError: the file is missing, too large, or not well formed.
    """
    from lxml import etree  # training reads other layouts without lxml

    try:
        if path.stat().st_size > max_bytes:
            raise InputError(f"{path} is larger than {max_bytes >> 20} MiB.")
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        return etree.fromstring(path.read_bytes(), parser)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except etree.XMLSyntaxError as error:
        raise InputError(f"{path} is not well formed XML: {error}.") from error
