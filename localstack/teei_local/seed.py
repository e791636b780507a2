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
    """Migrations, the vault's first keys, a login for each role."""
    report = invoke.call("Migrate", {})
    return f"schema version {report['version']}, {len(report['applied'])} migrations applied, {len(report['logins'])} logins"


def load() -> str:
    """Loads the seed; loading it twice changes nothing."""
    added = invoke.call("Migrate", {"seed": True})["seeded"]
    return f"{added} rows added" if added else "was there already"
