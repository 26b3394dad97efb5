//! The jsonwebtoken crate over aws-lc-rs (its quicker backend), keys read once, claims into a struct.

use base64::Engine;
use jsonwebtoken::{decode, encode, Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::error::Error;
use std::str::FromStr;

/// The version that Cargo.toml pins (the crate does not tell its own).
const LIBRARY_VERSION: &str = "11.1.0";
const WARM_NS: f64 = 100e6;
const STRETCH_NS: f64 = 40e6;
const STRETCHES: usize = 5;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    nbf: u64,
    jti: String,
    role: String,
    scope: String,
}

/// Processor time of the process.
fn clock_ns() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

fn stretch(call: &mut dyn FnMut(usize), length: f64) -> f64 {
    let start = clock_ns();
    let mut calls = 0;
    while clock_ns() - start < length {
        (0..100).for_each(|i| call(calls + i));
        calls += 100;
    }
    (clock_ns() - start) / calls as f64
}

fn measure(operation: &str, algorithm: &str, call: &mut dyn FnMut(usize)) {
    stretch(call, WARM_NS);
    let mut values: Vec<f64> = (0..STRETCHES).map(|_| stretch(call, STRETCH_NS)).collect();
    values.sort_by(f64::total_cmp);
    println!("{}", json!({"operation": operation, "algorithm": algorithm, "mode": "", "ns": values[STRETCHES / 2]}));
}

fn keys(name: &str, given: &Value) -> Result<(EncodingKey, DecodingKey), Box<dyn Error>> {
    let text = |member: &str| given[member].as_str().unwrap_or("").as_bytes();
    Ok(match name {
        "HS256" => {
            let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text("secret"))?;
            (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret))
        }
        "RS256" => (EncodingKey::from_rsa_pem(text("private_pem"))?, DecodingKey::from_rsa_pem(text("public_pem"))?),
        "ES256" => (EncodingKey::from_ec_pem(text("private_pem"))?, DecodingKey::from_ec_pem(text("public_pem"))?),
        _ => (EncodingKey::from_ed_pem(text("private_pem"))?, DecodingKey::from_ed_pem(text("public_pem"))?),
    })
}

fn measure_algorithm(fixture: &Value, name: &str, payloads: &[Claims]) -> Result<(), Box<dyn Error>> {
    let given = &fixture["algorithms"][name];
    let (private, public) = keys(name, given)?;
    let algorithm = Algorithm::from_str(name)?;
    let mut policy = Validation::new(algorithm);
    policy.set_issuer(&[fixture["issuer"].as_str().unwrap_or("")]);
    policy.set_audience(&[fixture["audience"].as_str().unwrap_or("")]);
    let tokens: Vec<&str> = given["tokens"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for token in &tokens[..20] {
        decode::<Claims>(token, &public, &policy)?;
    }
    for (why, token) in given["bad"].as_object().unwrap() {
        if decode::<Claims>(token.as_str().unwrap(), &public, &policy).is_ok() {
            return Err(format!("a token that is bad by {why} was accepted").into());
        }
    }
    measure("verify", name, &mut |i| {
        decode::<Claims>(tokens[i % tokens.len()], &public, &policy).unwrap();
    });
    let header = Header::new(algorithm);
    measure("sign", name, &mut |i| {
        encode(&header, &payloads[i % payloads.len()], &private).unwrap();
    });
    if name == "HS256" {
        measure("read", "", &mut |i| {
            jsonwebtoken::dangerous::insecure_decode::<Claims>(tokens[i % tokens.len()]).unwrap();
        });
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which fixture?")?;
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let payloads: Vec<Claims> = serde_json::from_value(fixture["payloads"].clone())?;
    println!("{}", json!({"version": LIBRARY_VERSION, "runtime": "Rust, aws-lc-rs"}));
    for name in ["HS256", "RS256", "ES256", "EdDSA"] {
        measure_algorithm(&fixture, name, &payloads)?;
    }
    Ok(())
}
