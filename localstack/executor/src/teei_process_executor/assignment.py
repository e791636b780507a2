"""Assignment of invocations to instances without the races of LocalStack 4.10.

Its `AssignmentService.get_environment` loses an invocation in two ways when
several arrive cold at once:
- it lists a new environment as ready and reserves it only then, so another
  thread may take it in between and the one that started it fails;
- it iterates the dictionary of environments while others add to it
  (`dictionary changed size during iteration`).
Containers start slowly enough to hide both; processes do not.
"""

import contextlib
import logging
from collections.abc import Iterator

from localstack.services.lambda_.invocation.assignment import AssignmentException, AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment, InvalidStatusException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def get_environment(
    self: AssignmentService, version_manager_id: str, function_version: FunctionVersion, provisioning_type: str
) -> Iterator[ExecutionEnvironment]:
    environment = _reserve_idle(self, version_manager_id, provisioning_type)
    if environment is None:
        if provisioning_type != "on-demand":
            raise AssignmentException("No provisioned concurrency environment available despite lease.")
        environment = self.start_environment(version_manager_id, function_version)
        environment.reserve()  # before anybody else can see it
        self.environments[version_manager_id][environment.id] = environment
    try:
        yield environment
        environment.release()
    except InvalidStatusException as error:
        LOG.error("InvalidStatusException: %s", error)
    except Exception as error:
        LOG.error("Failed invocation %s: %s", type(error), error, exc_info=LOG.isEnabledFor(logging.DEBUG))
        self.stop_environment(environment)
        raise


def _reserve_idle(
    service: AssignmentService, version_manager_id: str, provisioning_type: str
) -> ExecutionEnvironment | None:
    for environment in list(service.environments[version_manager_id].values()):
        if environment.initialization_type == provisioning_type:
            with contextlib.suppress(InvalidStatusException):
                environment.reserve()
                return environment
    return None


def install() -> None:
    AssignmentService.get_environment = get_environment
