"""PyJWT: keys read once, processor time of the process, the median of some stretches."""
import base64
import json
import platform
import statistics
import sys
import time

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

WARM, STRETCH, STRETCHES = 0.1, 0.04, 5

with open(sys.argv[1], encoding="utf-8") as file:
    fixture = json.load(file)


def stretch(call, inputs, seconds):
    """ns a call over at least so many seconds."""
    start, calls = time.process_time(), 0
    while time.process_time() - start < seconds:
        for offset in range(100):
            call(inputs[(calls + offset) % len(inputs)])
        calls += 100
    return (time.process_time() - start) * 1e9 / calls


def measure(operation, algorithm, call, inputs):
    stretch(call, inputs, WARM)
    ns = statistics.median(stretch(call, inputs, STRETCH) for _ in range(STRETCHES))
    print(json.dumps({"operation": operation, "algorithm": algorithm, "mode": "", "ns": ns}))


def check(algorithm, verify):
    """A peer that lets a bad token through, or a good one fall, is not timed."""
    for token in algorithm["tokens"][:20]:
        verify(token)
    for why, token in algorithm["bad"].items():
        try:
            verify(token)
        except jwt.InvalidTokenError:
            continue
        sys.exit(f"a token that is bad by {why} was accepted")


print(json.dumps({"version": jwt.__version__, "runtime": "Python " + platform.python_version()}))
for name, algorithm in fixture["algorithms"].items():
    if name == "HS256":
        private = public = base64.urlsafe_b64decode(algorithm["secret"] + "=")
    else:
        private = load_pem_private_key(algorithm["private_pem"].encode(), None)
        public = load_pem_public_key(algorithm["public_pem"].encode())

    def verify(token, key=public, names=(name,)):
        return jwt.decode(token, key, algorithms=names, issuer=fixture["issuer"], audience=fixture["audience"],
                          options={"require": ["exp"]})

    check(algorithm, verify)
    measure("verify", name, verify, algorithm["tokens"])
    measure("sign", name, lambda payload, key=private, alg=name: jwt.encode(payload, key, algorithm=alg),
            fixture["payloads"])
measure("read", "", lambda token: jwt.decode(token, options={"verify_signature": False})["role"],
        fixture["algorithms"]["HS256"]["tokens"])
