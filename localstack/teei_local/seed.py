"""The owner's secret, the migrations and the seed: all done by the platform's own `migrate` function."""

import json
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError

from . import invoke, localstack, postgres, settings

OWNER_SECRET = f"teei/{settings.STAGE}/database/owner"
SCHEMAS = ("vault", "core", "intake", "bus", "audit")


def store_owner() -> None:
    """Puts the owner's login where `migrate` looks for it. Functions never see it."""
    parts = urlsplit(postgres.url())
    value = json.dumps({"username": unquote(parts.username or ""), "password": unquote(parts.password or "")})
    secrets = localstack.client("secretsmanager")
    try:
        secrets.create_secret(Name=OWNER_SECRET, SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        secrets.put_secret_value(SecretId=OWNER_SECRET, SecretString=value)


def migrate() -> str:
    return invoke.summary(invoke.call("Migrate", {}))


def load() -> str:
    """Loads the seed; loading it twice changes nothing."""
    return invoke.summary(invoke.call("Migrate", {"seed": True}))
