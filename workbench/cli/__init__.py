"""The command line: parse, call, print. The only place that prints; everything heavy is imported inside a command.

===============  ==================================================================
``app``          the command group, and what an error becomes (one line, exit 2)
``studies``      ``study``
``configs``      finding studies; TOML and options checked against a study's Config
``making``       ``train-organism``, ``import``
``catalogue``    ``list``, ``show``
``runs``         ``export``, ``compare``
``lab``          ``lab``
``screen``       the consoles and the progress bars
===============  ==================================================================
"""

from workbench.cli.app import app


def main() -> None:
    """The program ``workbench``."""
    app()


__all__ = ["app", "main"]
