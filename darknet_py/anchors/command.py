"""What `detector calc_anchors` does on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from darknet_py.anchors.box_sizes import BoxSizes, draw_cloud, read_box_sizes
from darknet_py.anchors.kmeans import Anchors, Sizes, average_iou, find_anchors
from darknet_py.cfg.datafile import read_data_file, required_file
from darknet_py.data.bad_lists import BadLists
from darknet_py.data.listing import read_list
from darknet_py.errors import DarknetError
from darknet_py.files import encoded, replacing, require_writable
from darknet_py.forks import fork_named
from darknet_py.network.darknet_lines import program_lines, say, told_keys
from darknet_py.network.graph import read_graph
from darknet_py.options.evaluation import AnchorOptions

if TYPE_CHECKING:
    from darknet_py.network.graph import Graph

CLUSTERS = 5
"""Darknet's number of anchors when none is asked for."""
ANCHORS_FILE, COUNTERS_FILE, CLOUD_FILE = (
    Path("anchors.txt"),
    Path("counters_per_class.txt"),
    Path("cloud.png"),
)


def run(options: AnchorOptions) -> None:
    """Print Darknet's lines, write its two files, and what the cfg makes of the anchors."""
    graph = read_graph(options.cfg, fork=options.fork) if options.cfg else None
    if options.as_darknet:
        say(program_lines())
    clusters, width, height = _numbers(options, graph)
    _refuse_unwritable(options)
    click.echo(f"\n num_of_clusters = {clusters}, width = {width}, height = {height} ")
    data = read_data_file(options.data)
    if options.as_darknet:
        say(told_keys(data, {"train": "data/train.list", "classes": "1"}))
    images = read_list(required_file(data, "train"))
    click.echo(f" read labels from {len(images)} images ")
    fork = fork_named(options.fork)
    boxes = read_box_sizes(data, images, fork)
    lists = BadLists(fork.log.bad_lists)
    new = lists.add(boxes.faults)
    if options.as_darknet:
        say(fault.said for fault in new)
    scaled = boxes.sizes * (width, height)
    if options.as_darknet:
        click.echo("".join(_loaded(boxes)), nl=False)
    click.echo("\n all loaded. \n\n calculating k-means++ ...")
    anchors = find_anchors(scaled, clusters, runs=options.runs, seed=options.seed)
    _report(anchors, boxes, width, options.as_darknet)
    for line in lists.summary:
        click.echo(line, err=True)
    if graph:
        _compare(graph, anchors, boxes.sizes, (width, height), options.write_cfg)
    if options.show:
        draw_cloud(CLOUD_FILE, scaled, anchors.sizes, (width, height))
        click.echo(f"{CLOUD_FILE}: the sizes of the boxes and the anchors", err=True)


def _numbers(options: AnchorOptions, graph: Graph | None) -> tuple[int, int, int]:
    """How many anchors, for an input of what width and height."""
    width = options.width or (graph.net.width if graph else 0)
    height = options.height or (graph.net.height if graph else 0)
    if not width or not height:
        if options.as_darknet:
            click.echo(_usage(options.num_of_clusters or CLUSTERS, width or -1, height or -1))
        cure = "give -width 416 -height 416, or the cfg behind the .data file"
        raise DarknetError(f"the anchors' unit is the network's input; {cure}")
    if options.num_of_clusters or not graph:
        return options.num_of_clusters or CLUSTERS, width, height

    from darknet_py.anchors.cfg_anchors import own_anchors

    return len(own_anchors(graph)), width, height


def _usage(clusters: int, width: int, height: int) -> str:
    """What Darknet says where a size is missing; it ends without an error then."""
    usage = "Usage: darknet detector calc_anchors data/voc.data"
    return (
        f"\n num_of_clusters = {clusters}, width = {width}, height = {height} \n"
        f"{usage} -num_of_clusters 9 -width 416 -height 416 \nError: set width and height "
    )


def _loaded(boxes: BoxSizes) -> Iterator[str]:
    """Darknet's counter of boxes, which is overwritten on a terminal."""
    for box, image in enumerate(boxes.owners.tolist(), start=1):
        yield f"\r loaded \t image: {image + 1} \t box: {box}"


def _refuse_unwritable(options: AnchorOptions) -> None:
    if options.write_cfg and not options.cfg:
        raise DarknetError("--write_cfg needs the cfg to start from, behind the .data file")
    if options.show:
        from darknet_py.plots import require_matplotlib

        require_matplotlib("-show")
    new = [Path(options.write_cfg)] if options.write_cfg else []
    for path in (ANCHORS_FILE, COUNTERS_FILE, *new):
        require_writable(path)


def _report(anchors: Anchors, boxes: BoxSizes, width: int, as_darknet: bool) -> None:
    from darknet_py.anchors.cfg_anchors import anchor_text

    if boxes.refused:
        message = f"{boxes.refused} labels have no width and height in 0 to 1 and are left out"
        click.echo(f"warning: {message}, the first in {boxes.first_refused}", err=True)
    counters = f"counters_per_class = {', '.join(map(str, boxes.counts))}"
    text = anchor_text(anchors.sizes, width)
    gap = "\n\n\n" if as_darknet else "\n\n"
    click.echo(f"\n iterations = {anchors.iterations} {gap}{counters}")
    click.echo(f"\n avg IoU = {anchors.average_iou * 100:2.2f} % ")
    click.echo(f"\nSaving anchors to the file: {ANCHORS_FILE} \nanchors = {text}")
    for path, line in ((COUNTERS_FILE, counters), (ANCHORS_FILE, text)):
        with replacing(path) as file:
            file.write(encoded(line))


def _compare(
    graph: Graph, anchors: Anchors, boxes: Sizes, unit: tuple[int, int], new: str | None
) -> None:
    """The cfg's own anchors over the same boxes, a mask for every head, and the new cfg."""
    from darknet_py.anchors.cfg_anchors import heads_of, own_anchors, recommended_masks, rewritten

    net = graph.net
    pixels = boxes * (net.width, net.height)
    own = own_anchors(graph)
    iou = average_iou(pixels, own) * 100
    click.echo(f"\nthe {len(own)} anchors of {graph.path}: avg IoU = {iou:2.2f} %")
    heads, sizes = heads_of(graph), anchors.sizes * (net.width, net.height) / unit
    for head, mask in zip(heads, recommended_masks(heads, sizes), strict=True):
        words = f"mask={','.join(map(str, mask))}, filters={len(mask) * head.layer.entries}"
        click.echo(f"layer {head.index} [{head.layer.kind}], stride {head.stride:g}: {words}")
    if new:
        with replacing(Path(new)) as file:
            file.write(encoded(rewritten(graph, sizes)))
        click.echo(f"{new}: {graph.path} with these anchors, masks and filters", err=True)
