"""What `demo` prints of a frame, in the words of both programs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.small_result import result

from darknet_py.video import demo_lines
from darknet_py.video.demo_lines import Sent
from darknet_py.video.frame_rate import FrameRate


def test_a_line_for_each_box_with_all_its_classes() -> None:
    assert demo_lines.box_lines(result(), extended=False) == (
        'cat: 40% , dog "big": 91% \ncat: 50% \n'
    )


def test_pixels_are_cut_at_the_frame() -> None:
    """Left and top to whole pixels from 0 on, sides rounded and at most the frame's."""
    lines = demo_lines.box_lines(result(), extended=True).splitlines()
    assert lines[0].endswith("\t(left_x:  125   top_y:   25   width:   50   height:   50)")
    # x .1 - .15 and y .2 - .05 of 200 x 100 pixels
    assert lines[1].endswith("\t(left_x:    0   top_y:   15   width:   60   height:   10)")
    boxes = result().boxes
    wide = replace(boxes, xywhn=boxes.xywhn * np.array([1, 1, 9, 9], np.float32))
    first, _ = demo_lines.box_lines(replace(result(), boxes=wide), extended=True).splitlines()
    assert first.endswith("\t(left_x:   50   top_y:    0   width:  200   height:  100)")


def test_a_track_is_named_behind_the_first_class() -> None:
    tracked = replace(result().boxes, track_id=np.array([7, 7, 0, 0]))
    assert demo_lines.box_lines(replace(result(), boxes=tracked), extended=False) == (
        'cat: 40% (track = 7) , dog "big": 91% \ncat: 50% \n'
    )


def test_pjreddies_program_has_a_line_for_each_class() -> None:
    assert demo_lines.class_lines(result()) == 'cat: 40%\ndog "big": 91%\ncat: 50%\n'


def test_the_blocks_of_both_programs() -> None:
    rate = FrameRate(lambda: 0.0)
    assert demo_lines.block("x\n", rate) == (
        "\033[H\033[JObjects:\n\nx\n\nFPS:0.0 \t AVG_FPS:0.0\n"
    )
    assert demo_lines.plain_block("x\n", rate) == "\033[2J\033[1;1H\nFPS:0.0\nObjects:\n\nx\n"


def test_what_is_sent_is_said_where_the_c_program_says_it() -> None:
    assert demo_lines.before_objects(result(), Sent()) == ""
    assert demo_lines.after_rates(Sent()) == ""
    sent = Sent(json_port=True, mjpeg_port=True, post=True, video=True)
    assert demo_lines.before_objects(result(), sent) == (
        ' JSON-stream sent. \ncat: 40% dog "big": 91% cat: 50% '
    )
    assert demo_lines.after_rates(sent) == " MJPEG-stream sent. \n\n cvWriteFrame \n"


def test_sources_are_named() -> None:
    assert demo_lines.source_line("a.mp4", 0) == "video file: a.mp4\n"
    assert demo_lines.source_line(None, 2) == "Webcam index: 2\n"
    assert demo_lines.size_line(320, 240) == "Video stream: 320 x 240 \n"


def test_the_blocks_of_classifiers() -> None:
    rate, lines = FrameRate(lambda: 0.0), ["90.0%: cat", "8.0%: dog"]
    assert demo_lines.class_block(lines, 12.345) == (
        "\033[H\033[J\rFPS: 12.35  (use -benchmark command line flag for correct measurement)\n"
        "90.0%: cat\n8.0%: dog\n\n"
    )
    assert demo_lines.rates_block(12.345, rate) == "\033[H\033[J\rFPS: 12.35 \t AVG_FPS = 0.00 "
    # A line of text is .03 of 240 pixels high, in whole ones, and every second row is free.
    assert demo_lines.plain_class_block(lines, 240, rate) == (
        "\033[2J\033[1;1H\nFPS:0\n21\n90.0%: cat\n35\n8.0%: dog\n"
    )
