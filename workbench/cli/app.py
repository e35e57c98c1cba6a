"""The group of commands, and what becomes of an error."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from workbench.cli import catalogue, lab, making, runs, studies
from workbench.cli.screen import complain, say

EXAMPLES = """Steering reliability of a language model's propensities: which direction, how coherent, how reliable,
on whom does it backfire?

[bold]Start here[/bold]

  workbench study                                     the built-in model and concepts: a report in minutes

  workbench list concepts                             what can be studied

  workbench study --model path/to/hf-model --concepts shutdown,art

  workbench import my-pairs.csv --out my-concepts     your own contrast as a concept

Every command has its own --help with examples.
"""


class Commands(TyperGroup):
    """Bad input is one red line and exit code 2; an interrupt is said and exits with 130; a bug keeps its traceback."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            complain("interrupted; what was finished is kept, and the same command goes on from there")
            raise typer.Exit(130) from None
        except Exception as error:
            if not is_bad_input(error):
                raise
            complain(f"error: {error}")
            raise typer.Exit(2) from None


def is_bad_input(error: Exception) -> bool:
    """True for a WorkbenchError. Its module is slow to import, so it is asked for only once something went wrong."""
    if isinstance(error, typer.Exit | typer.Abort):
        return False
    from workbench.types import WorkbenchError

    return isinstance(error, WorkbenchError)


app = typer.Typer(
    cls=Commands, help=EXAMPLES, rich_markup_mode="rich", no_args_is_help=True, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def version(asked: bool) -> bool:
    """Print the version and leave, if asked."""
    if asked:
        from workbench import __version__

        say(f"workbench {__version__}")
        raise typer.Exit()
    return asked


@app.callback()
def options(
    shown: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Print it.")] = False,
) -> None:
    pass


app.command("study")(studies.study)
app.command("train-organism")(making.train_organism)
app.command("import")(making.import_concepts)
app.command("list")(catalogue.list_all)
app.command("show")(catalogue.show)
app.command("export")(runs.export_figures)
app.command("paper")(runs.paper)
app.command("compare")(runs.compare)
app.command("lab")(lab.lab)
