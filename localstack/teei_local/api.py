"""The platform's API as a client sees it: through the gateway, with a token."""

from typing import Any

import requests

from . import deploy, localstack, settings, tokens
from .say import Problem


def base() -> str:
    """The API's address: ends with the stage, no /v1, no slash."""
    api = deploy.outputs().get("ApiId")
    if not api:
        raise Problem("no stack is deployed here: run `make up`")
    return f"{localstack.endpoint()}/_aws/execute-api/{api}/{settings.API_STAGE}"


class Api:
    """Requests as one role; `get` returns the body and raises on anything but 2xx."""

    def __init__(self, role: str = "admin", address: str | None = None, **who: str) -> None:
        self.address = address or base()
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy, no .netrc on the way to 127.0.0.1
        self.session.headers["Authorization"] = f"Bearer {tokens.token(role, **who)}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self.session.request(method, self.address + path, timeout=60, **options)
        except requests.RequestException as error:
            raise Problem(f"the API does not answer at {self.address}: {type(error).__name__}; is the stack up (`make status`)?") from None

    def get(self, path: str, **query: str) -> Any:
        answer = self.call("GET", path, params=query)
        if not answer.ok:
            raise Problem(f"GET {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()
