"""What `aws cloudformation package` does: zips each function's CodeUri, uploads it, points the template to it.

A zip is the same bytes for the same content and is named by its hash, so
unchanged code is neither zipped nor sent again, and changed code is a changed
template.
"""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from . import localstack, settings
from .say import Problem, short

ZIPS = settings.HOME / "zips"
EPOCH = (1980, 1, 1, 0, 0, 0)
BUCKET = f"teei-{settings.STAGE}-artifacts-{settings.ACCOUNT}"


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: !Ref x, !GetAtt a.b, !Sub …"""


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)
# An unquoted date ("2012-10-17") is a string here.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path = settings.TEMPLATE) -> dict[str, Any]:
    if not path.exists():
        raise Problem(f"{short(path)} is missing: this is no complete checkout")
    try:
        return yaml.load(path.read_text(), Loader)
    except yaml.YAMLError as error:
        raise Problem(f"{short(path)} is no YAML: {' '.join(str(error).split())[:200]}") from None


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """{logical id: properties} of the template's functions."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] in ("AWS::Serverless::Function", "AWS::Lambda::Function")
    }


def binary_of(logical_id: str, template: dict[str, Any] | None = None) -> str:
    """The binary behind a logical id: the last part of its CodeUri."""
    return Path(functions(template or read())[logical_id]["CodeUri"]).name


def content(folder: Path) -> list[tuple[str, bytes]]:
    """What is in a function's folder; it must hold the bootstrap the runtime starts."""
    if not (folder / "bootstrap").exists():
        raise Problem(f"{short(folder)} has no bootstrap: the template and the binaries' names disagree")
    return [(str(p.relative_to(folder)), p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".")]


def archive(folder: Path) -> Path:
    """The zip of a function's folder, made unless one of the same content is there."""
    files = content(folder)
    sha = hashlib.sha256()
    for name, data in files:
        sha.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    zipped = ZIPS / f"{folder.name}-{sha.hexdigest()[:32]}.zip"
    if not zipped.exists():
        ZIPS.mkdir(parents=True, exist_ok=True)
        for old in ZIPS.glob(f"{folder.name}-" + "[0-9a-f]" * 32 + ".zip"):
            old.unlink()
        fresh = zipped.with_suffix(".part")
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
            for name, data in files:
                info = zipfile.ZipInfo(name, EPOCH)
                info.external_attr = (0o100755 if name == "bootstrap" else 0o100644) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = 3
                out.writestr(info, data)
        fresh.replace(zipped)
    return zipped


def package(base: Path = settings.ROOT, path: Path = settings.TEMPLATE) -> str:
    """The template as CloudFormation takes it: JSON, code in S3. `base`: what CodeUri is relative to."""
    template = read(path)
    for name, properties in functions(template).items():
        zipped = archive(base / properties["CodeUri"])
        upload(zipped)
        properties["CodeUri"] = f"s3://{BUCKET}/{zipped.name}"
    return json.dumps(template, sort_keys=True)


def fingerprint(base: Path = settings.ROOT) -> str:
    """Changes when any function's code changes; uploads nothing."""
    names = sorted(archive(base / properties["CodeUri"]).name for properties in functions(read()).values())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def upload(zipped: Path) -> None:
    s3 = localstack.client("s3")
    try:
        s3.head_object(Bucket=BUCKET, Key=zipped.name)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NoSuchBucket"):
            raise
    try:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": settings.REGION})
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
    s3.upload_file(str(zipped), BUCKET, zipped.name)
