"""Runs from and for other tools: what they stored becomes a run, a run becomes what they read.

import_files(files)               other tools' result files as one stored run
export_run(run, "csv", path)      a run as files that other tools read
"""

from upright.interop.exporters import FORMATS, export_run
from upright.interop.importers import KINDS, TRUSTLLM, detect, import_files

__all__ = ["FORMATS", "KINDS", "TRUSTLLM", "detect", "export_run", "import_files"]
