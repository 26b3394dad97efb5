// jose: keys imported once; its functions are asynchronous.
import { SignJWT, decodeJwt, importJWK, jwtVerify } from 'jose';
import { check, fixture, introduce, measure, measureAsync } from './measure.mjs';

introduce('jose');
for (const [name, algorithm] of Object.entries(fixture.algorithms)) {
  const privateKey = await importJWK(JSON.parse(algorithm.private_jwk), name);
  const publicKey = await importJWK(JSON.parse(algorithm.public_jwk), name);
  const policy = {
    algorithms: [name],
    issuer: fixture.issuer,
    audience: fixture.audience,
    requiredClaims: ['exp'],
  };
  const verify = (token) => jwtVerify(token, publicKey, policy);
  await check(name, algorithm, verify);
  await measureAsync('verify', name, verify, algorithm.tokens);
  const header = { alg: name, typ: 'JWT' };
  await measureAsync(
    'sign', name, (payload) => new SignJWT(payload).setProtectedHeader(header).sign(privateKey), fixture.payloads);
}
measure('read', '', (token) => decodeJwt(token).role, fixture.algorithms.HS256.tokens);
