"""``workbench lab``."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.configs import bad
from workbench.cli.screen import say


def lab(
    folder: Annotated[Path | None, typer.Argument(help="Where to open it; default the notebooks, else here.")] = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open JupyterLab with the notebooks.

    [bold]Examples[/bold]

      workbench lab

      workbench lab --no-browser --port 9000          for a machine reached by ssh
    """
    import subprocess
    import sys
    from importlib import util

    if util.find_spec("jupyterlab") is None:
        raise bad("jupyterlab is not installed: pip install jupyterlab")
    notebooks = Path(__file__).resolve().parents[2] / "notebooks"
    where = folder or (notebooks if notebooks.is_dir() else Path.cwd())
    if not where.is_dir():
        raise bad(f"{where}: no such folder; give the folder of your notebooks")
    say(f"JupyterLab in {where} (stop it with Ctrl-C)")
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", f"--ServerApp.root_dir={where}"]
    raise typer.Exit(subprocess.call(command if browser else [*command, "--no-browser"]))
