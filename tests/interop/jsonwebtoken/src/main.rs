//! The jsonwebtoken crate as a peer. It reads private keys from PEM alone and its JWK type is
//! public (it drops `d`), so the keys are made and written by the RustCrypto crates below it.

mod exchange;
mod keys;

use exchange::{Answer, Exchange};
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{decode, decode_header, encode, Algorithm};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{json, Value};
use std::error::Error;
use std::str::FromStr;

const AUDIENCE: &str = "https://api.example";

const LACKS: &[(&str, &str)] = &[
    ("ES512", "jsonwebtoken has no ES512"),
    ("ES256K", "jsonwebtoken has no ES256K"),
    ("EdDSA-Ed448", "jsonwebtoken's EdDSA is Ed25519 alone"),
    ("Ed25519", "jsonwebtoken knows the key as EdDSA only"),
    ("Ed448", "jsonwebtoken's EdDSA is Ed25519 alone"),
    ("ML-DSA-44", "jsonwebtoken has no ML-DSA"),
    ("ML-DSA-65", "jsonwebtoken has no ML-DSA"),
    ("ML-DSA-87", "jsonwebtoken has no ML-DSA"),
    ("any", "jsonwebtoken writes and reads no private JWK (form: jwk-private)"),
    ("any", "RustCrypto writes SEC1 without the curve, which no reader could know (form: sec1)"),
];

fn sign(payload: &str, alg: Algorithm, kid: Option<String>, key: &EncodingKey) -> Answer<String> {
    let claims: Value = serde_json::from_str(payload)?;
    let mut header = Header::new(alg);
    header.kid = kid;
    Ok(encode(&header, &claims, key)?)
}

fn verify(token: &str, alg: Algorithm, key: &DecodingKey) -> Answer<Value> {
    let mut validation = Validation::new(alg);
    validation.set_audience(&[AUDIENCE]);
    validation.validate_nbf = true;
    Ok(decode::<Value>(token, key, &validation)?.claims)
}

fn produce(exchange: &Exchange) -> Answer<Value> {
    let mut entries = Vec::new();
    let mut public_keys = Vec::new();
    for (number, made) in keys::generate()?.into_iter().enumerate() {
        let alg = Algorithm::from_str(made.label)?;
        let kid = format!("jsonwebtoken-{}", made.label);
        let payload = exchange.payload(number, &kid)?;
        let mut jwk = Jwk::from_encoding_key(&made.signer, alg)?;
        jwk.common.key_id = Some(kid.clone());
        let mut forms = made.forms;
        forms.insert("jwk".into(), json!(serde_json::to_string(&jwk)?));
        entries.push(json!({
            "label": made.label, "alg": made.label, "kid": kid, "reads": made.reads, "forms": forms,
            "payload": payload, "token": sign(&payload, alg, Some(kid.clone()), &made.signer)?,
            "thumbprint": jwk.thumbprint(ThumbprintHash::SHA256)?,
        }));
        if !made.label.starts_with("HS") {
            public_keys.push(jwk);
        }
    }
    let lacks: Vec<Value> =
        LACKS.iter().map(|(label, reason)| json!({"label": label, "reason": reason})).collect();
    Ok(json!({
        "peer": "jsonwebtoken", "version": keys::LIBRARY_VERSION,
        "algorithms": entries, "lacks": lacks,
        "jwks": serde_json::to_string(&JwkSet { keys: public_keys })?,
    }))
}

/// The key to verify with, the one to sign with where the form holds a secret, and the JWK if any.
fn read_key(case: &Value) -> Answer<(DecodingKey, Option<EncodingKey>, Option<Jwk>)> {
    let (alg, form) = (exchange::text(case, "alg")?, exchange::text(case, "form")?);
    let key = exchange::text(case, "key")?;
    match form {
        "jwk" => {
            let jwk: Jwk = serde_json::from_str(key)?;
            let signer = keys::secret_of(&jwk)?;
            Ok((DecodingKey::from_jwk(&jwk)?, signer, Some(jwk)))
        }
        "jwks" => {
            let set: JwkSet = serde_json::from_str(key)?;
            let header = decode_header(exchange::text(case, "token")?)?;
            let kid = header.kid.ok_or("the token has no kid")?;
            let jwk = set.find(&kid).ok_or("no key of that kid in the set")?;
            Ok((DecodingKey::from_jwk(jwk)?, None, None))
        }
        _ => keys::read_text(alg, form, key).map(|(decoding, encoding)| (decoding, encoding, None)),
    }
}

fn check(case: &Value) -> Answer<Value> {
    let alg = Algorithm::from_str(exchange::text(case, "alg")?)?;
    let (decoding, encoding, jwk) = read_key(case)?;
    let claims = verify(exchange::text(case, "token")?, alg, &decoding)?;
    let refuse = case["refuse"].as_array().ok_or("refuse is not an array")?;
    let mut accepted = Vec::new();
    for (position, token) in refuse.iter().enumerate() {
        if verify(token.as_str().ok_or("a token is not text")?, alg, &decoding).is_ok() {
            accepted.push(position);
        }
    }
    let signed = match case["sign"].as_str() {
        Some(payload) => {
            let key = encoding.ok_or("no private key in this form")?;
            Some(sign(payload, alg, None, &key)?)
        }
        None => None,
    };
    let thumbprint = jwk.map(|jwk| jwk.thumbprint(ThumbprintHash::SHA256)).transpose()?;
    Ok(json!({
        "id": case["id"], "ok": true, "payload": claims.to_string(), "accepted": accepted,
        "signed": signed, "thumbprint": thumbprint,
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, directory] = arguments.as_slice() else {
        return Err("usage: jsonwebtoken_peer produce|check DIRECTORY".into());
    };
    let exchange = Exchange::new(directory);
    match mode.as_str() {
        "produce" => exchange.write("produced.json", &produce(&exchange)?),
        "check" => {
            let offered = exchange.read("offered.json")?;
            let cases = offered["cases"].as_array().ok_or("offered.json: no cases")?;
            let verdicts: Vec<Value> = cases
                .iter()
                .map(|case| {
                    check(case).unwrap_or_else(
                        |error| json!({"id": case["id"], "ok": false, "error": error.to_string()}),
                    )
                })
                .collect();
            exchange.write("verdicts.json", &json!({ "cases": verdicts }))
        }
        _ => Err(format!("unknown mode {mode}").into()),
    }
}
