"""The local key pair and tokens signed with it (ES256). The private key never leaves the stack's folder."""

import base64
import hashlib
import json
import os
import time
import uuid

from . import settings
from .say import Problem

PRIVATE = settings.KEYS / "jwt.pem"
ROLES = ("admin", "coordinator", "reviewer", "safeguarding", "dpo", "company_user", "participant", "volunteer", "service")


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private_key():
    """The stack's key, made at first use."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if not PRIVATE.exists():
        settings.prepare()
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(os.open(PRIVATE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    return serialization.load_pem_private_key(PRIVATE.read_bytes(), None)


def public_jwk() -> dict[str, str]:
    point = private_key().public_key().public_numbers()
    jwk = {"crv": "P-256", "kty": "EC", "x": encode(point.x.to_bytes(32, "big")), "y": encode(point.y.to_bytes(32, "big"))}
    # The key id is the key's thumbprint (RFC 7638).
    kid = encode(hashlib.sha256(json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()).digest())
    return jwk | {"kid": kid, "alg": "ES256", "use": "sig"}


def jwks() -> str:
    return json.dumps({"keys": [public_jwk()]}, separators=(",", ":"))


def token(
    role: str, subject: str | None = None, company: str | None = None, profile: str | None = None,
    seconds: int = 3600, claims: dict | None = None,
) -> str:
    """A signed token for one role. `claims` overrides or adds, for tests of what must be refused."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    if role not in ROLES:
        raise Problem(f"ROLE={role or ''} is no role: use one of {', '.join(ROLES)}")
    for name, value in (("COMPANY", company), ("PROFILE", profile)):
        if value:
            try:
                uuid.UUID(value)
            except ValueError:
                raise Problem(f"{name}={value} is no uuid") from None
    now = int(time.time())
    body = {"sub": subject or role, "role": role, "iat": now, "nbf": now, "exp": now + seconds, "iss": settings.ISSUER, "aud": settings.AUDIENCE}
    body |= {"company_id": company} if company else {}
    body |= {"profile_id": profile} if profile else {}
    body |= claims or {}
    header = {"alg": "ES256", "typ": "JWT", "kid": public_jwk()["kid"]}
    signed = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, body))
    r, s = utils.decode_dss_signature(private_key().sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
