"""``adan completion``: what a shell completes after ``adan``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from adan.cli._options import add_command

SCRIPT = """\
# Completes the commands and options of adan; files where neither fits.
_adan() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" path="adan" part
  for part in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $part" in {paths}) path="$path $part" ;; esac
  done
  case "$path" in
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _adan adan
"""
ZSH = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"


def add(commands: argparse._SubParsersAction, parser: argparse.ArgumentParser) -> None:
    """Add ``completion``, of the whole parser."""
    command = add_command(
        commands, "completion", "print a script that lets a shell complete commands and options"
    )
    command.add_argument(
        "shell",
        choices=("bash", "zsh"),
        help="which shell; in bash run: source <(adan completion bash)",
    )
    command.set_defaults(run=_completion, parser=parser)


def _completion(options: argparse.Namespace) -> None:
    words = dict(_words(options.parser, "adan"))
    cases = "\n".join(f'    "{path}") words="{" ".join(w)}" ;;' for path, w in words.items())
    paths = "|".join(f'"{path}"' for path in words if " " in path)
    print((ZSH if options.shell == "zsh" else "") + SCRIPT.format(paths=paths, cases=cases), end="")


def _words(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command, as typed, with the words that may follow it."""
    words = [word for word in parser._option_string_actions if word.startswith("--")]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from _words(command, f"{path} {name}")
        if action.choices and (action.option_strings or action.dest):
            words += [str(choice) for choice in action.choices]
    yield path, words
