"""The two races of LocalStack's assignment, made to happen every time."""

import threading

import pytest

pytest.importorskip("localstack")

from localstack.services.lambda_.invocation.execution_environment import InvalidStatusException

from teei_process_executor.assignment import get_environment


class Environment:
    initialization_type = "on-demand"

    def __init__(self, id: str, on_reserve=lambda: None) -> None:
        self.id, self.on_reserve, self.free = id, on_reserve, threading.Lock()

    def reserve(self) -> None:
        self.on_reserve()
        if not self.free.acquire(blocking=False):
            raise InvalidStatusException(f"{self.id} is taken")

    def release(self) -> None:
        self.free.release()


class GreedyDict(dict):
    """Somebody else tries to take an environment in the moment it is listed."""

    def __setitem__(self, id: str, environment: Environment) -> None:
        super().__setitem__(id, environment)
        with pytest.raises(InvalidStatusException):
            environment.reserve()


class Service:
    def __init__(self, environments: dict[str, Environment]) -> None:
        self.environments = {"version": environments}
        self.started = 0

    def start_environment(self, version_manager_id, function_version) -> Environment:
        self.started += 1
        return Environment(f"new-{self.started}")

    def stop_environment(self, environment: Environment) -> None:
        self.environments["version"].pop(environment.id)


def test_a_new_environment_cannot_be_taken_by_another_invocation_before_the_one_that_started_it():
    service = Service(GreedyDict())
    with get_environment(service, "version", None, "on-demand") as environment:
        assert environment.id == "new-1"


def test_environments_may_be_added_while_an_idle_one_is_looked_for():
    environments: dict[str, Environment] = {}

    def another_invocation_adds_one():
        environments[f"added-{len(environments)}"] = Environment("added")

    for id in ("a", "b"):
        environments[id] = Environment(id, another_invocation_adds_one)
        environments[id].free.acquire()
    service = Service(environments)
    with get_environment(service, "version", None, "on-demand") as environment:
        assert environment.id == "new-1"


def test_an_idle_environment_is_used_again_and_a_failed_one_is_stopped():
    service = Service({})
    with get_environment(service, "version", None, "on-demand"):
        pass
    with pytest.raises(ZeroDivisionError), get_environment(service, "version", None, "on-demand") as environment:
        assert environment.id == "new-1"
        1 / 0
    assert service.environments["version"] == {}
