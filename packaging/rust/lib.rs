//! JSON Web Tokens inside SQLite: the extension jwt_ext, linked into the program.
//!
//! ```no_run
//! sqlite_jwt::register().unwrap();        // every connection that is opened from now on
//! // let db = rusqlite::Connection::open("app.db")?;
//! // db.query_row("SELECT jwt_claim(?1, 'sub', ?2)", [token, key], |row| row.get(0))
//! ```

use libsqlite3_sys::{sqlite3, sqlite3_api_routines, sqlite3_auto_extension, sqlite3_cancel_auto_extension, SQLITE_OK};
use std::os::raw::{c_char, c_int};

extern "C" {
    /// The extension whole, for one connection.
    pub fn sqlite3_jwtext_init(db: *mut sqlite3, message: *mut *mut c_char, api: *const sqlite3_api_routines) -> c_int;
    /// Everything but what signs, generates or shows private keys.
    pub fn sqlite3_jwtverify_init(db: *mut sqlite3, message: *mut *mut c_char, api: *const sqlite3_api_routines) -> c_int;
}

/// Gives the extension to every connection that is opened from now on; SQLite's code where it fails.
pub fn register() -> Result<(), c_int> {
    // SAFETY: both are entry points of the form that SQLite wants, linked into this program.
    match unsafe { sqlite3_auto_extension(Some(sqlite3_jwtext_init)) } {
        SQLITE_OK => Ok(()),
        code => Err(code),
    }
}

/// As [`register`], without what signs, generates or shows private keys.
pub fn register_verify_only() -> Result<(), c_int> {
    match unsafe { sqlite3_auto_extension(Some(sqlite3_jwtverify_init)) } {
        SQLITE_OK => Ok(()),
        code => Err(code),
    }
}

/// Takes back what either did, for connections that are opened later.
pub fn unregister() {
    unsafe {
        sqlite3_cancel_auto_extension(Some(sqlite3_jwtext_init));
        sqlite3_cancel_auto_extension(Some(sqlite3_jwtverify_init));
    }
}
