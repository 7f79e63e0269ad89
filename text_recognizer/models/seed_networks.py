"""The networks of experiments by name.

Those of the 2021 lessons and of the 2019 project have the names they had there; CharacterCNN and
LineResnetLSTM are those of the shipped models, UNet has the shape of the shipped line finder, and
CNNBiLSTM is that of the notebook `handwriting_recognition`.
"""

from dataclasses import dataclass
from typing import Any

from torch import nn

from text_recognizer.models.character_cnn import CharacterCNN, CharacterCNNOptions
from text_recognizer.models.cnn import CNN, CNNOptions
from text_recognizer.models.cnn_bilstm import CNNBiLSTM, CNNBiLSTMOptions
from text_recognizer.models.fcn import FCN, FCNOptions
from text_recognizer.models.lenet import LeNet, LeNetOptions
from text_recognizer.models.line_cnn import LineCNN, LineCNNOptions
from text_recognizer.models.line_cnn_all_conv import LineCNNAllConv, LineCNNAllConvOptions
from text_recognizer.models.line_cnn_deep import LineCNNDeep, LineCNNDeepOptions
from text_recognizer.models.line_cnn_lstm import LineCNNLSTM, LineCNNLSTMOptions
from text_recognizer.models.line_cnn_simple import LineCNNSimple, LineCNNSimpleOptions
from text_recognizer.models.line_cnn_transformer import (
    LineCNNTransformer,
    LineCNNTransformerOptions,
)
from text_recognizer.models.line_lstm_ctc import LineLSTMCTC, LineLSTMCTCOptions
from text_recognizer.models.line_resnet_lstm_network import (
    LineResnetLSTMNetwork,
    LineResnetLSTMNetworkOptions,
)
from text_recognizer.models.mlp import MLP, MLPOptions
from text_recognizer.models.mlp_2019 import MLP2019, MLP2019Options
from text_recognizer.models.resnet_transformer import (
    ResnetTransformer,
    ResnetTransformerOptions,
)
from text_recognizer.models.unet import UNet, UNetOptions


@dataclass(frozen=True)
class SeedNetwork:
    """A network and its options.

    Attributes:
        network: class, called with options, `input_dims`, `n_classes` and `output_length`.
        options: class of the options, all of which have defaults.
    """

    network: type[nn.Module]
    options: type[Any]


SEED_NETWORKS = {
    "MLP": SeedNetwork(MLP, MLPOptions),
    "CNN": SeedNetwork(CNN, CNNOptions),
    "CharacterCNN": SeedNetwork(CharacterCNN, CharacterCNNOptions),
    "LineCNNSimple": SeedNetwork(LineCNNSimple, LineCNNSimpleOptions),
    "LineCNN": SeedNetwork(LineCNN, LineCNNOptions),
    "LineCNNDeep": SeedNetwork(LineCNNDeep, LineCNNDeepOptions),
    "LineCNNLSTM": SeedNetwork(LineCNNLSTM, LineCNNLSTMOptions),
    "LineResnetLSTM": SeedNetwork(LineResnetLSTMNetwork, LineResnetLSTMNetworkOptions),
    "FCN": SeedNetwork(FCN, FCNOptions),
    "UNet": SeedNetwork(UNet, UNetOptions),
    "LineCNNTransformer": SeedNetwork(LineCNNTransformer, LineCNNTransformerOptions),
    "ResnetTransformer": SeedNetwork(ResnetTransformer, ResnetTransformerOptions),
    "CNNBiLSTM": SeedNetwork(CNNBiLSTM, CNNBiLSTMOptions),
    "mlp": SeedNetwork(MLP2019, MLP2019Options),
    "lenet": SeedNetwork(LeNet, LeNetOptions),
    "line_cnn_all_conv": SeedNetwork(LineCNNAllConv, LineCNNAllConvOptions),
    "line_lstm_ctc": SeedNetwork(LineLSTMCTC, LineLSTMCTCOptions),
    "fcn": SeedNetwork(FCN, FCNOptions),
}
