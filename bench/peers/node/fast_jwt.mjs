// fast-jwt: verifier and signer made once, as its users do; with and without its cache.
import { createDecoder, createSigner, createVerifier } from 'fast-jwt';
import { check, fixture, introduce, measure, secretOf } from './measure.mjs';

introduce('fast-jwt');
for (const [name, algorithm] of Object.entries(fixture.algorithms)) {
  const privateKey = name === 'HS256' ? secretOf(algorithm) : algorithm.private_pem;
  const publicKey = name === 'HS256' ? privateKey : algorithm.public_pem;
  const policy = {
    key: publicKey,
    algorithms: [name],
    allowedIss: fixture.issuer,
    allowedAud: fixture.audience,
    requiredClaims: ['exp'],
  };
  const verify = createVerifier({ ...policy, cache: false });
  await check(name, algorithm, verify);
  measure('verify', name, verify, algorithm.tokens);
  measure('verify', name, createVerifier({ ...policy, cache: true }), algorithm.tokens.slice(-1), 'again');
  measure('sign', name, createSigner({ key: privateKey, algorithm: name, noTimestamp: true }), fixture.payloads);
}
const decode = createDecoder();
measure('read', '', (token) => decode(token).role, fixture.algorithms.HS256.tokens);
