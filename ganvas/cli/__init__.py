"""The command line: each verb parses, calls one function and prints. `main` turns every GanvasError into one line."""

from __future__ import annotations

import io
import sys

INTERRUPTED = 130
STOPPED = "stopped; the same command does what is left"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 something a person can mend, 2 a command that is not one, 130 Ctrl-C."""
    _print_in_any_encoding()
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [word for word in given if word != "--debug"]
    if debug:
        _run(given)
        return
    try:
        _run(given)
    except KeyboardInterrupt:
        _say(STOPPED, INTERRUPTED)
    except Exception as error:
        if type(error).__name__ == "Abort":  # what older Typer makes of Ctrl-C
            _say(STOPPED, INTERRUPTED)
        _explain(error)


def _print_in_any_encoding() -> None:
    # × and … where the terminal has none, or a file name that is no text, must not end a command that did its work
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _run(arguments: list[str]) -> None:
    from ganvas.cli.app import app

    code = app(args=arguments, prog_name="ganvas", standalone_mode=False)
    if code == INTERRUPTED:  # what newer Typer makes of Ctrl-C
        raise KeyboardInterrupt
    if isinstance(code, int) and code:
        sys.exit(code)


def _explain(error: Exception) -> None:
    from ganvas.errors import GanvasError

    if isinstance(error, GanvasError):
        _say(str(error), 1)
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
        print(error.format_message())  # type: ignore[attr-defined]
        sys.exit(2)
    if hasattr(error, "format_message"):  # Click's and Typer's usage errors
        verb = context.command_path if (context := getattr(error, "ctx", None)) else "ganvas"
        _say(f"{_plain(error.format_message())} (see `{verb} --help`)", getattr(error, "exit_code", 2))
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        _say(f"the system said: {error.strerror or error}{where}", 1)
    _say(
        f"a fault of ganvas: {type(error).__name__}: {error}; run it again with --debug and report what it shows",
        1,
    )


def _plain(message: str) -> str:
    return " ".join(message.split())


def _say(line: str, code: int) -> None:
    print(f"ganvas: {_plain(line)}", file=sys.stderr)
    sys.exit(code)
