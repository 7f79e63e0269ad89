"""Correctors of a few bytes: each character has its tags, whatever stands beside it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tiny_bundles import SYMBOLS

from text_recognizer.bundle import Bundle, write_bundle
from text_recognizer.language.edit_tags import EDIT_INPUT, EditSymbols
from text_recognizer.manifest import CorrectionSettings, Manifest

_NEVER = -30.0  # logarithm of the odds of every other tag


def tag_network(
    odds: Mapping[tuple[str, str, bool], float],
    *,
    characters: tuple[str, ...] = SYMBOLS,
    fill: float = _NEVER,
) -> bytes:
    """ONNX file: logarithm of the odds of edits (character, other, is in the gap after it).

    The other is empty to take the character away.
    """
    symbols = EditSymbols(characters)
    table = np.full((symbols.n_symbols, 2, symbols.n_tags), fill, np.float32)
    table[:, 1, 0] = 0.0
    for symbol in range(symbols.n_tags):
        table[symbol, 0, symbol] = 0.0
    for (character, other, is_gap), value in odds.items():
        tag = symbols.encode(other)[0] if other else 0
        table[symbols.encode(character)[0], int(is_gap), tag] = value
    nodes = [
        helper.make_node("Gather", ["table", "symbols"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["tags"], axis=3),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny-corrector",
        [helper.make_tensor_value_info("symbols", TensorProto.INT64, ["N", "L"])],
        [helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["N", "L", 2, symbols.n_tags])],
        [numpy_helper.from_array(table, "table")],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def write_tiny_corrector(
    folder: Path,
    odds: Mapping[tuple[str, str, bool], float],
    *,
    symbols: tuple[str, ...] = SYMBOLS,
    settings: CorrectionSettings | None = None,
    text_form: str = "latin-ascii-1",
    fill: float = _NEVER,
) -> Bundle:
    """A corrector bundle with that network."""
    manifest = Manifest(
        name=folder.name,
        version="1",
        task="corrector",
        input_normalisation=EDIT_INPUT,
        symbols=symbols,
        text_form=text_form,
        correction=settings,
    )
    return write_bundle(
        folder, manifest, {"model.onnx": tag_network(odds, characters=symbols, fill=fill)}
    )
