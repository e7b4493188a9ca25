"""Beside setup.cfg: what a wheel and an sdist hold that lies outside darknet_py/."""

import glob
import os
import subprocess

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

SHIPPED = sorted([*glob.glob("cfg/*.cfg"), *glob.glob("data/*.names")])
INSIDE = os.path.join("darknet_py", "weights_registry", "shipped")
COMMIT = os.path.join("darknet_py", "commit.txt")


def commit():
    """That of the checkout this is built from; empty where it is none, or git is not there."""
    if not os.path.exists(".git"):
        return ""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def write_commit(folder):
    """`darknet-py doctor` says which commit it is of."""
    known = commit()
    if known:
        path = os.path.join(folder, COMMIT)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(f"{known}\n")


class BuildWithNetworks(build_py):
    """Networks by name need their cfg and names where neither folder is."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for path in SHIPPED:
            target = os.path.join(self.build_lib, INSIDE, path)
            self.mkpath(os.path.dirname(target))
            self.copy_file(path, target)
        write_commit(self.build_lib)

    def get_source_files(self):
        return [*super().get_source_files(), *SHIPPED]


class SdistWithCommit(sdist):
    """What is built from it later knows nothing of git."""

    def make_release_tree(self, base_dir, files):
        # setuptools takes half of tests/, which runs with all of it or not at all.
        kept = [path for path in files if path.split(os.sep)[0] != "tests"]
        super().make_release_tree(base_dir, kept)
        write_commit(base_dir)


setup(cmdclass={"build_py": BuildWithNetworks, "sdist": SdistWithCommit})
