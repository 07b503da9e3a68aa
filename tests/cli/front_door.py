"""The command line in this process: what takes a second in one of its own takes milliseconds."""

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

from upright.cli import main


def here(*words: str, cwd: Path, **env: str) -> CompletedProcess[str]:
    """Run a command that ends at once; with a cache of its own, and no key but those given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("UPRIGHT_", "OPENAI_"))}
    out, err, code = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO(), 0
    with (
        mock.patch.object(sys, "argv", ["upright", *words]),
        mock.patch.dict(os.environ, kept | {"UPRIGHT_CACHE": str(cwd / "cache")} | env, clear=True),
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    out.flush()
    told = out.buffer.getvalue().decode()
    return CompletedProcess(list(words), code, told, err.getvalue())
