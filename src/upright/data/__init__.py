"""Where samples come from: manifest, lookup, verification, patches; the one downloading room."""

from upright.data.fetch import fetch
from upright.data.labelled import LabelledRow, read_labelled
from upright.data.manifest import Dataset, KnownFile, dataset, datasets
from upright.data.patches import PATCHES
from upright.data.places import cache_dir, find, verify
from upright.data.rows import DataFile, in_suite, read_rows, suite_file, suites

__all__ = [
    "PATCHES",
    "DataFile",
    "Dataset",
    "KnownFile",
    "LabelledRow",
    "cache_dir",
    "dataset",
    "datasets",
    "fetch",
    "find",
    "in_suite",
    "read_labelled",
    "read_rows",
    "suite_file",
    "suites",
    "verify",
]
