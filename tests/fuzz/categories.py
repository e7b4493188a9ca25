"""What is mutated and what it runs through: a row of the table a category."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from darknet_py.cli.command_table import COMMANDS
from fuzz.cases import Case
from fuzz.seeds import DETECT, ENDINGS, TESTS, TRAIN, Seeds, zip_bytes

MIB = 1 << 20
LAST = "backup/small_last.weights"
STATE = "backup/small_last.state"
QUICK = ("--iterations", "2", *TRAIN)


@dataclass(frozen=True)
class Category:
    """seeds: right inputs. memory: bytes a case may take; seconds: how long it may run."""

    name: str
    seeds: Callable[[Seeds], Iterable[Case]]
    memory: int = 400 * MIB
    seconds: float = 20


def _case(words: str, files: dict[str, bytes], *targets: str, more: Iterable[str] = ()) -> Case:
    return Case("", (*words.split(), *more), files, targets)


def _networks() -> Iterator[dict[str, bytes]]:
    """The small networks whose outputs are known: net.cfg and net.weights."""
    for cfg in sorted((TESTS / "golden").glob("*/net.cfg")):
        yield {name: cfg.with_name(name).read_bytes() for name in ("net.cfg", "net.weights")}


def _public_cfgs() -> Iterator[bytes]:
    yield from (path.read_bytes() for path in sorted((TESTS.parent / "cfg").glob("*.cfg")))


def cfg(seeds: Seeds) -> Iterator[Case]:
    golden = [files["net.cfg"] for files in _networks()]
    for text in (*golden, *_public_cfgs()):
        for words in ("check net.cfg", "summary net.cfg", "summary net.cfg --json"):
            yield _case(words, {"net.cfg": text}, "net.cfg")


def weights(seeds: Seeds) -> Iterator[Case]:
    for files in _networks():
        yield _case("check net.cfg net.weights", files, "net.weights", "net.cfg")
        yield _case("partial net.cfg net.weights out.weights 1", files, "net.weights")


def detect(seeds: Seeds) -> Iterator[Case]:
    picture = seeds.files("image.png")
    small = {"net.cfg": seeds.made["small.cfg"], "net.weights": seeds.made[LAST]}
    for files in (small, *(files for files in _networks() if b"[yolo]" in files["net.cfg"])):
        whole = files | picture
        for targets in (("net.cfg",), ("net.weights",), ("net.weights",)):
            yield _case("detect net.cfg net.weights image.png", whole, *targets, more=DETECT)
            yield _case("python load net.cfg net.weights image.png", whole, *targets)


def image(seeds: Seeds) -> Iterator[Case]:
    network = seeds.files("small.cfg", LAST)
    for name in (f"image.{ending}" for ending in ENDINGS):
        files = network | seeds.files(name)
        if name in files:
            yield _case(f"detect small.cfg {LAST} {name}", files, name, more=DETECT)


def data(seeds: Seeds) -> Iterator[Case]:
    files = seeds.data_set | seeds.files("small.cfg", LAST)
    labels = [name for name in files if name.startswith("pictures/") and name.endswith(".txt")]
    targets = ("shapes.data", "shapes.names", "train.txt", "valid.txt", *labels)
    for words in (
        "check shapes.data small.cfg --report a.json",
        f"map shapes.data small.cfg {LAST} --device cpu -out a.json",
        f"detector valid shapes.data small.cfg {LAST} --device cpu",
        f"detector recall shapes.data small.cfg {LAST} --device cpu",
        "detector calc_anchors shapes.data -num_of_clusters 3 -width 32 -height 32",
        "data sheet shapes.data small.cfg sheet.png",
        "advise shapes.data small.cfg --nogpu",
        "new-cfg --base small.cfg --data shapes.data -o new.cfg --nogpu",
    ):
        yield _case(words, files, *targets)


def layouts(seeds: Seeds) -> Iterator[Case]:
    """The files that describe a data set of another program, and the archive they come in."""
    for layout, files in seeds.layouts.items():
        texts = [name for name in files if not name.endswith((".jpg", ".png"))]
        yield _case("data import . -o out", files, *texts)
        yield _case(f"data import . -o out --layout {layout} --polygons", files, *texts)
        archive = {"set.zip": zip_bytes(files)}
        yield _case("data import set.zip -o out", archive, "set.zip")


def results(seeds: Seeds) -> Iterator[Case]:
    files = seeds.data_set | seeds.files(
        "results/", "annotations.json", "boxes.json", "comp4/", "voc.data"
    )
    written = [name for name in files if name.startswith("results/")]
    for name in written:
        words = f"eval coco annotations.json {name}"
        yield _case(words, files, name, "annotations.json")
        yield _case(f"compare {name} other.json", files | {"other.json": files[name]}, name)
    yield _case(
        "compare boxes.json other.json", files | {"other.json": files["boxes.json"]}, "boxes.json"
    )
    comp4 = [name for name in files if name.startswith("comp4")]
    yield _case("eval voc voc.data", files, *comp4, "voc.data")


def state(seeds: Seeds) -> Iterator[Case]:
    files = seeds.data_set | seeds.files("small.cfg", "backup/small_last")
    words = "train shapes.data small.cfg --resume --max_batches 3"
    yield _case(words, files, STATE, more=TRAIN)


def train(seeds: Seeds) -> Iterator[Case]:
    files = seeds.data_set | seeds.files("small.cfg", LAST, "classifier.", "text.")
    words = f"train shapes.data small.cfg {LAST} -clear -map"
    labels = [name for name in files if name.startswith("pictures/")]
    yield _case("train shapes.data small.cfg", files, "small.cfg", more=QUICK)
    yield _case("train shapes.data small.cfg", files, "shapes.data", *labels, more=QUICK)
    yield _case(words, files, LAST, "small.cfg", more=QUICK)
    classes = (*TRAIN[:-1], "--iterations", "2")
    words = "classifier train classifier.data classifier.cfg"
    yield _case(words, files, "classifier.cfg", "classifier.data", more=classes)
    words = "rnn train text.cfg -file text.txt --device cpu --iterations 2"
    yield _case(words, files, "text.cfg", "text.txt")
    for net in (files["net.cfg"] for files in _networks() if b"[yolo]" in files["net.cfg"]):
        yield _case("train shapes.data net.cfg", files | {"net.cfg": net}, "net.cfg", more=QUICK)


def words(seeds: Seeds) -> Iterator[Case]:
    """Every command with words that make it run, where another category has them, or a few."""
    known = [case for row in CATEGORIES[:-1] for case in row.seeds(seeds)]
    files = seeds.made
    for name in COMMANDS:
        like = [case for case in known if " ".join(case.words).startswith(f"{name} ")]
        yield from (_case("", case.files, more=case.words) for case in like[-9::2])
        yield _case(f"{name} shapes.data small.cfg {LAST} image.png", files)
        yield _case(f"{name} small.cfg {LAST} image.png a.json --device cpu -thresh .5", files)


CATEGORIES = (
    Category("cfg", cfg, seconds=10),
    Category("weights", weights, seconds=10),
    Category("detect", detect, 1500 * MIB),
    Category("image", image, seconds=10),
    Category("data", data),
    Category("layouts", layouts, seconds=10),
    Category("results", results, seconds=10),
    Category("state", state),
    Category("train", train, 1500 * MIB, 40),
    Category("words", words, 1500 * MIB, 40),
)
"""To add a category, add a row; the last one takes its commands from those before it."""
