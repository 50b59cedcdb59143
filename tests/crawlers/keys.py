"""Private keys of no one, made anew for each run."""

import json

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

CURVED = ec.generate_private_key(ec.SECP256R1())
"""Of the sort that Apple gives."""


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def service_account(key: rsa.RSAPrivateKey) -> str:
    """The file that Google gives for an account of a program."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "snelveld",
            "private_key_id": "abc123",
            "private_key": pem(key),
            "client_email": "lezer@snelveld.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.example/token",
        }
    )
