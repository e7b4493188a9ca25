"""Beside setup.cfg: cfg/ and the names files of data/ travel inside the package."""

import glob
import os

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = sorted([*glob.glob("cfg/*.cfg"), *glob.glob("data/*.names")])
INSIDE = os.path.join("darknet_py", "weights_registry", "shipped")


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

    def get_source_files(self):
        return [*super().get_source_files(), *SHIPPED]


setup(cmdclass={"build_py": BuildWithNetworks})
