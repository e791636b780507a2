import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runtime import write_zip

from teei_process_executor.environment import reserved
from teei_process_executor.package import unpack
from teei_process_executor.sandbox import Function, Sandbox


@pytest.fixture
def sandbox(tmp_path):
    """Makes a sandbox from the code of a bootstrap; all are stopped at the end."""
    made = []

    def make(code: str, env: dict[str, str] | None = None, **settings) -> Sandbox:
        number = len(made)
        bootstrap = unpack(write_zip(tmp_path / f"{number}.zip", code), tmp_path / f"task-{number}")
        temp_root = tmp_path / "tmp"
        temp_root.mkdir(exist_ok=True)
        base = reserved(name="probe", task_root=bootstrap.parent)
        made.append(Sandbox(Function(bootstrap=bootstrap, env={**base, **(env or {})}, temp_root=str(temp_root), **settings)))
        return made[-1]

    yield make
    for each in made:
        each.stop()
