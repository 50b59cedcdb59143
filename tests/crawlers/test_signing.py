"""Tokens that are signed here: what they say, and that the other side can check them."""

import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from crawlers.signing import UnfitKey, signed_token
from tests.crawlers.keys import CURVED, pem


def part(written: str) -> bytes:
    return urlsafe_b64decode(written + "=" * (-len(written) % 4))


def test_a_key_of_apple_signs_by_es256() -> None:
    said, _, signature = signed_token({"iss": "wie"}, pem(CURVED), "SLEUTEL1").rpartition(".")
    header, claims = (json.loads(part(one)) for one in said.split("."))
    raw = part(signature)
    whole = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))

    assert header == {"alg": "ES256", "typ": "JWT", "kid": "SLEUTEL1"}
    assert (claims, len(raw)) == ({"iss": "wie"}, 64)
    CURVED.public_key().verify(whole, said.encode(), ec.ECDSA(hashes.SHA256()))


def test_a_key_of_google_signs_by_rs256() -> None:
    key = rsa.generate_private_key(65537, 2048)
    said, _, signature = signed_token({"iss": "wie"}, pem(key)).rpartition(".")

    assert json.loads(part(said.split(".")[0])) == {"alg": "RS256", "typ": "JWT"}
    key.public_key().verify(part(signature), said.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_key_on_one_line_is_read() -> None:
    assert signed_token({}, pem(CURVED).replace("\n", "\\n")).count(".") == 2


@pytest.mark.parametrize(
    "key",
    ["", "sleutel", pem(ec.generate_private_key(ec.SECP384R1())), pem(CURVED)[:120], "-----BEGIN é-----"],
)
def test_what_is_no_key_is_told_without_showing_it(key: str) -> None:
    with pytest.raises(UnfitKey) as caught:
        signed_token({}, key)

    assert key[:20] not in str(caught.value) or not key
