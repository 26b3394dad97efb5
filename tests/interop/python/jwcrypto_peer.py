"""jwcrypto as a peer. It signs bytes, so the payload goes in and comes out as it stands."""

import base64
import importlib.metadata
import json
import sys

import exchange
from jwcrypto import jwk, jws, jwt

AUDIENCE = "https://api.example"
ASYMMETRIC = ["jwk", "jwk-private", "jwks", "spki", "pkcs8"]
SYMMETRIC = ["jwk", "secret"]
# label: (arguments of JWK.generate, key forms that jwcrypto reads)
ALGORITHMS = {
    "HS256": ({"kty": "oct", "size": 256}, SYMMETRIC),
    "HS384": ({"kty": "oct", "size": 384}, SYMMETRIC),
    "HS512": ({"kty": "oct", "size": 512}, SYMMETRIC),
    "RS256": ({"kty": "RSA", "size": 2048}, ASYMMETRIC),
    "RS384": ({"kty": "RSA", "size": 2048}, ASYMMETRIC),
    "RS512": ({"kty": "RSA", "size": 3072}, ASYMMETRIC),
    "PS256": ({"kty": "RSA", "size": 2048}, ASYMMETRIC),
    "PS384": ({"kty": "RSA", "size": 2048}, ASYMMETRIC),
    "PS512": ({"kty": "RSA", "size": 3072}, ASYMMETRIC),
    "ES256": ({"kty": "EC", "crv": "P-256"}, ASYMMETRIC),
    "ES384": ({"kty": "EC", "crv": "P-384"}, ASYMMETRIC),
    "ES512": ({"kty": "EC", "crv": "P-521"}, ASYMMETRIC),
    "ES256K": ({"kty": "EC", "crv": "secp256k1"}, ASYMMETRIC),
    "EdDSA": ({"kty": "OKP", "crv": "Ed25519"}, ASYMMETRIC),
    "EdDSA-Ed448": ({"kty": "OKP", "crv": "Ed448"}, ASYMMETRIC),
    "Ed25519": ({"kty": "OKP", "crv": "Ed25519"}, ASYMMETRIC),
    "Ed448": ({"kty": "OKP", "crv": "Ed448"}, ASYMMETRIC),
}
LACKS = []


def add_ml_dsa():
    """ML-DSA is there where `cryptography` was built with an OpenSSL that has it."""
    for label in ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"):
        if label in jwk.ImplementedAKPAlgorithms:
            ALGORITHMS[label] = ({"kty": "AKP", "alg": label}, ASYMMETRIC)
        else:
            reason = "not in the OpenSSL that cryptography was built with"
            LACKS.append({"label": label, "reason": reason})


def algorithm_of(label):
    return label.split("-Ed448")[0]


def sign(payload, key, algorithm, header):
    token = jws.JWS(payload.encode())
    token.add_signature(key, protected=json.dumps({"alg": algorithm, "typ": "JWT"} | header))
    return token.serialize(compact=True)


def produce(directory):
    entries, public_keys = [], jwk.JWKSet()
    for number, (label, (parameters, reads)) in enumerate(ALGORITHMS.items()):
        algorithm, kid = algorithm_of(label), f"jwcrypto-{label}"
        key = jwk.JWK.generate(**({"kid": kid, "use": "sig", "alg": algorithm} | parameters))
        if parameters["kty"] == "oct":
            forms = {"jwk": key.export_symmetric()}
        else:
            forms = {"jwk": key.export_public(), "jwk-private": key.export_private()}
            public_keys.add(jwk.JWK.from_json(forms["jwk"]))
            forms["spki"] = key.export_to_pem().decode()
            forms["pkcs8"] = key.export_to_pem(private_key=True, password=None).decode()
        payload = exchange.payload(directory, number, kid)
        entries.append({"label": label, "alg": algorithm, "kid": kid, "reads": reads,
                        "forms": forms, "payload": payload,
                        "token": sign(payload, key, algorithm, {"kid": kid}),
                        "thumbprint": key.thumbprint()})
    return {"peer": "jwcrypto", "version": importlib.metadata.version("jwcrypto"), "lacks": LACKS,
            "algorithms": entries, "jwks": public_keys.export(private_keys=False)}


def import_key(case):
    if case["form"] == "jwks":
        return jwk.JWKSet.from_json(case["key"])
    if case["form"] in ("jwk", "jwk-private"):
        return jwk.JWK.from_json(case["key"])
    if case["form"] == "secret":
        secret = base64.urlsafe_b64encode(case["key"].encode()).rstrip(b"=").decode()
        return jwk.JWK(kty="oct", k=secret)
    return jwk.JWK.from_pem(case["key"].encode())


def check(case):
    key = import_key(case)

    def verify(token):
        # JWT.validate checks exp, nbf and the claims asked for; JWS hands out the signed bytes
        jwt.JWT(jwt=token, key=key, algs=[case["alg"]],
                check_claims={"aud": AUDIENCE, "jti": None}, expected_type="JWS")
        raw = jws.JWS.from_jose_token(token)
        raw.allowed_algs = [case["alg"]]
        raw.verify(key)
        return raw.payload.decode()

    verdict = {"payload": verify(case["token"]),
               "accepted": exchange.accepted(case["refuse"], verify)}
    if case["form"] != "jwks":
        verdict["thumbprint"] = key.thumbprint()
    if case["sign"]:
        verdict["signed"] = sign(case["sign"], key, case["alg"], {})
    return verdict


if __name__ == "__main__":
    add_ml_dsa()
    exchange.main(sys.argv, produce, check)
