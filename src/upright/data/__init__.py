"""Where samples come from: manifest, lookup, verification, patches; the one downloading room."""

from upright.data.fetch import fetch
from upright.data.labelled import LabelledRow, read_labelled
from upright.data.manifest import Dataset, KnownFile, dataset, datasets
from upright.data.patches import PATCHES
from upright.data.places import cache_dir, find, verify
from upright.data.rows import SUITES, DataFile, read_rows, suite_file

__all__ = [
    "PATCHES",
    "SUITES",
    "DataFile",
    "Dataset",
    "KnownFile",
    "LabelledRow",
    "cache_dir",
    "dataset",
    "datasets",
    "fetch",
    "find",
    "read_labelled",
    "read_rows",
    "suite_file",
    "verify",
]
