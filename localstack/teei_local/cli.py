"""The commands behind the Makefile's targets, inside the virtual environment."""

import argparse
import os
import signal
import sys

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from . import settings
from .say import Problem, line, short


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="teei_local", description="the local cloud")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    for name, text in (
        ("up", "start everything and show it working"), ("down", "end every process"), ("clean", "down, and remove the folder"),
        ("reset", "empty the data and load the seed"), ("samples", "drop the sample files again"), ("status", "what runs"),
        ("acceptance", "the success criteria, proven on the running stack"), ("psql", "a prompt on the database"),
        ("testdb", "start a Postgres for tests, print its URL"), ("test", "all tests from nothing"),
        ("test-fast", "unit and integration tests"), ("generate", "refresh generated files"), ("bench", "start-up, size and memory of every binary"), 
        ("bench-load", "a million rows through the importer, beside psql's copy"), ("venv", "make the environment"),
    ):
        commands.add_parser(name, help=text)
    token = commands.add_parser("token", help="print a token")
    token.add_argument("--role", default="")
    for name in ("--subject", "--company", "--profile"):
        token.add_argument(name)
    webhook = commands.add_parser("webhook", help="send a signed sample delivery")
    for name in ("--source", "--event", "--bad"):
        webhook.add_argument(name, default="")
    logs = commands.add_parser("logs", help="follow the functions' logs")
    logs.add_argument("--fn", default="")
    invoke = commands.add_parser("invoke", help="send a function its sample event")
    invoke.add_argument("--fn", default="")
    invoke.add_argument("--event")
    return top


def main(arguments: list[str]) -> int:
    # A terminated command, or one whose terminal was closed, cleans up like an interrupted one.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    options = parser().parse_args(arguments)
    settings.quiet_environment()
    try:
        return dispatch(options) or 0
    except Problem as problem:
        line(f"teei: {problem}")
    except (Boto3Error, BotoCoreError, ClientError) as error:
        line(f"teei: the local cloud refused: {' '.join(str(error).split())[:300]} (log: {short(settings.LOGS / 'localstack.log')}; `make status` shows what runs)")
    return 1


def dispatch(options: argparse.Namespace) -> int | None:
    match options.command:
        case "up":
            from . import up

            return up.run()
        case "reset":
            from . import reset

            return reset.run()
        case "samples":
            from . import follow, table

            steps: list = []
            follow.samples(steps)
            print(table.render(steps))
        case "status":
            from . import status

            return status.run()
        case "acceptance":
            from . import acceptance

            return acceptance.run()
        case "token":
            from . import tokens

            if not tokens.PRIVATE.exists():
                raise Problem("there is no key to sign with yet: run `make up` first")
            print(tokens.token(options.role, options.subject, options.company, options.profile))
        case "invoke":
            from . import invoke

            return invoke.run(options.fn, options.event)
        case "webhook":
            from . import webhook

            return webhook.run(options.source, options.event, options.bad)
        case "logs":
            logs(options.fn)
        case "psql":
            from . import postgres, sql

            if not postgres.running():
                raise Problem("the database is down: run `make up`")
            sql.shell(postgres.url())
        case "testdb":
            from . import testrun

            print(testrun.database())
            line(f"    end it with: TEEI_HOME={short(settings.HOME)} make down")
        case "test":
            from . import testrun

            return testrun.everything()
        case "test-fast":
            from . import testrun

            return testrun.fast()
        case "generate":
            from . import testrun

            return testrun.generate()
        case "bench":
            from . import bench

            return bench.run()
        case "bench-load":
            from . import load

            return load.run()
        case "venv":
            return 0
    return 0


def logs(name: str) -> None:
    """Follows the functions' logs, from their last lines on, until interrupted."""
    from . import invoke

    files = [invoke.log_file(invoke.logical_id(name))] if name else sorted(
        file for file in settings.LOGS.glob("*.log") if file.stem[:1].isupper()
    )
    files = [file for file in files if file.exists()]
    if not files:
        raise Problem(f"no log in {short(settings.LOGS)} yet: the function was not called, or nothing ran")
    sys.stdout.flush()
    os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, files)])
