# How each host is made ready, in build/hosts. A function ready_<host> sets `program` to what runs the
# host's program and `snippet` to what runs a file of docs/hosts.md (its name comes last, `suffix` is its
# ending) and answers 0; or sets `reason` and answers 1 where the host cannot be had here; or leaves
# `reason` empty and answers 1 where our own program does not build (its log tells why).
# The tools for that are those of tests/interop.

# shellcheck disable=SC2034,SC2154 -- `reason`, `program`, `snippet`, `suffix` belong to run

# shellcheck source=tests/interop/setup.bash
source tests/interop/setup.bash

ready_shell() {
    need "$sqlite3" || return 1
    program=(bash "$here/shell/host.bash")
    snippet=()
}

# ---- Python
ready_python() {
    need python3 || return 1
    local candidate
    suffix=py
    for candidate in python3 /usr/bin/python3; do
        "$candidate" -c 'import sqlite3; sqlite3.Connection.enable_load_extension' 2>/dev/null || continue
        program=("$candidate" "$here/python/host.py" sqlite3)
        snippet=("$candidate")
        return
    done
    reason='no Python whose sqlite3 loads extensions'
    return 1
}

ready_apsw() {
    local python current environment=$work/python log=$work/apsw.log version
    find_python || return 1
    version=$("$python" -c 'import platform; print(platform.python_version())')
    need_version Python "$version" 3.10 || return 1
    suffix=py
    program=("$environment/bin/python" "$here/python/host.py" apsw)
    snippet=("$PWD/$environment/bin/python")
    fresh "$environment/stamp" "$python $version" "$here/python/requirements.txt" && return
    rm -rf "$environment"
    "$python" -m venv "$environment" >"$log" 2>&1 || { reason="python3 -m venv fails"; return 1; }
    fetch "$log" "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
        --only-binary :all: -r "$here/python/requirements.txt" || return 1
    echo "$current" >"$environment/stamp"
}

# ---- Node: one folder for better-sqlite3 and the Nodes that the registry carries
fetch_node() {
    local current directory=$work/node log=$work/node.log version headers
    need node npm || return 1
    version=$(node --version)
    need_version Node "${version#v}" 20.0 || return 1
    mkdir -p "$directory"
    cp "$here"/node/{package.json,package-lock.json,.npmrc,host.mjs} "$directory"
    suffix=mjs
    fresh "$directory/stamp" "$version" "$here/node/package-lock.json" && return
    # better-sqlite3 is compiled: with the headers that came with Node, where they did.
    headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
    [[ ! -e $headers/include/node/node.h ]] || export npm_config_nodedir=$headers
    export JOBS=2
    fetch "$log" npm --prefix "$directory" ci --prefer-offline --fetch-retries=1 \
        --no-audit --no-fund --no-update-notifier || return 1
    echo "$current" >"$directory/stamp"
}

ready_better_sqlite3() {
    fetch_node || return 1
    program=(node "$work/node/host.mjs" better-sqlite3)
    snippet=(node)
}

ready_node() { # release
    local node=$work/node/node_modules/node$1/bin/node
    fetch_node || return 1
    [[ -x $node ]] || { reason="no Node $1 for $(uname -m) in the registry"; return 1; }
    program=("$node" --no-warnings "$work/node/host.mjs" node:sqlite)
    snippet=("$PWD/$node" --no-warnings)
}

ready_node22() { ready_node 22; }
ready_node24() { ready_node 24; }
ready_node26() { ready_node 26; }

# ---- Go. SQLite is compiled: -O1 halves the time.
ready_go() {
    local current source=$here/go directory=$work/go log=$work/go.log version
    need go "${CC:-cc}" || return 1
    export GOTOOLCHAIN=local GOWORK=off CGO_CFLAGS='-O1' CGO_ENABLED=1
    version=$(go env GOVERSION)
    need_version Go "${version#go}" 1.21 || return 1
    mkdir -p "$directory"
    suffix=go
    program=("$directory/host")
    snippet=(go_snippet)
    fresh "$directory/stamp" "$version" "$source"/* && return
    cp "$source"/* "$directory"
    # shellcheck disable=SC2016 -- expanded by the inner shell
    fetch "$log" sh -c 'cd "$1" && go mod download' sh "$directory" || return 1
    (cd "$directory" && go build -mod=readonly -o host .) >"$log" 2>&1 || return 1
    echo "$current" >"$directory/stamp"
}

go_snippet() { # file: built in the module, run where the file is
    mkdir -p "$top/$work/go/snippet"
    cp "$1" "$top/$work/go/snippet/main.go"
    (cd "$top/$work/go" && go build -mod=readonly -o snippet/run ./snippet) && "$top/$work/go/snippet/run"
}

# ---- Rust
ready_rust() {
    local current source=$here/rust directory=$work/rust log=$work/rust.log version
    need cargo rustc "${CC:-cc}" || return 1
    version=$(rustc --version | cut -d' ' -f2)
    need_version Rust "$version" 1.89 || return 1
    mkdir -p "$directory/src/bin"
    export CARGO_TARGET_DIR=$PWD/$work/cargo-target
    suffix=rs
    program=("$CARGO_TARGET_DIR/debug/rusqlite_host")
    snippet=(rust_snippet)
    fresh "$directory/stamp" "$version" "$source/Cargo.toml" "$source"/src/* && return
    cp "$source/Cargo.toml" "$directory"
    cp "$source"/src/* "$directory/src"
    rm -f "$directory"/src/bin/*
    fetch "$log" cargo fetch --quiet --manifest-path "$directory/Cargo.toml" || return 1
    cargo build --offline --quiet --jobs 2 --manifest-path "$directory/Cargo.toml" >"$log" 2>&1 || return 1
    echo "$current" >"$directory/stamp"
}

rust_snippet() { # file
    cp "$1" "$top/$work/rust/src/bin/snippet.rs"
    cargo run --offline --quiet --jobs 2 --manifest-path "$top/$work/rust/Cargo.toml" --bin snippet
}

# ---- Java
ready_java() {
    local current source=$here/java directory=$work/java log=$work/java.log version
    need java javac mvn || return 1
    version=$(javac -version 2>&1)
    need_version Java "${version#javac }" 17 || return 1
    mkdir -p "$directory"
    suffix=java
    program=(java -cp "$directory/classes:$directory/lib/*" Host)
    snippet=(java -cp "$PWD/$directory/lib/*")
    fresh "$directory/stamp" "$version" "$source"/* && return
    rm -rf "$directory/lib" "$directory/classes"
    fetch "$log" mvn --batch-mode --quiet --file "$source/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        "-DoutputDirectory=$PWD/$directory/lib" || return 1
    javac --release 17 -nowarn -cp "$directory/lib/*" -d "$directory/classes" "$source"/*.java \
        >"$log" 2>&1 || return 1
    echo "$current" >"$directory/stamp"
}

# ---- what distributions have
ready_ruby() {
    need ruby || return 1
    ruby -e 'require "sqlite3"' 2>/dev/null || { reason='no sqlite3 for Ruby'; return 1; }
    suffix=rb
    program=(ruby "$here/ruby/host.rb")
    snippet=(ruby)
}

ready_php() {
    need php || return 1
    php -r 'exit(class_exists("SQLite3") ? 0 : 1);' 2>/dev/null || { reason='no SQLite3 for PHP'; return 1; }
    suffix=php
    program=(php_in "$here/php/host.php")
    snippet=(php_in)
}

php_in() { # php finds the extension by its folder alone
    php -d "sqlite3.extension_dir=$(realpath "$top/$(dirname "$extension")")" "$@"
}

ready_perl() {
    need perl || return 1
    perl -MDBD::SQLite -e 1 2>/dev/null || { reason='no DBD::SQLite for Perl'; return 1; }
    suffix=pl
    program=(perl "$here/perl/host.pl")
    snippet=(perl)
}

ready_tcl() {
    need tclsh || return 1
    [[ -n $(echo 'puts [package require sqlite3]' | tclsh 2>/dev/null) ]] || { reason='no sqlite3 for Tcl'; return 1; }
    suffix=tcl
    program=(tclsh "$here/tcl/host.tcl")
    snippet=(tclsh)
    name='Zoë ☃' # Tcl 8.6 has no characters beyond U+FFFF
}

# ---- C
ready_c() {
    suffix=c
    program=("$work/c/host")
    snippet=(c_snippet -lsqlite3)
    mkdir -p "$work/c"
    ${CC:-cc} -std=gnu11 -O1 -Wall -Wextra -Werror -o "$work/c/host" "$here/c/host.c" -lsqlite3 >"$work/c.log" 2>&1
}

ready_linked() {
    local flags
    suffix=c
    mkdir -p "$work/c"
    flags=$(PKG_CONFIG_PATH=$top/build/static pkg-config --cflags --libs jwt_ext) || { reason='no pkg-config'; return 1; }
    program=("$work/c/linked")
    # shellcheck disable=SC2206 -- a list of words
    snippet=(c_snippet $flags -lsqlite3)
    # shellcheck disable=SC2086
    ${CC:-cc} -std=gnu11 -O1 -Wall -Wextra -Werror -DLINKED -o "$work/c/linked" "$here/c/host.c" $flags -lsqlite3 \
        >"$work/linked.log" 2>&1
}

c_snippet() { # flags..., file
    local file=${*: -1}
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror -o ./snippet "$file" "${@:1:$#-1}" && ./snippet
}
