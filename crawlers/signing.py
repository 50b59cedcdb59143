"""Signing with a private key, by which interfaces know who asks."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key

HALF = 32
"""Bytes of each of the two numbers that make a signature on the curve P-256."""


class UnfitKey(Exception):
    """What should be a private key is none, or none of a sort that we sign with. Holds nothing of the key."""


def signed_token(claims: Mapping[str, object], private_key: str, key_id: str | None = None) -> str:
    """A JSON Web Token (RFC 7519) by RS256 or ES256 (RFC 7518, 3.3 and 3.4), as the key in PEM is of RSA or P-256.

    Raises UnfitKey.
    """
    key = _key(private_key)
    header = {"alg": "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256", "typ": "JWT"}
    if key_id is not None:
        header["kid"] = key_id
    said = f"{_written(json.dumps(header).encode())}.{_written(json.dumps(claims).encode())}"
    return f"{said}.{_written(_signature(key, said.encode()))}"


def _key(pem: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        # In an environment variable, lines often end in a backslash and an n.
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnfitKey("the private key cannot be read") from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise UnfitKey("the private key is of another sort than RSA or P-256")


def _signature(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, said: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(said, padding.PKCS1v15(), hashes.SHA256())
    first, second = utils.decode_dss_signature(key.sign(said, ec.ECDSA(hashes.SHA256())))
    return first.to_bytes(HALF) + second.to_bytes(HALF)


def _written(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()
