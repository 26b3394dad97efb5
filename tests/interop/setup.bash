# How each peer is made ready, in build/interop. A function set_up_<peer> sets `command` to what runs
# the peer's program and answers 0; or sets `reason` and answers 1 where the peer cannot be had here;
# or leaves `reason` empty and answers 1 where our own program does not build (its log tells why).
# What was fetched stays: a stamp tells for which manifest and which tool it was made.

# shellcheck disable=SC2034,SC2154 -- `reason` and `command` belong to run_peer, the rest to run

need() { # program...: whether they are there, else the reason
    local program
    for program; do
        command -v "$program" >/dev/null 2>&1 || { reason="no $program"; return 1; }
    done
}

need_version() { # name, version that is here, least version
    [[ $(printf '%s\n%s\n' "$3" "$2" | sort -V | head -n 1) = "$3" ]] ||
        { reason="$1 $2 is older than $3"; return 1; }
}

# Whether what the stamp stands for is there already: `fresh stamp tool-version file...`
fresh() {
    local stamp=$1 tool=$2
    shift 2
    current="$tool $(cat "$@" | cksum)"
    [[ -e $stamp && $(<"$stamp") = "$current" ]]
}

limit() { # seconds, command...: where this system can limit it
    if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift && "$@"; fi
}

# Runs what talks to a package registry; its failure is the reason to skip.
fetch() { # log, command...
    local log=$1
    shift
    limit 400 "$@" >"$log" 2>&1 </dev/null && return
    reason="cannot fetch its packages ($(grep -v '^[[:space:]]*$' "$log" | tail -n 1 | cut -c1-160))"
    return 1
}

# ---- Python: both peers share one virtual environment
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        python=$candidate
        "$candidate" -c 'import venv, ensurepip' 2>/dev/null && return
    done
    [[ -z ${python:-} ]] && reason='no python3' || reason='no python3-venv'
    return 1
}

set_up_python() {
    local python current environment=$work/python log=$work/$1.log version
    find_python || return 1
    version=$("$python" -c 'import platform; print(platform.python_version())')
    need_version Python "$version" 3.9 || return 1
    command=(env PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" "$here/python/$1_peer.py")
    fresh "$environment/stamp" "$python $version" "$here/python/requirements.txt" && return
    rm -rf "$environment"
    "$python" -m venv "$environment" >"$log" 2>&1 || { reason="python3 -m venv fails"; return 1; }
    fetch "$log" "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
        --only-binary :all: -r "$here/python/requirements.txt" || return 1
    echo "$current" >"$environment/stamp"
}

set_up_pyjwt() { set_up_python pyjwt; }
set_up_jwcrypto() { set_up_python jwcrypto; }

# ---- Node
set_up_jose() {
    local current directory=$work/jose log=$work/jose.log version
    need node npm || return 1
    version=$(node --version)
    need_version Node "${version#v}" 20.0 || return 1
    mkdir -p "$directory"
    cp "$here"/jose/{package.json,package-lock.json,.npmrc,peer.mjs} "$directory"
    command=(node "$directory/peer.mjs")
    fresh "$directory/stamp" "$version" "$here/jose/package-lock.json" && return
    fetch "$log" npm --prefix "$directory" ci --prefer-offline --fetch-retries=1 \
        --no-audit --no-fund --no-update-notifier || return 1
    echo "$current" >"$directory/stamp"
}

# ---- Go
set_up_golang_jwt() {
    local current source=$here/golang_jwt directory=$work/golang_jwt version
    local log=$directory.log
    need go || return 1
    export GOTOOLCHAIN=local GOWORK=off
    version=$(go env GOVERSION)
    need_version Go "${version#go}" 1.21 || return 1
    mkdir -p "$directory"
    command=("$directory/peer")
    fresh "$directory/stamp" "$version" "$source"/* && return
    cp "$source"/* "$directory"
    # shellcheck disable=SC2016 -- expanded by the inner shell
    fetch "$log" sh -c 'cd "$1" && go mod download' sh "$directory" || return 1
    (cd "$directory" && go build -mod=readonly -o peer .) >"$log" 2>&1 || return 1
    echo "$current" >"$directory/stamp"
}

# ---- Rust
set_up_jsonwebtoken() {
    local current source=$here/jsonwebtoken directory=$work/jsonwebtoken version
    local log=$directory.log
    need cargo rustc || return 1
    version=$(rustc --version | cut -d' ' -f2)
    need_version Rust "$version" 1.88 || return 1
    mkdir -p "$directory/src"
    export CARGO_TARGET_DIR=$PWD/$work/cargo-target
    command=("$CARGO_TARGET_DIR/debug/jsonwebtoken_peer")
    fresh "$directory/stamp" "$version" "$source/Cargo.toml" "$source"/src/* && return
    cp "$source/Cargo.toml" "$directory"
    cp "$source"/src/* "$directory/src"
    fetch "$log" cargo fetch --quiet --manifest-path "$directory/Cargo.toml" || return 1
    cargo build --offline --quiet --jobs 2 --manifest-path "$directory/Cargo.toml" >"$log" 2>&1 ||
        return 1
    echo "$current" >"$directory/stamp"
}

# ---- Java
set_up_nimbus() {
    local current source=$here/nimbus directory=$work/nimbus log=$work/nimbus.log version pinned
    need java javac mvn || return 1
    version=$(javac -version 2>&1)
    need_version Java "${version#javac }" 11 || return 1
    mkdir -p "$directory"
    pinned=$(sed -n '/nimbus-jose-jwt</{n;s/.*<version>\(.*\)<.*/\1/p;}' "$source/pom.xml")
    command=(java "-Dpeer.version=$pinned" -cp "$directory/classes:$directory/lib/*" Peer)
    fresh "$directory/stamp" "$version" "$source"/* && return
    rm -rf "$directory/lib" "$directory/classes"
    fetch "$log" mvn --batch-mode --quiet --file "$source/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        "-DoutputDirectory=$PWD/$directory/lib" || return 1
    javac --release 11 -nowarn -cp "$directory/lib/*" -d "$directory/classes" "$source"/*.java \
        >"$log" 2>&1 || return 1
    echo "$current" >"$directory/stamp"
}
