// jsonwebtoken: key objects made once. It has no EdDSA.
import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { check, fixture, introduce, measure, secretOf } from './measure.mjs';

introduce('jsonwebtoken');
for (const [name, algorithm] of Object.entries(fixture.algorithms)) {
  if (name === 'EdDSA') continue;
  const secret = name === 'HS256' ? createSecretKey(secretOf(algorithm)) : null;
  const privateKey = secret ?? createPrivateKey(algorithm.private_pem);
  const publicKey = secret ?? createPublicKey(algorithm.public_pem);
  const policy = { algorithms: [name], issuer: fixture.issuer, audience: fixture.audience };
  const verify = (token) => jwt.verify(token, publicKey, policy);
  await check(name, algorithm, verify);
  measure('verify', name, verify, algorithm.tokens);
  const options = { algorithm: name, noTimestamp: true };
  measure('sign', name, (payload) => jwt.sign(payload, privateKey, options), fixture.payloads);
}
measure('read', '', (token) => jwt.decode(token).role, fixture.algorithms.HS256.tokens);
