"""The images of a command line, or those typed where it has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from darknet_py.classify.load_classifier import Failures
from darknet_py.detect.prompt import typed_paths
from darknet_py.errors import DarknetError
from darknet_py.images.image_paths import expand


def given_images(
    images: Sequence[str], failures: Failures, end_line: bool = False
) -> Iterator[list[str]]:
    """The paths of all arguments at once, or those of each line typed; arguments that name no image
    are reported.

    end_line: whether the last prompt's line is ended, which Darknet does not.
    """
    if images:
        yield [path for image in images for path in _expanded(image, failures)]
        return
    for line in typed_paths():
        yield _expanded(line, failures)
    if end_line:
        click.echo()


def _expanded(image: str, failures: Failures) -> list[str]:
    try:
        return expand(image)
    except DarknetError as error:
        failures.report(error)
        return []
