"""The command line, and what becomes of what the commands raise."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dync.commands.terminal import drain, failure, prepare_streams


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; always ends by SystemExit: 0 fine, 1 failed, 2 wrong usage, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    prepare_streams()
    try:
        _run(words)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        sys.exit(failure(error))
    finally:
        drain()


def _run(words: list[str]) -> None:
    """Run a command. `dync check FILE…` without options does without Typer, which takes longer to load than it does."""
    if words[:1] == ["check"] and len(words) > 1 and not any(word.startswith("-") for word in words[1:]):
        from dync.commands.checking import check_as_text

        sys.exit(check_as_text(words[1:]))
    from dync.commands.app import run_command

    run_command(words)


if __name__ == "__main__":
    main()
