"""The page of a served application in a browser, as a person uses it."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
CFG, WEIGHTS = ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights"
IMAGE = ROOT / "data" / "shapes-2.jpg"
HOSTILE = "<img src=x onerror=alert(1)>"
"""A class of the network that is called so."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PATIENCE = 30_000
"""Milliseconds after which a test fails, whatever the machine has to do besides."""
OURS = ("willReadFrequently",)
"""Words of the console about what only the tests do."""


def browser_path() -> str | None:
    """None where there is no browser."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Visit:
    """A page that was opened; whatever it says on the console fails the test.

    sent: method and path of each request. expected: words of the console that are meant to come.
    """

    def __init__(self, browser: Any, port: int, **context: Any) -> None:
        self.port, self.sent, self.said = port, list[str](), list[str]()
        self.expected: tuple[str, ...] = ()
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | context)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.sent.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))

    def open(self) -> Any:
        self.page.goto(f"http://127.0.0.1:{self.port}/")
        self.page.wait_for_selector("body[data-mode=empty]")
        return self.page

    def choose(self, *files: Path | dict[str, Any]) -> None:
        """Files by the button, as a person does."""
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("[data-action=choose]:visible").click()
        chooser.value.set_files(list(files))

    def look(self, *files: Path) -> Any:
        self.open()
        self.choose(*(files or (IMAGE,)))
        self.page.wait_for_selector("#rows li")
        return self.page

    def json(self) -> str:
        """What the button copies."""
        self.page.evaluate("navigator.clipboard.writeText('')")
        self.page.click("[data-action=copyJson]")
        while not (text := str(self.page.evaluate("navigator.clipboard.readText()"))):
            self.page.wait_for_timeout(10)
        return text

    def close(self) -> None:
        self.context.close()
        expected = OURS + self.expected
        wrong = [line for line in self.said if not any(word in line for word in expected)]
        assert not wrong, wrong


def summary(page: Any) -> str:
    return str(page.text_content("#summary"))


def pixel(page: Any, x: float, y: float, pane: int = 0) -> list[int]:
    """Red, green, blue of a pane's canvas at a share of its width and height."""
    script = """([pane, x, y]) => {
        const canvas = document.querySelectorAll(".pane canvas")[pane];
        const at = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
        return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
    }"""
    found: list[int] = page.evaluate(script, [pane, x, y])
    return found


def on_canvas(page: Any, x: float, y: float) -> tuple[float, float]:
    """A share of a square picture that is fitted on the canvas, as a share of the canvas."""
    box = page.locator(".pane canvas").first.bounding_box()
    side = min(box["width"], box["height"])
    return (
        0.5 + (x - 0.5) * side / box["width"],
        0.5 + (y - 0.5) * side / box["height"],
    )


def dropped(page: Any, event: str, *files: tuple[str, str, bytes]) -> None:
    """Drops or pastes files: name, type and bytes."""
    script = """([event, files]) => {
        const data = new DataTransfer();
        for (const [name, type, text] of files) {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            data.items.add(new File([bytes], name, { type }));
        }
        const paste = event === "paste";
        const options = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(paste
            ? new ClipboardEvent(event, { ...options, clipboardData: data })
            : new DragEvent(event, { ...options, dataTransfer: data }));
    }"""
    coded = [[name, kind, base64.b64encode(data).decode()] for name, kind, data in files]
    page.evaluate(script, [event, coded])


def detected(port: int, **query: Any) -> httpx.Response:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/detect", params=query, content=IMAGE.read_bytes(), timeout=30
    )
    assert answer.status_code == 200
    return answer
