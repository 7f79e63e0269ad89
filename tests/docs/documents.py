"""The documents of the repository and the code blocks in them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)
SHELL = ("", "sh", "bash", "console")

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced code block; `name` says where it stands, for messages."""

    document: Path
    language: str
    code: str
    name: str


def find_blocks(document: Path) -> list[Block]:
    """All fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(
            document,
            match[2],
            match[3],
            f"{document.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}",
        )
        for match in _FENCE.finditer(text)
    ]


def all_blocks(*languages: str) -> list[Block]:
    """The blocks of all documents in the given languages ("" for none named)."""
    return [
        block
        for document in DOCUMENTS
        for block in find_blocks(document)
        if block.language in languages
    ]


def commands(block: Block) -> list[str]:
    """Command lines of a shell block, without prompts, comments and remarks set off by blanks."""
    joined = re.sub(r"\\\n\s*", " ", block.code)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [re.split(r"\s{2,}", line)[0].removeprefix("$ ") for line in lines if line]
