"""What all records of options have in common."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import darknet_py.options
from darknet_py.options.flag import flags_of

PACKAGE = Path(__file__).resolve().parents[2] / "darknet_py"
MODULES = [
    importlib.import_module(f"darknet_py.options.{module.name}")
    for module in pkgutil.iter_modules(darknet_py.options.__path__)
]
RECORDS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and "Options" in kind.__name__
    if kind.__module__ == module.__name__
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_are_frozen_and_keyword_only(record: type) -> None:
    assert record.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert all(field.kw_only for field in dataclasses.fields(record))


SPREAD = {"fork", "width", "height", "gpu", "nogpu", "device", "engine"}
"""Fields that each command had once for itself."""


def test_shared_options_are_written_once() -> None:
    """Width and height mean something else for anchors and for drawn images.

    The types that editors are shown are compared with the records in test_python_words.py.
    """
    homes: dict[str, list[str]] = {name: [] for name in SPREAD}
    records = set((PACKAGE / "options").glob("*.py")) - {PACKAGE / "options" / "python_words.py"}
    for path in sorted(records):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in SPREAD:
                homes[ast.unparse(node.target)].append(path.stem)
    again = {name: modules for name, modules in homes.items() if modules != ["model"]}
    other = ["datasets", "evaluation", "model"]
    assert again == {"width": other, "height": other}


def test_the_command_line_writes_no_default_of_its_own() -> None:
    """Numbers stand in the records: an option beside them is a flag or has no default."""
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "default":
                assert not isinstance(node.value, ast.Constant), f"{path.name}:{node.lineno}"


DEFAULTS = {
    "ForkOptions": "fork=alexeyab",
    "ImageOptions": "exif=None",
    "LogOptions": "log_style=auto",
    "SizeOptions": "width=None height=None",
    "CfgOptions": "cfg",
    "ModelOptions": "weights=None",
    "DeviceOptions": "gpu=None nogpu=False device=None",
    "EngineOptions": "precision=fp32 engine=torch compiled=None exact=False calibrate=None "
    "calibrate_images=None max_map_loss=None",
    "RunOptions": "",
    "DetectOptions": "images=() data=None thresh=None hier=0.5 nms=0.45 letter_box=False "
    "ext_output=False save_labels=False out=None prefix=None no_pictures=False names=None "
    "skipclasses=None "
    "batch=None",
    "SourceOptions": "every_frame=False rotate=None auto_rotate=True frame_width=None "
    "frame_height=None fps=None",
    "FrameOutputOptions": "out_filename=None frames=None mjpeg_port=None time_limit_sec=None "
    "host=0.0.0.0",
    "OutputOptions": "json_file_output=None json_lines=None json_port=None http_post_host=None",
    "CameraOptions": "source=None c=0",
    "ShowOptions": "dont_show=False fullscreen=False benchmark=False s=0",
    "DemoOptions": "data=None names=None thresh=None hier=0.5 letter_box=False ext_output=False "
    "dontdraw_bbox=False frames=None",
    "ClassifierDemoOptions": "names=None",
    "YoloDemoOptions": "thresh=0.2",
    "CocoDemoOptions": "word=coco",
    "TrackOptions": "track=False",
    "QueryOptions": "thresh=0.25 nms=0.45 hier=0.5 letter_box=False",
    "ServerOptions": "batch=None batch_wait=3.0 queue=256 max_mb=20.0 max_megapixels=50.0 "
    "timeout=30.0 token=None allow_origin=()",
    "ServeOptions": "more=() names=None name=None host=127.0.0.1 port=5000 stream=None",
    "FollowOptions": "",
    "TileOptions": "tile=None overlap=0.2",
    "ImageModelOptions": "",
    "SegmentOptions": "data images=() instances=False names=None",
    "RegressOptions": "images=()",
    "ClassifierOptions": "data=None top=None",
    "ListedOptions": "batch=8",
    "PredictOptions": "images=() names=None",
    "ClassifyOptions": "top=5",
    "RecurrentOptions": "cfg weights=None",
    "TextOptions": r"seed=\n\n",
    "DrawOptions": "length=1000 temp=0.7 srand=None tokens=None",
    "GenerateOptions": "",
    "TacticOptions": "",
    "PerplexityOptions": "file=None",
    "ExportOptions": "images=() format=onnx out=None form=heads dynamic= batch=1 names=None "
    "thresh=0.25 nms=0.45 verify=False",
    "EvalOptions": "data batch=4",
    "MatchOptions": "iou_thresh=0.5 points=0",
    "MapOptions": "thresh=0.25 out=() coco=False curves=None confusion=None worst=None",
    "ValidOptions": "mirrored=False out=None",
    "RecallOptions": "nms=0.4",
    "VocOptions": "data folder=None prefix=comp4_det_test_ annotations=None labels=False",
    "AnchorOptions": "data cfg=None num_of_clusters=None width=None height=None show=False runs=10 "
    "seed=0 write_cfg=None",
    "CompareOptions": "score=0.005 iou=0.98 show=10",
    "CompareRunsOptions": "runs out=None",
    "TrainOptions": "kind data cfg weights=None max_batches=None batch=None subdivisions=None "
    "clear=False resume=False seed=0 iterations=0 precision=fp32 compiled=False "
    "exact=False sync_batchnorm=False log_style=auto chart=None results=None tensorboard=None "
    "logger=None",
    "ImageTrainOptions": "evaluates=False workers=None saveweights=None show_imgs=False",
    "DetectorTrainOptions": "kind=detector quiet=False evaluates=False epochs=4 thresh=0.25 "
    "iou_thresh=0.5 preview=False cache=False reduced_decode=False",
    "GivenTrainOptions": "given",
    "GivenMapOptions": "given",
    "ClassifierTrainOptions": "kind=classifier evaluates=False",
    "PageTrainOptions": "show_imgs=False",
    "SegmenterTrainOptions": "kind=segmenter",
    "InstanceTrainOptions": "kind=isegmenter",
    "RegressorTrainOptions": "kind=regressor",
    "TextTrainOptions": "kind=rnn data=data/shakespeare.txt batch=None tokenized=False "
    "backup=backup",
    "GoTrainOptions": "kind=go data=backup/go.train backup=backup",
    "GoOptions": "cfg weights=None multi=False seed=None",
    "GoTestOptions": "",
    "GoValidOptions": "data=backup/go.test",
    "GoEngineOptions": "anon=False",
    "GoSelfOptions": "cfg2=None weights2=None games=0",
    "SummaryOptions": "strict=False",
    "CheckOptions": "strict=False quick=False findings=5 report=None page=None workers=None",
    "DownloadOptions": "names=() list=False all_mirrors=False offline=False",
    "ConvertOptions": "files=() cfg=None out=None form=None verify=False repair=False",
    "SheetOptions": "data out images=16 first=0 seed=0",
    "DrawnOptions": "out seed=0 width=416 height=416",
    "ShapesVideoOptions": "frames=120 fps=25.0",
    "ShapesOptions": "images smallest=18 visible=0.75 valid_every=10",
    "SuitedOptions": "data seed=0",
    "AdviseOptions": "cfg=None show=None",
    "NewCfgOptions": "base out advise=False keep_anchors=False batch=None subdivisions=None",
    "DataImportOptions": "path out=None layout=None images=None names=None polygons=False "
    "difficult=False place=copy",
    "DataExportOptions": "data out=exported format=coco place=copy",
    "DataSplitOptions": "data out=split valid=0.2 test=0.0 seed=0 group=None",
    "YoloWordOptions": "word=yolo names=None",
    "YoloTestOptions": "thresh=0.2 nms=0.4",
    "CocoTestOptions": "word=coco prefix=prediction",
    "YoloValidOptions": "data=valid valid=None results=None",
    "CocoValidOptions": "word=coco",
    "YoloRecallOptions": "data=recall nms=0.0 valid=None",
    "CocoRecallOptions": "word=coco",
    "YoloTrainOptions": "kind=yolo data=train train=None valid=None backup=None",
    "CocoTrainOptions": "word=coco",
    "CifarOptions": "batches=data/cifar/cifar-10-batches-bin",
    "CifarRunOptions": "batch=128",
    "CifarEvalOptions": "predictions=results/combined.csv",
    "CifarExtractOptions": "out=data/cifar",
    "CifarTrainOptions": "kind=cifar data=cifar ensemble=None backup=backup",
    "CifarDistillOptions": "ensemble=results/ensemble.csv",
    "ThreadOptions": "threads=None",
    "BenchmarkOptions": "weights=None engines=('torch',) precision=('fp32',) compiled=False "
    "batch=(1,) runs=None seconds=None seed=0 parts=False image=None layers=False out=None "
    "chart=None gpu_table=False minutes=8.0",
    "SpeedOptions": "tics=0",
    "VisualizeOptions": "cfg weights=None out=filters.png layer=None",
    "ImageTestOptions": "image out=imtest.jpg count=4 seed=0",
    "NightmareOptions": "cfg weights image layer rounds=1 iters=10 range=1 octaves=4 rate=0.04 "
    "thresh=1.0 norm=1 zoom=1.0 rotate=0.0 prefix=None reconstruct=False momentum=0.9 "
    "smoothing=0.01 neighbours=1 seed=0",
}
"""The fields a record adds to those it is made of, and what each is where nobody says."""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_what_is_where_nobody_says(record: type) -> None:
    own = [record.__dataclass_fields__[name] for name in inspect.get_annotations(record)]  # type: ignore[attr-defined]
    actual = [field.name + shown(field.default) for field in own]
    assert actual == DEFAULTS[record.__name__].split()


def shown(value: object) -> str:
    text = "" if value is dataclasses.MISSING else f"={value}"
    return text.replace("\n", r"\n")


LIMITS = """
CameraOptions.c >= 0
EngineOptions.calibrate_images >= 1
EngineOptions.max_map_loss >= 0 <= 1
ShapesVideoOptions.frames >= 1 <= 1e+06
ShapesVideoOptions.fps >= 1 <= 240
ShowOptions.s >= 0
SourceOptions.frame_width >= 1 <= 65536
SourceOptions.frame_height >= 1 <= 65536
SourceOptions.fps > 0 <= 1000
FrameOutputOptions.mjpeg_port >= 0 <= 65535
FrameOutputOptions.time_limit_sec >= 0
OutputOptions.json_port >= 0 <= 65535
TileOptions.overlap >= 0 <= 0.9
QueryOptions.thresh >= 0 <= 1
QueryOptions.nms >= 0 <= 1
QueryOptions.hier >= 0 <= 1
ServerOptions.batch >= 1 <= 65536
ServerOptions.batch_wait >= 0 <= 1000
ServerOptions.queue >= 1
ServerOptions.max_mb > 0
ServerOptions.max_megapixels > 0
ServerOptions.timeout > 0
ServeOptions.port >= 0 <= 65535
ThreadOptions.threads >= 1 <= 1024
BenchmarkOptions.batch >= 1 <= 65536
BenchmarkOptions.runs >= 1
BenchmarkOptions.seconds > 0
BenchmarkOptions.minutes > 0 <= 600
BenchmarkOptions.seed >= 0 <= 1.84467e+19
SizeOptions.width >= 1 <= 65536
SizeOptions.height >= 1 <= 65536
CheckOptions.findings >= 0
CheckOptions.workers >= 1 <= 1024
SheetOptions.images >= 1 <= 400
SheetOptions.first >= 0
SheetOptions.seed >= 0 <= 1.84467e+19
DrawnOptions.seed >= 0 <= 1.84467e+19
DrawnOptions.width >= 32 <= 8192
DrawnOptions.height >= 32 <= 8192
ShapesOptions.smallest >= 4
ShapesOptions.visible >= 0 <= 1
ShapesOptions.valid_every >= 1
SuitedOptions.seed >= 0 <= 1.84467e+19
NewCfgOptions.batch >= 1 <= 65536
NewCfgOptions.subdivisions >= 1 <= 65536
DataSplitOptions.valid >= 0 <= 1
DataSplitOptions.test >= 0 <= 1
DataSplitOptions.seed >= 0 <= 1.84467e+19
EvalOptions.batch >= 1 <= 65536
AnchorOptions.num_of_clusters >= 1 <= 10000
AnchorOptions.width >= 1 <= 65536
AnchorOptions.height >= 1 <= 65536
AnchorOptions.runs >= 1
AnchorOptions.seed >= 0 <= 1.84467e+19
CompareOptions.show >= 0
DetectOptions.batch >= 1 <= 65536
ClassifierOptions.top >= 1
CifarRunOptions.batch >= 1 <= 65536
ListedOptions.batch >= 1 <= 65536
ClassifyOptions.top >= 1
DrawOptions.length >= 0
DrawOptions.srand >= 0
ExportOptions.batch >= 1 <= 65536
GoOptions.seed >= 0 <= 1.84467e+19
GoSelfOptions.games >= 0
TrainOptions.max_batches >= 1
TrainOptions.batch >= 1 <= 65536
TrainOptions.subdivisions >= 1 <= 65536
TextTrainOptions.batch >= 1 <= 65536
TrainOptions.seed >= 0 <= 1.84467e+19
TrainOptions.iterations >= 0
ImageTrainOptions.saveweights >= 1
ImageTrainOptions.workers >= 0 <= 1024
DetectorTrainOptions.epochs >= 1
ImageTestOptions.count >= 0 <= 100
ImageTestOptions.seed >= 0 <= 1.84467e+19
NightmareOptions.rounds >= 1
NightmareOptions.iters >= 1
NightmareOptions.range >= 1
NightmareOptions.octaves >= 1
NightmareOptions.zoom >= 0.01
NightmareOptions.neighbours >= 0 <= 64
NightmareOptions.seed >= 0 <= 1.84467e+19
"""


def test_what_a_number_may_be() -> None:
    """Of the fields that a record adds, all that have a limit on the command line."""
    actual = set()
    for record in RECORDS:
        flags, own = flags_of(record), inspect.get_annotations(record)
        for name in (name for name in own if name in flags):
            limits = (
                (flags[name].least, ">" if flags[name].above else ">="),
                (flags[name].most, "<="),
            )
            words = [f"{sign} {value:g}" for value, sign in limits if value is not None]
            actual |= {" ".join([f"{record.__name__}.{name}", *words])} if words else set()
    assert actual == set(LIMITS.strip().splitlines())


SPELLINGS = {
    "CompareRunsOptions.out": "-o --out",
    "SourceOptions.auto_rotate": "--auto-rotate/--no-auto-rotate",
    "SourceOptions.frame_width": "-w --frame-width",
    "SourceOptions.frame_height": "--frame-height",
    "FrameOutputOptions.out_filename": "--out_filename",
    "OutputOptions.json_lines": "--json-lines",
    "CameraOptions.c": "-c",
    "ShowOptions.s": "-s",
    "DemoOptions.frames": "--prefix --frames",
    "DeviceOptions.gpu": "-i",
    "ImageOptions.exif": "--exif/--no-exif",
    "LogOptions.log_style": "--log-style",
    "DetectorTrainOptions.reduced_decode": "--reduced-decode",
    "EngineOptions.compiled": "--compile/--no-compile",
    "EngineOptions.calibrate_images": "--calibrate-images",
    "EngineOptions.max_map_loss": "--max-map-loss",
    "ServerOptions.batch_wait": "--batch-wait",
    "ServerOptions.max_mb": "--max-mb",
    "ServerOptions.max_megapixels": "--max-megapixels",
    "ServerOptions.allow_origin": "--allow-origin",
    "ClassifierOptions.top": "-t",
    "ClassifyOptions.top": "-t",
    "DrawOptions.length": "--len",
    "ExportOptions.out": "-o --out",
    "TrainOptions.compiled": "--compile",
    "TrainOptions.sync_batchnorm": "--sync_bn",
    "TrainOptions.log_style": "--log-style",
    "DownloadOptions.all_mirrors": "--all-mirrors",
    "DetectOptions.no_pictures": "--no-pictures",
    "DetectorTrainOptions.evaluates": "--map",
    "DetectorTrainOptions.epochs": "--mAP_epochs",
    "ClassifierTrainOptions.evaluates": "--topk",
    "TextTrainOptions.data": "--file",
    "GoTrainOptions.data": "--file",
    "GoValidOptions.data": "--file",
    "BenchmarkOptions.compiled": "--compile",
    "BenchmarkOptions.out": "-o --out",
    "BenchmarkOptions.gpu_table": "--gpu",
    "VisualizeOptions.out": "-o --out",
    "ImageTestOptions.out": "-o --out",
    "DataImportOptions.out": "-o --out",
    "DataExportOptions.out": "-o --out",
    "DataSplitOptions.out": "-o --out",
    "NewCfgOptions.keep_anchors": "--keep-anchors",
    "ConvertOptions.cfg": "--cfg",
    "ConvertOptions.out": "-o --out",
    "NightmareOptions.smoothing": "--lambda",
    "NightmareOptions.neighbours": "--smooth",
}
"""What is written otherwise than -- and the field's name."""


def test_what_a_flag_is_called() -> None:
    actual = {
        f"{record.__name__}.{name}": " ".join(flag.spellings)
        for record in RECORDS
        for name, flag in flags_of(record).items()
        if name in inspect.get_annotations(record) and flag.spellings
    }
    assert actual == SPELLINGS
