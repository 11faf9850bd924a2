"""The command line: ``menaquinone run TRIAL``, ``trials``, ``scorecard``, ``schema``, ``describe``, ``foods``.

A mistake ends with one sentence on stderr and exit code 2, Ctrl-C with 130; files appear whole or not at all.
"""

import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from menaquinone.errors import InputError, MissingExtraError, SolveError, refused, require, unknown

if TYPE_CHECKING:
    from menaquinone.declare import Value
    from menaquinone.inputs.people import Record
    from menaquinone.trials.design import Trial

MISTAKE = 2
INTERRUPTED = 130
_pressed = threading.Event()
"""Ctrl-C has been pressed: an interrupt that is raised where Python ignores exceptions, as in a destructor, is lost."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        Those after the program's name; of the command line when left out.

    Returns
    -------
    int
        0, 2 after a mistake, or 130 after Ctrl-C.
    """
    try:
        require("typer", "cli", "the command line")
        with _noticing(), warnings.catch_warnings():  # who calls this from Python gets their own ways back
            warnings.showwarning = _show
            return _invoke(sys.argv[1:] if arguments is None else list(arguments))
    except (InputError, MissingExtraError, SolveError) as mistake:
        return _say(str(mistake), MISTAKE)
    except OSError as problem:
        place = f" '{problem.filename}'" if problem.filename else ""
        return _say(f"{problem.strerror or problem}{place}.", MISTAKE)
    except KeyboardInterrupt:
        return _say("interrupted; files appear whole or not at all.", INTERRUPTED)
    except Exception as fault:
        if os.environ.get("MENAQUINONE_DEBUG"):
            raise
        words = f"{type(fault).__name__}: {' '.join(str(fault).split())}"
        return _say(f"a fault in the library ({words}); MENAQUINONE_DEBUG=1 shows where.", MISTAKE)


@contextmanager
def _noticing() -> Iterator[None]:
    """Note that Ctrl-C is pressed, beside interrupting; other ways of dealing with it are left alone."""
    _pressed.clear()
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _press(*_: object) -> None:
    _pressed.set()
    raise KeyboardInterrupt


def _heed() -> None:
    """Interrupt now if an interrupt was lost."""
    if _pressed.is_set():
        raise KeyboardInterrupt


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"menaquinone: {sentence}\n")
    return code


def _show(message: Warning | str, *_: object, **__: object) -> None:
    """Show a warning as a sentence, without the place in the code."""
    sys.stderr.write(f"menaquinone: warning: {message}\n")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _invoke(arguments: list[str]) -> int:
    import typer

    command = typer.main.get_command(_app())
    try:
        code = command.main(args=arguments, prog_name="menaquinone", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as refusal:
        if not hasattr(refusal, "format_message"):  # not one of the parser's own
            raise
        raise _usage_mistake(refusal) from None
    _heed()
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _usage_mistake(refusal: Any) -> InputError:
    """Word a refusal of the parser as one of ours."""
    kind, context = type(refusal).__name__, getattr(refusal, "ctx", None)
    if kind == "NoSuchOption" and context is not None:
        known = [name for one in context.command.params for name in one.opts if name.startswith("-")]
        return unknown("option", refusal.option_name, [*known, "--help"])
    if "No such command" in refusal.format_message() and context is not None:
        return unknown("command", refusal.format_message().split("'")[1], sorted(context.command.commands))
    said = " ".join(refusal.format_message().split())
    return InputError(f"{said[:1].lower()}{said[1:].rstrip('.')}; 'menaquinone --help' shows what can be given.")


def _app() -> Any:
    import typer

    app = typer.Typer(
        name="menaquinone", add_completion=False, no_args_is_help=False, rich_markup_mode=None,
        help="Vitamin K2 in virtual people: from a dose to carboxylation markers, calcium scores and stiffness. "
        "For research: not medical advice, not a dosing tool.",
    )  # fmt: skip

    @app.callback(invoke_without_command=True)
    def top(
        context: typer.Context,
        version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
    ) -> None:
        if version:
            from menaquinone.results import package_version

            _print(f"menaquinone {package_version()}")
        elif context.invoked_subcommand is None:
            _print(context.get_help())

    _add_simulating(app)
    _add_looking_up(app)
    return app


def _add_simulating(app: Any) -> None:
    """Add the commands that solve trials."""
    import typer

    @app.command("run", short_help="Simulate a trial: a file, a picture and a table.")
    def run(
        trial: Annotated[
            str, typer.Argument(metavar="TRIAL", help="A built-in trial (see 'menaquinone trials') or a TOML file.")
        ],
        n: Annotated[int | None, typer.Option("--n", help="Virtual people; the published total when left out.")] = None,
        seed: Annotated[int | None, typer.Option(help="Seed of every draw; that of the file when left out.")] = None,
        workers: Annotated[int | None, typer.Option(help="Threads; all cores when left out.")] = None,
        out: Annotated[Path, typer.Option(help="Directory for NAME.nc and NAME.png.")] = Path(),
        rtol: Annotated[float, typer.Option(help="Relative tolerance of the results.")] = 1e-6,
    ) -> None:
        """Simulate a trial: write NAME.nc and NAME.png, print a table with the reported figures."""
        _run(trial, out, {"n": n, "rng": seed, "workers": workers, "rtol": rtol})

    @app.command("scorecard", short_help="Compare every published trial with the model.")
    def scorecard(
        trials: Annotated[
            list[str] | None, typer.Argument(metavar="[TRIAL]...", help="Trial files that join the card.")
        ] = None,
        n: Annotated[int | None, typer.Option("--n", help="Virtual people in each arm; 400 when left out.")] = None,
        seed: Annotated[int | None, typer.Option(help="Seed of every draw; those of the files when left out.")] = None,
        workers: Annotated[int | None, typer.Option(help="Threads; all cores when left out.")] = None,
        out: Annotated[Path | None, typer.Option(help="Directory for scorecard.csv and scorecard.png.")] = None,
        uncertainty: Annotated[
            int | None, typer.Option(help="Sets of parameters drawn from the calibration, for a second interval.")
        ] = None,
        only: Annotated[bool, typer.Option("--only", help="The trials named, without the others.")] = False,
    ) -> None:
        """Simulate every trial that ships, and those given; show predicted beside reported, misses included."""
        options = {"rng": seed, "workers": workers, "uncertainty": uncertainty}
        _scorecard(list(trials or ()), out, n, options, only=only)


def _add_looking_up(app: Any) -> None:
    """Add the commands that print what the package holds."""
    import typer

    @app.command("trials")
    def trials() -> None:
        """List the trials that ship with the package."""
        _trials()

    @app.command("schema")
    def schema() -> None:
        """Print the JSON schema of a trial file."""
        from menaquinone.trials import schema as written

        _print(json.dumps(written(), indent=2))

    @app.command("describe", short_help="Print parameters with their sources.")
    def describe(
        what: Annotated[
            str, typer.Argument(metavar="WHAT", help="A model, a parameter such as 'clearance[MK-7]', or a population.")
        ] = "vitamin_k",
    ) -> None:
        """Print parameters: value, unit, spread, source and how it was read."""
        _print(_described(what))

    @app.command("foods", short_help="List or search what foods hold.")
    def foods(
        search: Annotated[str, typer.Argument(metavar="[SEARCH]", help="Part of a food's name.")] = "",
        region: Annotated[str | None, typer.Option(help="Only rows of a region such as NL, FR, US or JP.")] = None,
    ) -> None:
        """List what published rows say 100 g of foods hold, side by side; a star marks what a region's diet counts."""
        from menaquinone.report import foods_text

        _print(foods_text(search, region))


def _trials() -> None:
    from menaquinone.trials import load, names

    width = max(len(name) for name in names())
    for name in names():
        _print(f"{name:<{width}}  {load(name).title}")


def _scorecard(given: list[str], out: Path | None, n: int | None, options: dict[str, Any], *, only: bool) -> None:
    from menaquinone.trials import load, names
    from menaquinone.trials.scorecard import PEOPLE, scorecard, to_csv

    if only and not given:
        raise refused("trials with --only", "none", "at least one name or file")
    loaded = [load(name) for name in dict.fromkeys((*(() if only else names()), *given))]
    trials = {one.name: one for one in loaded}
    if len(trials) < len(loaded):
        twice = next(one.name for one in loaded if [other.name for other in loaded].count(one.name) > 1)
        raise refused("name of a trial", twice, "one that no other trial on the card has")
    if out is not None:
        require("matplotlib", "plot", "the picture of the scorecard")
    found = scorecard(trials.values(), n=PEOPLE if n is None else n, progress=_tell_trial, **options)
    if out is not None:
        with _into(out, "scorecard.csv", "scorecard.png") as (table, picture):
            from menaquinone.plotting import scorecard_figure

            table.write_text(to_csv(found), encoding="utf-8")
            scorecard_figure(found).savefig(picture, format="png", dpi=110)
    _print_card(found, trials)
    if out is not None:
        _print(f"\nwritten: {out / 'scorecard.csv'} and {out / 'scorecard.png'}")


def _tell_trial(done: int, total: int, name: str) -> None:
    if name:
        sys.stderr.write(f"trial {done + 1} of {total}: {name}\n")
        sys.stderr.flush()


def _print_card(found: Any, trials: Any) -> None:
    from menaquinone.results import NOT_ADVICE
    from menaquinone.trials import scorecard

    if not sys.stdout.isatty():
        _print(f"{scorecard.text(found, trials)}\n{NOT_ADVICE}")
        return
    from rich.console import Console

    from menaquinone.report import scorecard_rich

    console = Console(highlight=False, markup=False)
    said = (*scorecard.misses(found, trials), *scorecard.contradictions(found, trials), scorecard.summary(found))
    console.print(scorecard_rich(found, trials), "", *said, scorecard.LEGEND, NOT_ADVICE, sep="\n")


def _run(name: str, out: Path, options: dict[str, Any]) -> None:
    from menaquinone.trials import load

    trial = load(name)
    require("matplotlib", "plot", "the picture of a trial")
    require("h5netcdf", "io", "the file of a trial")
    names = f"{trial.name}.nc", f"{trial.name}.png"
    with _into(out, *names) as (table, picture):
        with _progress(trial) as progress:
            outcome = trial.run(progress=progress, **options)
        from menaquinone.plotting import trial_figure
        from menaquinone.results import to_netcdf

        to_netcdf(outcome, table)
        trial_figure(outcome, trial).savefig(picture, format="png")
    _print_report(outcome, trial)
    _print(f"\nwritten: {' and '.join(str(out / name) for name in names)}")


@contextmanager
def _into(out: Path, *names: str) -> Iterator[list[Path]]:
    """Give a temporary name for each file in a directory; they appear once everything inside has gone well."""
    from menaquinone.results import atomic

    with ExitStack() as stack:
        try:
            out.mkdir(parents=True, exist_ok=True)
            held = [stack.enter_context(atomic(out / name)) for name in names]
        except OSError as problem:
            raise refused("--out", str(out), f"a directory that can be written to ({problem.strerror})") from None
        yield held
        _heed()


@contextmanager
def _progress(trial: "Trial") -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr; a line for every quarter where stderr is not a terminal."""
    if not sys.stderr.isatty():
        quarters: set[int] = set()

        def tell(done: int, total: int) -> None:
            quarter = 4 * done // max(total, 1)
            if quarter not in quarters:
                quarters.add(quarter)
                sys.stderr.write(f"{trial.name}: {done} of {total} person-arms simulated\n")
                sys.stderr.flush()

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("person-arms"), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(trial.name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_report(outcome: Any, trial: "Trial") -> None:
    from menaquinone import report

    if not sys.stdout.isatty():
        _print(report.text(outcome, trial))
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=True)
    told = report.heading(outcome, trial), report.table_rich(outcome, trial), report.cautions(outcome)
    console.print(*told, sep="\n\n")
    console.print("", report.sources(outcome, trial), sep="\n")


def _described(what: str) -> str:
    from menaquinone import models
    from menaquinone.catalogue.antagonists import ANTAGONISTS
    from menaquinone.inputs.people import RECORDS
    from menaquinone.model import bracketed

    ready: dict[str, Callable[[], Any]] = {"vitamin_k": models.vitamin_k, "rat": models.rat}
    if what in ready:
        return str(ready[what]().describe())
    if what == "populations":
        width = max(map(len, RECORDS))
        return "\n".join(f"{name:<{width}}  {record.meaning}" for name, record in RECORDS.items())
    if what in RECORDS:
        return _people(RECORDS[what])
    said, names = [], [*ready, "populations", *RECORDS]
    for stage in models.vitamin_k(antagonists=ANTAGONISTS).stages:
        for (name, label), value in stage.values.items():
            full = bracketed(name, label)
            names += [name, full]
            if what in (name, full):
                said.append(_parameter(full, stage.block.parameters[name].meaning, value))
    if not said:
        near = get_close_matches(what, dict.fromkeys(names), n=4, cutoff=0.5)
        raise unknown("model, parameter or population", what, near or [*ready, "populations", *RECORDS])
    return "\n".join(said)


def _people(record: "Record") -> str:
    """Return what is drawn of every person: the law, unit, source and how it was read."""
    from menaquinone.declare import Value
    from menaquinone.inputs.distributions import ByCategory, in_words
    from menaquinone.model import read_as

    said = [f"{record.name}: {record.meaning}", *(f"  {note}" for note in record.notes)]
    for name, draw in record.draws.items():
        source = read_as(Value(0.0, draw.unit, draw.source, note=draw.note))
        groups = record.draws[draw.distribution.of].categories if isinstance(draw.distribution, ByCategory) else ()
        law, unit = in_words(draw.distribution, draw.categories, groups), "" if draw.unit == "1" else f" {draw.unit}"
        moves = (
            f", moving by {draw.along[2]:.4g} per unit of {draw.along[0]} from {draw.along[1]:g}" if draw.along else ""
        )
        said += [f"  {name}: {draw.meaning}", f"    {law}{unit}{moves}  [{source}]"]
    for group in record.correlations:
        said.append(f"  correlated: {', '.join(group.names)}  [{group.source}]")
    return "\n".join(said)


def _parameter(name: str, meaning: str, value: "Value") -> str:
    """Return value, unit, spread, source and how it was read, one a line."""
    from menaquinone.declare import source_ids
    from menaquinone.report import citation

    spread = f"log-normal between people, omega {value.omega:g}" if value.omega else "none between people"
    lines = [f"{name} = {value.value:g} {value.unit}", f"{meaning}", f"spread: {spread}", f"source: {value.source}"]
    lines += [f"note: {value.note}"] if value.note else []
    return "\n  ".join([*lines, *(citation(row) for row in source_ids(value.source))])


if __name__ == "__main__":
    sys.exit(main())
