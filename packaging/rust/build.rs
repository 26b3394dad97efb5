//! Compiles the one C file of jwt_ext into the crate. OpenSSL 3 is found by pkg-config.

fn main() {
    let openssl = pkg_config::Config::new().atleast_version("3.0").probe("libcrypto").expect("OpenSSL 3 (libcrypto)");
    let mut build = cc::Build::new();
    build.file("c/jwt_ext.c").define("SQLITE_CORE", None).flag_if_supported("-std=gnu11").warnings(false);
    build.includes(&openssl.include_paths);
    // The SQLite that libsqlite3-sys bundles; without it, the system's.
    if let Ok(include) = std::env::var("DEP_SQLITE3_INCLUDE") {
        build.include(include);
    }
    build.compile("jwt_ext");
    println!("cargo:rustc-link-lib=m");
    println!("cargo:rerun-if-changed=c/jwt_ext.c");
}
