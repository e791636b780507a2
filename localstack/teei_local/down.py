"""`down` ends every process of the stack, `clean` also removes its folder. Readable for Python 3.6."""

import json
import os
import shutil
import signal
import sys

from teei_local import processes
from teei_local.say import line, short

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOME = os.path.realpath(os.environ.get("TEEI_HOME") or os.path.join(ROOT, ".local"))


def run(command):
    nested = command == "clean"  # a second stack below the folder loses its ground as well
    ended = stop(nested)
    left = processes.of_stack(HOME, nested)
    if left:
        line("teei: these processes would not end, end them by hand: %s" % ", ".join(map(str, sorted(left))))
        return 1
    line("down: %s" % ("%d processes ended, none left" % ended if ended else "nothing was running"))
    if command == "down":
        if ended:
            line("      The local cloud keeps no state: the next `make up` starts from the seed.")
        return 0
    clean()
    return 0


def stop(nested=False):
    """Ends Postgres by its own fast shutdown first, then everything else. The number of processes ended."""
    commands = processes.of_stack(HOME, nested)
    running = len(commands)
    data = outside("data") or os.path.join(HOME, "postgres", "data")
    try:
        with open(os.path.join(data, "postmaster.pid")) as file:
            postmaster = int(file.readline())
        if postmaster in processes.of_stack(HOME):
            os.kill(postmaster, signal.SIGINT)  # SIGTERM would wait for the functions' connections
    except (OSError, ValueError):
        pass
    processes.end(HOME, nested=nested)
    if not os.path.isdir(HOME):  # deleted by hand: what lay outside has lost its note
        for command in commands.values():
            folder = os.path.dirname(command.split(" -D ")[-1].split(" ")[0]) if " -D " in command else ""
            if os.path.basename(folder).startswith("teei-"):
                shutil.rmtree(folder, ignore_errors=True)
    for name in ("stack.json", "state.json"):
        try:
            os.remove(os.path.join(HOME, name))
        except OSError:
            pass
    return running


def outside(name, home=HOME):
    """Where Postgres went when it could not live in the project; see postgres.py."""
    try:
        with open(os.path.join(home, "postgres.json")) as file:
            return json.load(file).get(name)
    except (OSError, ValueError):
        return None


def clean():
    for home in [HOME] + [entry.path for entry in os.scandir(HOME) if entry.is_dir()] if os.path.isdir(HOME) else []:
        elsewhere = outside("elsewhere", home)
        if elsewhere and os.path.basename(elsewhere).startswith("teei-"):
            shutil.rmtree(elsewhere, ignore_errors=True)
    if os.path.isdir(HOME):
        shutil.rmtree(HOME, ignore_errors=True)
    if os.path.isdir(HOME):
        line("teei: %s could not be removed whole: remove it by hand" % short(HOME))
        sys.exit(1)
    line("clean: %s is gone" % short(HOME))
