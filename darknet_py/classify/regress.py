"""What `regressor test` prints: the numbers a network gives for an image."""

from __future__ import annotations

import time

import click

from darknet_py.classify.given_images import given_images
from darknet_py.classify.load_classifier import Failures, read_without_head, start_classifier
from darknet_py.errors import ImageError
from darknet_py.images.io import read_image
from darknet_py.options.inference import RegressOptions


def predict_numbers(options: RegressOptions) -> int:
    """Print the numbers of every image; returns how many could not be read.

    C prints the first number alone; here there is a line for each output.
    """
    graph, plan = read_without_head(options)

    from darknet_py.images.tensors import letterbox, to_tensor

    classifier = start_classifier(graph, plan, options.engine_config())
    failures, net = Failures(), graph.net
    for path in (path for paths in given_images(options.images, failures) for path in paths):
        try:
            pixels = read_image(path, net.channels, graph.fork.images.upright)
        except ImageError as error:
            failures.report(error)
            continue
        fitted = letterbox(to_tensor(pixels), net.width, net.height)
        start = time.perf_counter()
        numbers = classifier.scores([[fitted]])[0]
        seconds = time.perf_counter() - start
        for number in numbers.tolist():
            click.echo(f"Predicted: {number:f}")
        click.echo(f"{path}: Predicted in {seconds:f} seconds.")
    return failures.count
