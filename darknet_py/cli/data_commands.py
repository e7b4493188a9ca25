"""`data shapes`, `data video`, `data sheet`, `data import`, `data export` and `data split`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import DATA_SET, PATH, arguments, options_of
from darknet_py.options.datasets import (
    DataExportOptions,
    DataImportOptions,
    DataSplitOptions,
    ShapesOptions,
    ShapesVideoOptions,
    SheetOptions,
)


@click.command()
@click.argument("out", type=PATH)
@click.option("--images", type=click.IntRange(1), required=True, help="How many images.")
@options_of(ShapesOptions)
def shapes(**choices: Any) -> None:
    """Draw a labelled data set of eight shapes into the folder OUT."""
    from darknet_py.synthetic.shape_dataset import write_dataset

    options = ShapesOptions(**choices)
    data = write_dataset(
        options.out,
        options.images,
        options.seed,
        options.width,
        options.height,
        smallest=options.smallest,
        visible=options.visible,
        valid_every=options.valid_every,
    )
    click.echo(f"{data}: {options.images} images")


@click.command()
@click.argument("out", type=PATH)
@options_of(ShapesVideoOptions)
def video(**choices: Any) -> None:
    """Draw a video of shapes that move, such as OUT.mp4."""
    from darknet_py.video.shapes_video import write_shapes_video

    options = ShapesVideoOptions(**choices)
    write_shapes_video(options)
    click.echo(f"{options.out}: {options.frames} frames")


@click.command()
@click.argument("data", type=DATA_SET)
@click.argument("cfg")
@click.argument("out", metavar="OUT.jpg", type=PATH)
@options_of(SheetOptions)
def sheet(**choices: Any) -> None:
    """Draw the samples that training CFG on DATA sees on a page, with boxes and names."""
    from darknet_py.data.sample_sheet import write_sheet

    click.echo(write_sheet(SheetOptions(**choices)))


@click.command("import")
@arguments("path")
@options_of(DataImportOptions)
def import_data(**choices: Any) -> None:
    """Make a data set for Darknet of PATH, a folder, a zip or a file as other programs write it.

    Images and labels are put into a new folder with lists, names and obj.data. What cannot be
    taken is counted and named.
    """
    from darknet_py.interchange import command

    click.echo(command.import_data(DataImportOptions(**choices)))


@click.command()
@arguments("data|folder")
@options_of(DataExportOptions)
def export(**choices: Any) -> None:
    """Write the images and labels of DATA as COCO's JSON or VOC's XML."""
    from darknet_py.interchange import command

    click.echo(command.export_data(DataExportOptions(**choices)))


@click.command()
@arguments("data|folder")
@options_of(DataSplitOptions)
def split(**choices: Any) -> None:
    """Divide the images of DATA into lists for training and validation, each class alike.

    The images stay where they are; the lists, names and obj.data are written to a new folder.
    """
    from darknet_py.interchange import command

    click.echo(command.split_data(DataSplitOptions(**choices)))
