"""Files from a server that is well, cuts, stalls, lies, or has something else."""

from __future__ import annotations

import hashlib
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from support.weights_server import Site, serving

from darknet_py import files
from darknet_py.errors import DownloadError, OutputError
from darknet_py.files import growing_file, locks
from darknet_py.weights_registry import download as module
from darknet_py.weights_registry.download import download, is_here, try_mirrors, verified
from darknet_py.weights_registry.patience import Patience
from darknet_py.weights_registry.registry import RegistryFile

CONTENT = bytes(range(256)) * 1200
SHA = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(timeout=5, tries=3, most_tries=8, pause=0, longest_pause=0)
ONCE = Patience(timeout=5, most_tries=1)
PAGE = b"<!DOCTYPE html><html>moved</html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def asked_for(*sites: Site | str, **how: Any) -> RegistryFile:
    urls = tuple(site if isinstance(site, str) else site.url for site in sites)
    given = {"sizes": (len(CONTENT),), "sums": {"sha256": SHA}} | how
    return RegistryFile("a.weights", urls, **given)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_brought_once(cache: Path) -> None:
    with serving(CONTENT) as site:
        file = asked_for(site)
        assert not is_here(file)
        assert download(file, patience=QUICK) == cache / "a.weights"
        assert download(file, patience=QUICK).read_bytes() == CONTENT
    assert is_here(file) and verified(file) == ""
    (request,) = site.asked
    assert request["user-agent"].startswith("darknet-py/") and "range" not in request
    assert names_in(cache) == {"a.weights", ".a.weights.lock"}


def test_a_cut_is_gone_on_from(cache: Path) -> None:
    with serving(CONTENT, cuts=[100_000, 150_000]) as site:
        assert download(asked_for(site), patience=QUICK).read_bytes() == CONTENT
    assert [one.get("range") for one in site.asked] == [None, "bytes=100000-", "bytes=250000-"]
    assert site.asked[1]["if-range"] == '"one"'


@pytest.mark.parametrize("pinned", [True, False])
def test_what_an_interrupted_run_left_is_gone_on_with(cache: Path, pinned: bool) -> None:
    sums = {"sums": {"sha256": SHA} if pinned else {}}
    with serving(CONTENT, cuts=[50_000]) as site:
        file = asked_for(site, **sums)
        with pytest.raises(DownloadError, match=r"ended after 50000 of 307200 bytes"):
            download(file, patience=ONCE)
        assert (cache / "a.weights.part").stat().st_size == 50_000
        assert download(file, patience=QUICK).read_bytes() == CONTENT
        assert site.asked[1]["range"] == "bytes=50000-"


def test_ctrl_c_keeps_the_part(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = files.append

    def interrupted(path: Path, data: bytes) -> None:
        append(path, data)
        raise KeyboardInterrupt

    with serving(CONTENT) as site:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(files, "append", interrupted)
            download(asked_for(site), patience=QUICK)
        size = (cache / "a.weights.part").stat().st_size
        assert 0 < size < len(CONTENT)
        assert download(asked_for(site), patience=QUICK).read_bytes() == CONTENT
    assert site.asked[1]["range"] == f"bytes={size}-"


def test_a_server_that_ignores_ranges(cache: Path) -> None:
    with serving(CONTENT, cuts=[90_000], ranges=False) as site:
        assert download(asked_for(site, sums={}), patience=QUICK).read_bytes() == CONTENT
    assert len(site.asked) == 2 and site.asked[1]["range"] == "bytes=90000-"


@pytest.mark.parametrize("knows", [True, False])
def test_a_file_that_changes_between_two_parts(cache: Path, knows: bool) -> None:
    """The server may know of If-Range, or only send another tag with the rest."""
    with serving(b"\1" * 90_000 + CONTENT[90_000:], cuts=[90_000]) as site:
        file = asked_for(site, sums={})
        with pytest.raises(DownloadError):
            download(file, patience=ONCE)
        site.content, site.etag, site.conditions = CONTENT, '"two"', knows
        assert download(file, patience=QUICK).read_bytes() == CONTENT
    ranges = [one.get("range") for one in site.asked]
    assert ranges == [None, "bytes=90000-", *([] if knows else [None])]


def test_a_part_that_does_not_fit_is_thrown_away(cache: Path) -> None:
    """The server has no tags: the checksum of the whole tells."""
    with serving(b"\1" * len(CONTENT), cuts=[90_000], etag="") as site:
        with pytest.raises(DownloadError):
            download(asked_for(site), patience=ONCE)
        site.content = CONTENT
        assert download(asked_for(site), patience=QUICK).read_bytes() == CONTENT
    assert [one.get("range") for one in site.asked] == [None, "bytes=90000-", None]


def test_the_next_mirror_goes_on_with_the_part_of_the_first(cache: Path) -> None:
    with serving(CONTENT, cuts=[200_000, 0, 0, 0]) as first, serving(CONTENT) as second:
        file = asked_for(first, second)
        assert download(file, patience=QUICK).read_bytes() == CONTENT
    assert second.asked[0]["range"] == "bytes=200000-" and "if-range" not in second.asked[0]


def test_without_a_checksum_it_starts_anew_there(cache: Path) -> None:
    with serving(CONTENT, cuts=[200_000, 0, 0, 0]) as first, serving(CONTENT) as second:
        file = asked_for(first, second, sums={})
        assert download(file, patience=QUICK).read_bytes() == CONTENT
    assert "range" not in second.asked[0]


FAILURES = {
    "a page": ({"content": PAGE}, "is an HTML page, not weights"),
    "a page of the right length": ({"content": PAGE.ljust(len(CONTENT))}, "is an HTML page"),
    "a pointer": ({"content": POINTER}, "is a git-lfs pointer"),
    "another length": ({"content": CONTENT[:5000]}, "has 5000 bytes, expected 307200"),
    "too long, and it says nothing": (
        {"content": CONTENT * 2, "length": -1},
        "sends more than 307200 bytes",
    ),
    "too short, and it says nothing": (
        {"content": CONTENT[:99], "length": -1},
        "ended after 99 of 307200 bytes",
    ),
    "a lie": ({"content": CONTENT[:9000], "length": len(CONTENT)}, "ended after 9000 of 307200"),
    "another file": ({"content": CONTENT[::-1]}, f"published is {SHA}"),
    "gone": ({"content": CONTENT, "statuses": [410]}, "answered 410 Gone"),
    "busy for ever": ({"content": CONTENT, "statuses": [503] * 9}, "answered 503 Service"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_the_second_mirror_where_the_first_has_it_not(cache: Path, case: str) -> None:
    how, told = FAILURES[case]
    with serving(**how) as bad, serving(CONTENT) as good:
        with pytest.raises(DownloadError) as caught:
            download(asked_for(bad), patience=QUICK)
        assert told in str(caught.value) and bad.url in str(caught.value)
        assert not (cache / "a.weights").exists()
        bad.statuses = how.get("statuses", [])[:]
        assert download(asked_for(bad, good), patience=QUICK).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(cache: Path) -> None:
    with serving(CONTENT, statuses=[503, 429], headers={"Retry-After": "0"}) as site:
        download(asked_for(site), patience=QUICK)
    assert len(site.asked) == 3


def test_a_server_that_says_nothing_more(cache: Path) -> None:
    with serving(CONTENT, delay=30) as site:
        patience = Patience(timeout=0.2, tries=2, pause=0)
        with pytest.raises(DownloadError, match="timed out"):
            download(asked_for(site), patience=patience)
    assert len(site.asked) == 2


def test_a_server_that_sends_drop_by_drop(cache: Path) -> None:
    with serving(CONTENT, delay=0.05) as site:
        patience = Patience(timeout=5, tries=1, pause=0, window=0.2, slowest=1e9)
        with pytest.raises(DownloadError, match=r"sends \d+ bytes a second"):
            download(asked_for(site), patience=patience)


def test_nobody_is_asked_for_ever(cache: Path) -> None:
    """Each try brings something, and there is an end all the same."""
    with serving(CONTENT * 9, cuts=[70_000] * 20) as site:
        file = asked_for(site, sizes=(len(CONTENT) * 9,), sums={})
        with pytest.raises(DownloadError, match="ended after 560000 of"):
            download(file, patience=QUICK)
    assert len(site.asked) == 8


def test_redirects(cache: Path) -> None:
    with serving(CONTENT) as site:
        base = site.url.removesuffix("file")
        for url in (f"{base}to//file", f"{base}to/{site.url}"):
            (cache / "a.weights").unlink(missing_ok=True)
            assert download(asked_for(url), patience=QUICK).read_bytes() == CONTENT
        (cache / "a.weights").unlink()
        for url, told in (
            (f"{base}loop", "redirect error that would lead to an infinite loop"),
            (f"{base}to/file:///etc/hostname", "302"),
            (f"{base}to/ftp://127.0.0.1/a", "redirects from http to ftp: refused"),
            ("file:///etc/hostname", "is no http or https address"),
            ("http://127.0.0.1:1/a", "refused"),
        ):
            with pytest.raises(DownloadError, match=told):
                download(asked_for(url), patience=QUICK)


def test_a_proxy_of_the_environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(CONTENT) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/file"))
        with pytest.raises(DownloadError, match="404"):
            download(asked_for("http://nowhere.invalid/x"), patience=QUICK)
    assert proxy.asked[0]["path"] == "http://nowhere.invalid/x"


def test_two_downloads_of_one_file(cache: Path) -> None:
    """The lock is one of open files, so that threads stand for processes."""
    results: list[bytes] = []
    with serving(CONTENT, delay=0.001) as site:
        file = asked_for(site)

        def bring() -> None:
            results.append(download(file, patience=QUICK).read_bytes())

        threads = [threading.Thread(target=bring) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [CONTENT] * 3 and len(site.asked) == 1


def test_the_second_says_that_it_waits(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with serving(CONTENT) as site:
        file = asked_for(site)
        cache.mkdir(parents=True)
        with files.exclusive(cache / ".a.weights.lock", lambda: None):
            thread = threading.Thread(target=download, args=(file,))
            thread.start()
            while "another process is downloading it" not in caplog.text:
                thread.join(0.01)
            assert site.asked == []
        thread.join()
    assert is_here(file)


def test_offline(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(CONTENT) as site:
        file = asked_for(site)
        with pytest.raises(DownloadError, match=r"a\.weights: it is not at .*\(--offline\)"):
            download(file, offline=True)
        assert site.asked == []
        download(file, patience=QUICK)
    assert download(file, offline=True) == cache / "a.weights"
    monkeypatch.setenv("DARKNET_PY_OFFLINE", "1")
    assert download(file) == cache / "a.weights"
    with pytest.raises(DownloadError, match=r"is here, .* \(\$DARKNET_PY_OFFLINE\)"):
        list(try_mirrors(file))
    (cache / "a.weights").unlink()
    with pytest.raises(DownloadError, match=r"is not at .* \(\$DARKNET_PY_OFFLINE\)"):
        download(file)
    assert len(site.asked) == 1


def test_a_full_disk(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(cache.parent.parent)
    with serving(CONTENT) as site:
        with monkeypatch.context() as patch:
            patch.setattr(module.shutil, "disk_usage", lambda _: usage._replace(free=100_000))
            with pytest.raises(OutputError, match=r"0\.3 MB are missing and 0\.1 MB free; make"):
                download(asked_for(site), patience=QUICK)
        assert site.asked == []

        def full(file: Any, data: bytes) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(growing_file, "write_all", full)
            with pytest.raises(OutputError, match=r"part: cannot be written: No space left"):
                download(asked_for(site), patience=QUICK)
        assert len(site.asked) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("DARKNET_PY_CACHE", str(tmp_path / "taken" / "a"))
    with pytest.raises(OutputError, match="Not a directory; set DARKNET_PY_CACHE to a folder"):
        download(asked_for("http://127.0.0.1:1/a"), patience=QUICK)
    monkeypatch.setenv("DARKNET_PY_CACHE", "here")
    with pytest.raises(OutputError, match="relative; set DARKNET_PY_CACHE to an absolute path"):
        download(asked_for("http://127.0.0.1:1/a"), patience=QUICK)


def test_a_folder_without_rights(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(locks, "open", refused, raising=False)
    with pytest.raises(OutputError, match=r"\.lock: cannot be written: Permission denied"):
        download(asked_for("http://127.0.0.1:1/a"), patience=QUICK)


def test_a_file_that_was_damaged_is_brought_again(cache: Path) -> None:
    with serving(CONTENT) as site:
        file = asked_for(site)
        path = download(file, patience=QUICK)
        path.write_bytes(CONTENT[:-1] + b"x")
        assert is_here(file) and "published is" in verified(file)
        path.write_bytes(CONTENT[:-1])
        assert not is_here(file)
        assert download(file, patience=QUICK).read_bytes() == CONTENT


def test_every_mirror_is_tried(cache: Path) -> None:
    with serving(CONTENT) as good, serving(PAGE) as page, serving(CONTENT[::-1]) as other:
        gone = good.url.replace("file", "gone")
        reports = list(try_mirrors(asked_for(page, gone, good, other), patience=QUICK))
    issues = [report.issue for report in reports]
    assert issues[0].startswith("is an HTML page") and issues[1].startswith("answered 404")
    assert issues[2] == "" and issues[3].startswith("has sha256")
    assert [report.url for report in reports] == [page.url, gone, good.url, other.url]
    assert (cache / "a.weights").read_bytes() == CONTENT
    assert not [name for name in names_in(cache) if "part" in name]


def test_a_whole_part_is_not_asked_for_again(cache: Path) -> None:
    """A process was killed between the last byte and the name."""
    with serving(CONTENT, cuts=[len(CONTENT) - 10]) as site:
        with pytest.raises(DownloadError):
            download(asked_for(site), patience=ONCE)
        with open(cache / "a.weights.part", "ab") as part:
            part.write(CONTENT[-10:])
        download(asked_for(site), patience=QUICK)
    assert len(site.asked) == 1


def test_two_sizes_and_what_the_server_says_of_them(cache: Path) -> None:
    """The first 4 bytes less are a size that the file may have, but not the one it has there."""
    sizes = (len(CONTENT) - 4, len(CONTENT))
    with serving(CONTENT, cuts=[len(CONTENT) - 4]) as site:
        file = asked_for(site, sizes=sizes, sums={})
        assert download(file, patience=QUICK).read_bytes() == CONTENT
    assert file.checked_by == "no published checksum, size only"
