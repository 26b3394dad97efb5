"""PyJWT as a peer: keys are made and written by `cryptography`, which PyJWT is used with."""

import datetime
import json
import secrets
import sys

import exchange
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import get_default_algorithms

AUDIENCE = "https://api.example"
SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1,
          "ES256K": ec.SECP256K1}
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
EDWARDS = {"EdDSA": ed25519.Ed25519PrivateKey, "EdDSA-Ed448": ed448.Ed448PrivateKey}
ASYMMETRIC = ["jwk", "jwk-private", "jwks", "spki", "pkcs8"]
ALGORITHMS = (
    {label: ["jwk", "secret"] for label in SECRET_BYTES}
    | {label: ASYMMETRIC for label in RSA}
    | {label: ASYMMETRIC for label in CURVES}
    | {label: ASYMMETRIC for label in EDWARDS}
)
LACKS = [
    {"label": label, "reason": "PyJWT registers no such algorithm"}
    for label in ("Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87")
] + [{"label": "any", "reason": "PyJWT computes no thumbprints (form: thumbprint)"}]


def algorithm_of(label):
    return label.split("-Ed448")[0]


def pem(key, public_format=None, private_format=None):
    encoding = serialization.Encoding.PEM
    if public_format:
        return key.public_key().public_bytes(encoding, public_format).decode()
    return key.private_bytes(encoding, private_format, serialization.NoEncryption()).decode()


def jwk_text(algorithm, key, kid):
    """What PyJWT writes (with key_ops, without alg and kid), and the kid that its users add."""
    return json.dumps(algorithm.to_jwk(key, as_dict=True) | {"kid": kid})


def pem_forms(label, key):
    public, private = serialization.PublicFormat, serialization.PrivateFormat
    forms = {
        "spki": pem(key, public_format=public.SubjectPublicKeyInfo),
        "pkcs8": pem(key, private_format=private.PKCS8),
    }
    if label in RSA:
        forms["pkcs1-public"] = pem(key, public_format=public.PKCS1)
        forms["pkcs1"] = pem(key, private_format=private.TraditionalOpenSSL)
    if label in CURVES:
        forms["sec1"] = pem(key, private_format=private.TraditionalOpenSSL)
    return forms


def certificate(label, key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "interop")])
    start = datetime.datetime(2024, 1, 1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
    )
    signed = builder.sign(key, None if label in EDWARDS else hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def produce(directory):
    rsa_keys = {"R": rsa.generate_private_key(65537, 2048),
                "P": rsa.generate_private_key(65537, 3072)}
    registered = get_default_algorithms()
    entries, public_keys = [], []
    for number, (label, reads) in enumerate(ALGORITHMS.items()):
        algorithm, kid = registered[algorithm_of(label)], f"pyjwt-{label}"
        if label in SECRET_BYTES:
            key = secrets.token_urlsafe(64)[: SECRET_BYTES[label]]
            forms = {"secret": key, "jwk": jwk_text(algorithm, key, kid)}
        else:
            if label in RSA:
                key = rsa_keys[label[0]]
            elif label in CURVES:
                key = ec.generate_private_key(CURVES[label]())
            else:
                key = EDWARDS[label].generate()
            forms = pem_forms(label, key) | {
                "jwk": jwk_text(algorithm, key.public_key(), kid),
                "jwk-private": jwk_text(algorithm, key, kid),
                "certificate": certificate(label, key),
            }
            public_keys.append(json.loads(forms["jwk"]))
        payload = exchange.payload(directory, number, kid)
        token = jwt.encode(json.loads(payload), key, algorithm=algorithm_of(label),
                           headers={"kid": kid})
        entries.append({"label": label, "alg": algorithm_of(label), "kid": kid, "reads": reads,
                        "forms": forms, "payload": payload, "token": token})
    return {"peer": "PyJWT", "version": jwt.__version__, "algorithms": entries, "lacks": LACKS,
            "jwks": json.dumps({"keys": public_keys})}


def import_key(case):
    """The key as PyJWT's documentation has it loaded, for the form at hand."""
    algorithm = get_default_algorithms()[case["alg"]]
    if case["form"] == "jwks":
        kid = jwt.get_unverified_header(case["token"])["kid"]
        return jwt.PyJWKSet.from_json(case["key"])[kid].key
    if case["form"] in ("jwk", "jwk-private"):
        return jwt.PyJWK.from_json(case["key"], case["alg"]).key
    return algorithm.prepare_key(case["key"])


def check(case):
    key = import_key(case)
    public = key.public_key() if hasattr(key, "private_bytes") else key

    def verify(token):
        return jwt.decode(token, public, algorithms=[case["alg"]], audience=AUDIENCE,
                          options={"require": ["jti"]})

    claims = verify(case["token"])
    verdict = {"payload": json.dumps(claims), "accepted": exchange.accepted(case["refuse"], verify)}
    if case["sign"]:
        verdict["signed"] = jwt.encode(json.loads(case["sign"]), key, algorithm=case["alg"])
    return verdict


if __name__ == "__main__":
    exchange.main(sys.argv, produce, check)
