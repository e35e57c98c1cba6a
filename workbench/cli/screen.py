"""What the user sees: results on standard output, progress and errors on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

Report = Callable[[str, int, int], None]


def say(line: object = "") -> None:
    """One line of results: no markup, no wrapping, so that it can be piped."""
    Console().print(Text(str(line)), soft_wrap=True)


def complain(message: str) -> None:
    """One red line on standard error."""
    Console(stderr=True).print(Text(" ".join(message.split()), style="red"), soft_wrap=True)


def table(title: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    """Rows under a title. Cells are plain text: a name from a file cannot style the terminal."""
    grid = Table(title=Text(f"{title} ({len(rows)})"), title_justify="left", box=None, pad_edge=False)
    for number, name in enumerate(columns):
        grid.add_column(Text(name), no_wrap=number == 0, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(str(cell)) for cell in row))
    Console().print(grid)


@contextmanager
def bars() -> Iterator[Report]:
    """Yields ``report(message, done, total)``; a bar per stage, and a new stage is where the count starts over."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        stage: list[TaskID] = []

        def report(message: str, done: int, total: int) -> None:
            current = next((t for t in shown.tasks if stage and t.id == stage[-1]), None)
            if current is None or current.total != total or done < current.completed:
                if current is not None:
                    shown.update(current.id, completed=current.total)  # what is followed by another stage is done
                stage.append(shown.add_task(message, total=total))
            shown.update(stage[-1], description=message, completed=done)

        try:
            yield report
        except BaseException:
            shown.live.transient = True  # an error is one line: half-filled bars before it tell nothing
            raise
