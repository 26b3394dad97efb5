//! Uses the crate as an application would. Prints what it is.

use rusqlite::Connection;

fn main() -> rusqlite::Result<()> {
    sqlite_jwt::register().unwrap();
    let db = Connection::open_in_memory()?;
    let linkage: String = db.query_row("SELECT json_extract(jwt_debug(), '$.linkage')", [], |row| row.get(0))?;
    let key: String = db.query_row("SELECT jwk_generate('ES256')", [], |row| row.get(0))?;
    let token: String = db.query_row("SELECT jwt_sign('{\"sub\":\"u1\"}', ?)", [&key], |row| row.get(0))?;
    let sub: String = db.query_row("SELECT jwt_claim(?, 'sub', ?)", [&token, &key], |row| row.get(0))?;

    sqlite_jwt::unregister();
    sqlite_jwt::register_verify_only().unwrap();
    let other = Connection::open_in_memory()?;
    let valid: i64 = other.query_row("SELECT jwt_verify(?, ?)", [&token, &key], |row| row.get(0))?;
    assert_eq!(valid, 1);
    let refused = other.prepare("SELECT jwt_sign('{}', 'x')").err().map(|error| error.to_string()).unwrap_or_default();
    let plain = refused.find("no such function: jwt_sign").map_or(refused.clone(), |at| refused[at..at + 26].to_string());
    println!("{linkage} {sub} {plain}");
    Ok(())
}
