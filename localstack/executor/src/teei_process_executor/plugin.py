"""The entry point by which LocalStack finds the executor: LAMBDA_RUNTIME_EXECUTOR=teei-process."""

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "teei-process"

    def load(self, *args, **kwargs):
        from . import assignment
        from .executor import ProcessRuntimeExecutor

        assignment.install()
        return ProcessRuntimeExecutor
