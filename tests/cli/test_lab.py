"""``workbench lab`` starts JupyterLab where the notebooks are."""

import subprocess
import sys
from pathlib import Path


def test_lab_starts_jupyterlab_in_the_folder(tmp_path: Path, call, monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "call", lambda command: started.append(command) or 7)
    result = call("lab", tmp_path, "--no-browser", "--port", 9000)
    assert result.exit_code == 7 and f"JupyterLab in {tmp_path}" in result.stdout
    assert started == [[sys.executable, "-m", "jupyterlab", "--port=9000", f"--ServerApp.root_dir={tmp_path}",
                        "--no-browser"]]


def test_lab_in_no_folder_is_one_line(tmp_path: Path, call):
    result = call("lab", tmp_path / "none")
    assert result.exit_code == 2 and "no such folder" in result.stderr and len(result.stderr.splitlines()) == 1
