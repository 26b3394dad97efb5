// jose (Node) as a peer. JSON.parse cannot hold 9007199254740993, so tokens are signed as bytes
// (CompactSign) and read twice: jwtVerify judges the claims, compactVerify hands out the bytes.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as jose from 'jose'

const AUDIENCE = 'https://api.example'
const SYMMETRIC = ['jwk', 'secret']
const ASYMMETRIC = ['jwk', 'jwk-private', 'jwks', 'spki', 'pkcs8']
const CANDIDATES = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512',
  'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87',
]
const LACKS = [
  { label: 'ES256K', reason: 'jose 6 signs with Web Crypto, which has no secp256k1' },
  { label: 'EdDSA-Ed448', reason: 'jose 6 knows Ed25519 alone' },
  { label: 'Ed448', reason: 'jose 6 knows Ed25519 alone' },
]

const isSymmetric = (label) => label.startsWith('HS')
const bytes = (text) => new TextEncoder().encode(text)
const text = (octets) => new TextDecoder().decode(octets)

function payloadFor(directory, number, jti) {
  const lines = readFileSync(join(directory, 'payloads.jsonl'), 'utf8').trimEnd().split('\n')
  return lines[number % lines.length].replace('@JTI@', jti)
}

async function generate(label) {
  const options = { extractable: true }
  if (isSymmetric(label)) return { secret: await jose.generateSecret(label, options) }
  return jose.generateKeyPair(label, options)
}

async function formsOf(label, pair, members) {
  const jwk = async (key) => JSON.stringify({ ...(await jose.exportJWK(key)), ...members })
  if (pair.secret) return { jwk: await jwk(pair.secret) }
  return {
    jwk: await jwk(pair.publicKey),
    'jwk-private': await jwk(pair.privateKey),
    spki: await jose.exportSPKI(pair.publicKey),
    pkcs8: await jose.exportPKCS8(pair.privateKey),
  }
}

const sign = (payload, key, header) =>
  new jose.CompactSign(bytes(payload)).setProtectedHeader({ typ: 'JWT', ...header }).sign(key)

async function produce(directory) {
  const algorithms = []
  const lacks = [...LACKS]
  const publicKeys = []
  for (const [number, label] of CANDIDATES.entries()) {
    let pair
    try {
      pair = await generate(label)
    } catch (error) {
      if (!label.startsWith('ML-DSA')) throw error
      lacks.push({ label, reason: `Web Crypto of Node ${process.versions.node}: ${error.message}` })
      continue
    }
    const kid = `jose-${label}`
    const forms = await formsOf(label, pair, { kid, alg: label, use: 'sig' })
    const jwk = JSON.parse(forms.jwk)
    if (!pair.secret) publicKeys.push(jwk)
    const payload = payloadFor(directory, number, kid)
    algorithms.push({
      label, alg: label, kid, forms, payload,
      reads: isSymmetric(label) ? SYMMETRIC : ASYMMETRIC,
      token: await sign(payload, pair.secret ?? pair.privateKey, { alg: label, kid }),
      thumbprint: await jose.calculateJwkThumbprint(jwk),
    })
  }
  const manifest = new URL('./node_modules/jose/package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(manifest))
  return { peer: 'jose', version, algorithms, lacks, jwks: JSON.stringify({ keys: publicKeys }) }
}

// the key to verify with, and the one to sign with where the form holds a private key
async function importKey({ form, key, alg }) {
  switch (form) {
    case 'jwks': return { verifier: jose.createLocalJWKSet(JSON.parse(key)) }
    case 'secret': return { verifier: bytes(key), signer: bytes(key) }
    case 'spki': {
      const verifier = await jose.importSPKI(key, alg, { extractable: true })
      return { verifier, jwk: await jose.exportJWK(verifier) }
    }
    case 'pkcs8': {
      const signer = await jose.importPKCS8(key, alg, { extractable: true })
      const { kty, crv, n, e, x, y, pub } = await jose.exportJWK(signer)
      const members = { kty, crv, n, e, x, y, pub, ...(kty === 'AKP' && { alg }) }
      const jwk = JSON.parse(JSON.stringify(members)) // without those that are undefined
      return { verifier: await jose.importJWK(jwk, alg), signer, jwk }
    }
    default: {
      const jwk = JSON.parse(key)
      const imported = await jose.importJWK(jwk, alg)
      if (form === 'jwk-private') {
        const { d, p, q, dp, dq, qi, priv, ...publicJwk } = jwk
        return { verifier: await jose.importJWK(publicJwk, alg), signer: imported, jwk }
      }
      return { verifier: imported, signer: jwk.kty === 'oct' ? imported : undefined, jwk }
    }
  }
}

async function check(entry) {
  const { verifier, signer, jwk } = await importKey(entry)
  const algorithms = [entry.alg]
  const verify = async (token) => {
    const checks = { algorithms, audience: AUDIENCE, requiredClaims: ['jti'] }
    await jose.jwtVerify(token, verifier, checks)
    return text((await jose.compactVerify(token, verifier, { algorithms })).payload)
  }
  const verdict = { payload: await verify(entry.token), accepted: [] }
  for (const [position, token] of entry.refuse.entries()) {
    await verify(token).then(() => verdict.accepted.push(position), () => {})
  }
  if (jwk) verdict.thumbprint = await jose.calculateJwkThumbprint(jwk)
  if (entry.sign) verdict.signed = await sign(entry.sign, signer, { alg: entry.alg })
  return verdict
}

async function answer(entry) {
  try {
    return { id: entry.id, ok: true, ...(await check(entry)) }
  } catch (error) {
    return { id: entry.id, ok: false, error: `${error.name}: ${error.message}` }
  }
}

const [mode, directory] = process.argv.slice(2)
const write = (name, document) =>
  writeFileSync(join(directory, name), JSON.stringify(document, null, 1))
if (mode === 'produce') {
  write('produced.json', await produce(directory))
} else if (mode === 'check') {
  const { cases } = JSON.parse(readFileSync(join(directory, 'offered.json'), 'utf8'))
  const verdicts = []
  for (const entry of cases) verdicts.push(await answer(entry))
  write('verdicts.json', { cases: verdicts })
} else {
  throw new Error(`unknown mode ${mode}`)
}
