//! Keys made and written by the RustCrypto crates, and read by jsonwebtoken.

use crate::exchange::Answer;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey, EncodePublicKey};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{DecodingKey, EncodingKey};
use rand::distributions::{Alphanumeric, DistString};
use rand::rngs::OsRng;
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey};
use serde_json::{json, Map, Value};

/// The version that Cargo.toml pins (the crate does not tell its own).
pub const LIBRARY_VERSION: &str = "11.1.0";

pub struct Made {
    pub label: &'static str,
    pub reads: &'static [&'static str],
    pub forms: Map<String, Value>,
    pub signer: EncodingKey,
}

const SYMMETRIC: &[&str] = &["jwk", "secret"];
const ASYMMETRIC: &[&str] = &["jwk", "jwks", "spki", "pkcs8"];
const SECRETS: &[(&str, usize)] = &[("HS256", 32), ("HS384", 48), ("HS512", 64)];
const MODULI: &[(&str, usize)] = &[
    ("RS256", 2048), ("RS384", 2048), ("RS512", 2048),
    ("PS256", 2048), ("PS384", 2048), ("PS512", 2048),
];

fn forms<const N: usize>(pairs: [(&str, String); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(form, text)| (form.to_string(), json!(text))).collect()
}

fn made_secret(label: &'static str, size: usize) -> Made {
    let secret = Alphanumeric.sample_string(&mut OsRng, size);
    let signer = EncodingKey::from_secret(secret.as_bytes());
    Made { label, reads: SYMMETRIC, forms: forms([("secret", secret)]), signer }
}

fn made_rsa(label: &'static str, bits: usize) -> Answer<Made> {
    let key = rsa::RsaPrivateKey::new(&mut OsRng, bits)?;
    let public = key.to_public_key();
    let pkcs8 = key.to_pkcs8_pem(LineEnding::LF)?.to_string();
    let signer = EncodingKey::from_rsa_pem(pkcs8.as_bytes())?;
    let forms = forms([
        ("pkcs8", pkcs8),
        ("pkcs1", key.to_pkcs1_pem(LineEnding::LF)?.to_string()),
        ("spki", public.to_public_key_pem(LineEnding::LF)?),
        ("pkcs1-public", public.to_pkcs1_pem(LineEnding::LF)?),
    ]);
    Ok(Made { label, reads: ASYMMETRIC, forms, signer })
}

/// The two curves have each their own type of the same shape.
macro_rules! made_ec {
    ($label:literal, $curve:ident) => {{
        let key = $curve::SecretKey::random(&mut OsRng);
        let pkcs8 = key.to_pkcs8_pem(LineEnding::LF)?.to_string();
        let signer = EncodingKey::from_ec_pem(pkcs8.as_bytes())?;
        let forms = forms([
            ("pkcs8", pkcs8),
            ("spki", key.public_key().to_public_key_pem(LineEnding::LF)?),
        ]);
        Made { label: $label, reads: ASYMMETRIC, forms, signer }
    }};
}

/// ed25519-dalek writes RFC 5958 version 2, with the public key inside; most others version 1.
fn made_ed25519() -> Answer<Made> {
    let key = ed25519_dalek::SigningKey::generate(&mut OsRng);
    let version_2 = key.to_pkcs8_pem(LineEnding::LF)?.to_string();
    let bare = ed25519_dalek::pkcs8::KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let version_1 = bare.to_pkcs8_pem(LineEnding::LF)?.to_string();
    let signer = EncodingKey::from_ed_pem(version_1.as_bytes())?;
    let forms = forms([
        ("pkcs8", version_1),
        ("pkcs8-v2", version_2),
        ("spki", key.verifying_key().to_public_key_pem(LineEnding::LF)?),
    ]);
    Ok(Made { label: "EdDSA", reads: ASYMMETRIC, forms, signer })
}

pub fn generate() -> Answer<Vec<Made>> {
    let mut made: Vec<Made> =
        SECRETS.iter().map(|&(label, size)| made_secret(label, size)).collect();
    for &(label, bits) in MODULI {
        made.push(made_rsa(label, bits)?);
    }
    made.push(made_ec!("ES256", p256));
    made.push(made_ec!("ES384", p384));
    made.push(made_ed25519()?);
    Ok(made)
}

/// An `oct` JWK signs too: jsonwebtoken takes its bytes as a secret.
pub fn secret_of(jwk: &Jwk) -> Answer<Option<EncodingKey>> {
    match &jwk.algorithm {
        AlgorithmParameters::OctetKey(_) => {
            let secret = DecodingKey::from_jwk(jwk)?;
            Ok(Some(EncodingKey::from_secret(secret.try_get_as_bytes()?)))
        }
        _ => Ok(None),
    }
}

/// The forms that are text. jsonwebtoken verifies with public keys only, so a private one is turned
/// into its public JWK first.
pub fn read_text(alg: &str, form: &str, text: &str) -> Answer<(DecodingKey, Option<EncodingKey>)> {
    let octets = text.as_bytes();
    let algorithm = alg.parse()?;
    match (form, &alg[..2]) {
        ("secret", _) => {
            Ok((DecodingKey::from_secret(octets), Some(EncodingKey::from_secret(octets))))
        }
        ("spki", "ES") => Ok((DecodingKey::from_ec_pem(octets)?, None)),
        ("spki", "Ed") => Ok((DecodingKey::from_ed_pem(octets)?, None)),
        ("spki", _) => Ok((DecodingKey::from_rsa_pem(octets)?, None)),
        ("pkcs8", family) => {
            let signer = match family {
                "ES" => EncodingKey::from_ec_pem(octets)?,
                "Ed" => EncodingKey::from_ed_pem(octets)?,
                _ => EncodingKey::from_rsa_pem(octets)?,
            };
            let public = Jwk::from_encoding_key(&signer, algorithm)?;
            Ok((DecodingKey::from_jwk(&public)?, Some(signer)))
        }
        _ => Err(format!("jsonwebtoken does not read the form {form}").into()),
    }
}
