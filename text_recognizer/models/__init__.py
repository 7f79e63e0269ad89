"""The networks."""

from text_recognizer.models.character_cnn import CharacterCNN, CharacterCNNOptions
from text_recognizer.models.cnn import CNN, CNNOptions
from text_recognizer.models.cnn_bilstm import CNNBiLSTM, CNNBiLSTMOptions
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.edit_tagger import EditTagger, EditTaggerOptions
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
from text_recognizer.models.line_finder_unet import LineFinderUNet, LineFinderUNetOptions
from text_recognizer.models.line_lstm_ctc import LineLSTMCTC, LineLSTMCTCOptions
from text_recognizer.models.line_network import LineNetwork, check_output_length
from text_recognizer.models.line_resnet_lstm import LineResnetLSTM, LineResnetLSTMOptions
from text_recognizer.models.line_resnet_lstm_network import (
    LineResnetLSTMNetwork,
    LineResnetLSTMNetworkOptions,
)
from text_recognizer.models.mask_network import MaskNetwork
from text_recognizer.models.mlp import MLP, MLPOptions
from text_recognizer.models.mlp_2019 import MLP2019, MLP2019Options
from text_recognizer.models.resnet_transformer import (
    PositionalEncodingImage,
    ResnetTransformer,
    ResnetTransformerOptions,
)
from text_recognizer.models.seed_networks import SEED_NETWORKS, SeedNetwork
from text_recognizer.models.unet import UNet, UNetOptions

__all__ = [
    "CNN",
    "CNNBiLSTM",
    "CNNBiLSTMOptions",
    "CNNOptions",
    "CharacterCNN",
    "CharacterCNNOptions",
    "DecoderNetwork",
    "EditTagger",
    "EditTaggerOptions",
    "FCN",
    "FCNOptions",
    "LeNet",
    "LeNetOptions",
    "LineCNN",
    "LineCNNAllConv",
    "LineCNNAllConvOptions",
    "LineCNNDeep",
    "LineCNNDeepOptions",
    "LineCNNLSTM",
    "LineCNNLSTMOptions",
    "LineCNNOptions",
    "LineCNNSimple",
    "LineCNNSimpleOptions",
    "LineCNNTransformer",
    "LineCNNTransformerOptions",
    "LineFinderUNet",
    "LineFinderUNetOptions",
    "LineLSTMCTC",
    "LineLSTMCTCOptions",
    "LineNetwork",
    "LineResnetLSTM",
    "LineResnetLSTMNetwork",
    "LineResnetLSTMNetworkOptions",
    "LineResnetLSTMOptions",
    "MLP",
    "MLP2019",
    "MLP2019Options",
    "MLPOptions",
    "MaskNetwork",
    "PositionalEncodingImage",
    "ResnetTransformer",
    "ResnetTransformerOptions",
    "SEED_NETWORKS",
    "SeedNetwork",
    "UNet",
    "UNetOptions",
    "check_output_length",
]
