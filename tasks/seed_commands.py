"""The table of the lessons' commands, and what each of them should do.

A command stands here as the lessons show it, without `pipenv run`; beside it stand flags that make
it small, which go behind it. A row without a command is about a file.
"""

from dataclasses import dataclass

import numpy as np
from seed_command_checks import (
    Check,
    Result,
    all_of,
    checkpoint_holds,
    document_says,
    exists,
    gives,
    is_notebook,
    is_refused,
    leaves,
    run,
    succeeds,
    trains,
)

EXPERIMENT = "python training/run_experiment.py"
LINES = f"{EXPERIMENT} --max_epochs=10 --gpus=1 --num_workers=4 --data_class=EMNISTLines"
SIMPLE = "--model_class=LineCNNSimple --window_width=28 --window_stride"
QUIET = "--progress_bar_refresh_rate=0 --weights_summary=none"
TINY = f"--data_dir={{data}} --max_epochs=1 {QUIET}"
LINE_DATA = "--data_dir={data} --text=project --num_train=32 --num_val=8 --num_test=8"
TINY_LINES = f"{LINE_DATA} --batch_size=8 --num_workers=0 --max_epochs=1 {QUIET}"
TINY_NETWORK = f"{TINY_LINES} --conv_dim=8 --fc_dim=16"
TINY_DECODER = (
    "--data_dir={data} --max_epochs=1 --batch_size=4 --num_workers=1 "
    "--tf_dim=8 --tf_fc_dim=8 --tf_layers=1 --tf_nhead=2"
)
OF_PLACES = ("test_acc", "test_acc_no_padding")
OF_TEXTS = ("test_cer", "test_cer_per_sample")


@dataclass(frozen=True)
class Command:
    """A row of the table.

    Attributes:
        number: of the row in the project's list of the lessons' commands.
        typed: the command, or what the row is about.
        check: whether it did what it should.
        tiny: flags that make it small; `{data}` and `{files}` stand for folders.
        runs: whether `typed` is a command.
    """

    number: int
    typed: str
    check: Check
    tiny: str = ""
    runs: bool = True


def about(number: int, typed: str, check: Check) -> Command:
    """A row that nothing is run for."""
    return Command(number, typed, check, runs=False)


def json_command(text: str) -> str:
    """The experiment of a JSON text, its weights not kept."""
    return f"{EXPERIMENT} '{text}'"


def _n_layers(content: object) -> int:
    assert isinstance(content, dict)
    return sum(weight.ndim == 2 for weight in content["state_dict"].values())


def _n_epochs(content: object) -> int:
    assert isinstance(content, dict)
    return int(content["epoch"]) + 1


def is_stratified(result: Result) -> str | None:
    """A tenth of every class, as `subsample_fraction` of the data that were trained on."""
    from text_recognizer.data import EMNIST, EMNISTOptions
    from text_recognizer.data.array_dataset import ArrayDataset

    counts = []
    for share in (1.0, 0.1):
        data = EMNIST(
            EMNISTOptions(data_dir=result.folder.parent / "data", subsample_fraction=share)
        )
        data.setup()
        assert isinstance(data.data_train, ArrayDataset)
        counts.append(np.bincount(data.data_train.labels, minlength=len(data.mapping)))
    far = np.abs(counts[1] - counts[0] / 10) > 1
    return f"{int(far.sum())} classes are not a tenth" if far.any() else None


def checksum_is_renewed(result: Result) -> str | None:
    """The first call writes the checksum of the file at hand, the second has nothing to do."""
    from text_recognizer.data.raw_data import sha256_of

    clone = result.folder.parent / "clone"
    folder = clone / "data" / "raw" / "fsdl_handwriting"
    if sha256_of(folder / "fsdl_handwriting.json") not in (folder / "metadata.toml").read_text():
        return "does not write the checksum"
    again = run(f"{clone}/tasks/{METADATA_TASK}", result.folder, cache=result.folder)
    return succeeds("nothing to update")(again)


def says_commands(result: Result) -> str | None:
    """A command for each of two experiments."""
    n_commands = result.output.count("run_experiment.py")
    return None if n_commands == 2 else f"{n_commands} commands for 2 experiments"


def parts_are_whole(result: Result) -> str | None:
    """All lines of the lists of IAM, the first of each among them."""
    from text_recognizer.data.iam_dataset import IAMDataset

    data = result.folder.parent / "data"
    sizes = tuple(
        len(IAMDataset("line", output_data="text", train=train, data_dir=data))
        for train in (True, False)
    )
    return None if sizes == (10, 5) else f"{sizes} lines in place of (10, 5)"


def typos_are_written(result: Result) -> str | None:
    """Pairs of the validation lists, and texts of the training list."""
    from text_recognizer.data.iam_dataset import export_typos

    folder = result.folder / "dataset" / "typo"
    counts = export_typos(folder, lambda _: "read", data_dir=result.folder.parent / "data")
    names = sorted(path.name for path in folder.iterdir())
    if counts != (4, 6) or names != ["text_train.txt", "validating.json"]:
        return f"{counts} pairs and texts in {names}"
    return None


METADATA_TASK = "update_fsdl_paragraphs_metadata.sh"
IAM_LINES = (
    f"{EXPERIMENT} --wandb --gpus=-1 --data_class=IAMLines --model_class=LineCNNTransformer "
    "--loss=transformer --num_workers=12 --accelerator=ddp --lr=0.001"
)
IAM_PARAGRAPHS = (
    f"{EXPERIMENT} --wandb --gpus=-1 --data_class=IAMOriginalAndSyntheticParagraphs "
    "--model_class=ResnetTransformer --loss=transformer --batch_size=16 "
    "--check_val_every_n_epoch=10 --terminate_on_nan=1 --num_workers=24 --accelerator=ddp "
    "--lr=0.0001 --accumulate_grad_batches=4"
)
SAVE_BEST = "python training/save_best_model.py --entity=fsdl-user --trained_data_class"
MLP = (
    '{"dataset": "EmnistDataset", "model": "CharacterModel", "network": "mlp",  '
    '"train_args": {"batch_size": 256}}'
)
DEEP_MLP = (
    '{"dataset": "EmnistDataset", "model": "CharacterModel", "network": "mlp", '
    '"network_args": {"num_layers": 8}, "train_args": {"batch_size": 128}}'
)
LENET = (
    '{"dataset": "EmnistDataset", "model": "CharacterModel", "network": "lenet", '
    '"train_args": {"epochs": 1}}'
)
TENTH = (
    '{"dataset": "EmnistDataset", "dataset_args": {"subsample_fraction": 0.1}, '
    '"model": "CharacterModel", "network": "mlp"}'
)
LSTM = (
    '{"train_args": {"epochs": 16}, "dataset": "EmnistLinesDataset", "model": "LineModelCtc", '
    '"network": "line_lstm_ctc"}'
)
LSTM_ON_IAM = '{"dataset": "IamLinesDataset", "model": "LineModelCtc", "network": "line_lstm_ctc"}'
DETECTOR = f"{EXPERIMENT} --data_class=OpenLineMasks --model_class=fcn"
TINY_PAGES = "--data_dir={files}/pages --work_dir=. --size=64"
OVERLAP = f"{LINES} --min_overlap={{}} --max_overlap={{}} {{}}"


def lines(least: float, most: float, flags: str) -> str:
    """The command of lesson 4 with an overlap and flags of the network."""
    return OVERLAP.format(least, most, flags)


COMMANDS = (
    Command(1, "make pip-tools", succeeds("constraints.txt"), "--dry-run"),
    about(2, "git lfs install", exists("text_recognizer/artifacts/line-english/model.onnx")),
    Command(3, IAM_LINES, is_refused("IAM is not there: put ")),
    Command(
        3,
        IAM_LINES,
        trains(*OF_TEXTS),
        f"{TINY_DECODER} --conv_dim=4 --fc_dim=16 --height=28 --width=512",
    ),
    Command(
        3,
        f"{EXPERIMENT} --wandb --gpus=-1 --data_class=EMNISTLines --model_class=LineCNN --loss=ctc "
        "--num_workers=12 --accelerator=ddp --lr=0.001",
        all_of(trains(*OF_TEXTS), succeeds("--wandb")),
        f"{TINY_NETWORK} --num_workers=1",
    ),
    Command(4, IAM_PARAGRAPHS, is_refused("IAM is not there: put ")),
    Command(
        4,
        IAM_PARAGRAPHS,
        trains(*OF_TEXTS),
        f"{TINY_DECODER} --height=96 --width=128 --epoch_length=8 --shared_texts "
        "--check_val_every_n_epoch=1",
    ),
    Command(
        5,
        f"{SAVE_BEST}=EMNISTLines",
        all_of(gives("val_loss"), leaves("config.json"), leaves("run_command.txt")),
    ),
    Command(
        5,
        f"{SAVE_BEST}=IAMOriginalAndSyntheticParagraphs",
        all_of(gives("val_loss"), leaves("encoder.onnx"), leaves("decoder_step.onnx")),
    ),
    Command(6, f"{SAVE_BEST}=EMNISTLines --metric=val_cer", gives("val_cer")),
    about(
        7,
        "notebooks/03-look-at-iam-lines.ipynb",
        is_notebook("notebooks/03-look-at-iam-lines.ipynb"),
    ),
    Command(
        10,
        "python text_recognizer/paragraph_text_recognizer.py examples/line.png",
        succeeds("The ferry leaves"),
    ),
    Command(13, lines(0, 0, f"{SIMPLE}=28"), trains(*OF_PLACES), TINY_NETWORK),
    Command(
        14,
        lines(0, 0, f"{SIMPLE}=20"),
        is_refused("44 steps", "have 32", "--limit_output_length"),
        TINY_NETWORK,
    ),
    Command(
        15,
        lines(0, 0, f"{SIMPLE}=20 --limit_output_length"),
        trains(*OF_PLACES),
        TINY_NETWORK,
    ),
    Command(
        16,
        lines(0.25, 0.25, f"{SIMPLE}=20 --limit_output_length"),
        trains(*OF_PLACES),
        TINY_NETWORK,
    ),
    Command(
        17,
        lines(0, 0.33, f"{SIMPLE}=20 --limit_output_length"),
        trains(*OF_PLACES),
        TINY_NETWORK,
    ),
    Command(
        18,
        lines(0, 0.33, "--model_class=LineCNN --window_width=28 --window_stride=20")
        + " --limit_output_length",
        trains(*OF_PLACES),
        TINY_NETWORK,
    ),
    Command(
        19,
        lines(0, 0.33, "--model_class=LineCNN --window_width=28 --window_stride=20 --loss=ctc"),
        trains(*OF_TEXTS),
        TINY_NETWORK,
    ),
    Command(
        20,
        lines(0, 0.33, "--model_class=LineCNNLSTM --window_width=28 --window_stride=20 --loss=ctc"),
        trains(*OF_TEXTS),
        TINY_NETWORK,
    ),
    about(
        21,
        "notebooks/02-look-at-emnist-lines.ipynb",
        is_notebook("notebooks/02-look-at-emnist-lines.ipynb"),
    ),
    about(
        22,
        "explain CER and greedy decode",
        document_says("docs/metrics.md", "**CER**", "## Greedy decoding"),
    ),
    about(
        23,
        "pipenv install --dev, pipenv sync --dev, pipenv run",
        document_says(
            "docs/experiments.md", "`pipenv install --dev`", "`pipenv sync --dev`", "`pipenv run`"
        ),
    ),
    Command(
        24,
        "tasks/train_character_predictor.sh",
        all_of(trains("test_acc"), leaves("EMNIST-mlp_weights.safetensors")),
        TINY,
    ),
    Command(
        25,
        f"{EXPERIMENT} --save '{MLP}'",
        all_of(trains("test_acc"), leaves("EMNIST-mlp_weights.safetensors")),
        TINY,
    ),
    Command(
        26,
        json_command(DEEP_MLP),
        all_of(trains("test_acc"), checkpoint_holds("matrices of weights", _n_layers, 9)),
        TINY,
    ),
    Command(
        27,
        json_command(LENET),
        all_of(trains("test_acc"), checkpoint_holds("epochs", _n_epochs, 1)),
        f"--data_dir={{data}} {QUIET}",
    ),
    Command(28, json_command(TENTH), all_of(trains("test_acc"), is_stratified), TINY),
    Command(
        29,
        "pytest -s text_recognizer/tests/test_character_predictor.py",
        succeeds("'8' is read as '8'", " passed"),
    ),
    Command(
        29,
        "tasks/run_prediction_tests.sh",
        succeeds("test_character_predictor.py", "test_line_predictor.py", " passed"),
        "-p no:cacheprovider",
    ),
    Command(
        30,
        f"{EXPERIMENT} --save '{LSTM}'",
        all_of(trains(*OF_TEXTS), leaves("EMNISTLines-line_lstm_ctc_weights.safetensors")),
        TINY_LINES,
    ),
    Command(
        30,
        "tasks/train_lstm_line_predictor.sh",
        all_of(trains(*OF_TEXTS), leaves("EMNISTLines-line_lstm_ctc_weights.safetensors")),
        TINY_LINES,
    ),
    Command(
        31,
        "tasks/train_lstm_line_predictor_on_iam.sh",
        all_of(trains(*OF_TEXTS), leaves("IamLinesDataset-line_lstm_ctc_weights.safetensors")),
        TINY,
    ),
    Command(
        31, f"{EXPERIMENT} --save '{LSTM_ON_IAM}'", is_refused("iam_lines.h5", "SHA-256", "put ")
    ),
    Command(
        32,
        "python text_recognizer/datasets/iam_dataset.py",
        succeeds("IAM Dataset", "forms: 9"),
        "--data_dir={data}",
    ),
    Command(
        32,
        "python text_recognizer/datasets/iam_dataset.py",
        is_refused("iamdb.zip", "SHA-256", "put "),
    ),
    Command(
        33,
        "python text_recognizer/data/line_masks.py",
        all_of(succeeds("pages with coloured lines"), leaves("interim/open_line_masks/*/c1.jpg")),
        TINY_PAGES,
    ),
    Command(
        34,
        "tasks/train_line_detector.sh",
        all_of(trains("test_iou"), leaves("IamParagraphsDataset-fcn_weights.safetensors")),
        f"{TINY} --size=64 --conv_dim=4",
    ),
    Command(
        34,
        DETECTOR,
        trains("test_acc", "test_iou"),
        f"{TINY_PAGES} --conv_dim=4 --max_epochs=1 {QUIET}",
    ),
    Command(34, "python evaluation/evaluate_line_detector.py", succeeds("--checkpoint"), "--help"),
    Command(
        34,
        "tasks/train_cnn_line_predictor.sh",
        all_of(trains(*OF_PLACES), leaves("EMNISTLines-line_cnn_all_conv_weights.safetensors")),
        TINY_LINES,
    ),
    Command(
        35,
        "pytest -s text_recognizer/tests/test_paragraph_text_recognizer.py",
        succeeds(" passed"),
    ),
    Command(36, f"{{files}}/clone/tasks/{METADATA_TASK}", checksum_is_renewed),
    about(46, "tasks/lint.sh", exists("tasks/lint.sh", runs=True)),
    about(46, "tasks/run_validation_tests.sh", exists("tasks/run_validation_tests.sh", runs=True)),
    Command(
        46,
        "python evaluation/evaluate_character_predictor.py",
        gives("accuracy"),
        "--data_dir={data}",
    ),
    Command(46, "python evaluation/evaluate_line_predictor.py", gives("cer"), LINE_DATA),
    Command(46, "python training/prepare_experiments.py {files}/two.json", says_commands),
    Command(46, "text-recognizer sweep", succeeds("FILE"), "--help"),
    about(46, "training/gpu_manager.py", exists("training/gpu_manager.py")),
    about(46, "training/gpu_util_sampler.py", exists("training/gpu_util_sampler.py")),
    Command(46, "python training/update_metadata.py", is_refused("Usage: ")),
    *(
        Command(
            46,
            f"python text_recognizer/tests/support/create_{kind}_support_files.py",
            succeeds("--fonts"),
            "--help",
        )
        for kind in ("emnist", "emnist_lines")
    ),
    about(47, 'IAMDataset("line", output_data="text", train=True)', parts_are_whole),
    about(52, "dataset/typo/validating.json, dataset/typo/text_train.txt", typos_are_written),
)
