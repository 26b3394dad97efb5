# Minimal Debian systems in folders, for tests/fresh and tests/platforms. To be sourced, by root.

# shellcheck shell=bash disable=SC2034 -- `reason` belongs to who sources this

# Whether such systems can be made here, else the reason.
roots_possible() {
    [[ $(uname -s) = Linux ]] || { reason="this is $(uname -s)"; return 1; }
    [[ $(id -u) = 0 ]] || { reason='chroot needs root'; return 1; }
    command -v debootstrap >/dev/null 2>&1 ||
        DEPS=${DEPS:-yes} sh tools/install-deps fresh >"$work/debootstrap.log" 2>&1 ||
        { reason='no debootstrap'; return 1; }
    unshare --mount true 2>/dev/null || { reason='no mount namespaces'; return 1; }
}

# The mirror that this machine uses, or none: debootstrap then has its own.
mirror() {
    sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' \
        /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | grep -v security | head -n 1
}

make_root() { # suite, folder, log: made once; what is fetched stays for the next run
    local suite=$1 folder=$2 log=$3
    [[ ! -e $folder/made ]] || return 0
    rm -rf "$folder"
    mkdir -p "$folder"
    # shellcheck disable=SC2046 -- the mirror is a word or nothing
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$folder" $(mirror) >"$log" 2>&1 ||
        { reason="debootstrap: $(tail -n 1 "$log")"; return 1; }
    # How this machine reaches the mirror: proxies, certificates, names.
    cp /etc/resolv.conf /etc/hosts "$folder/etc/" 2>/dev/null
    cp -r /etc/apt/apt.conf.d "$folder/etc/apt/" 2>/dev/null
    cp -rL /usr/local/share/ca-certificates "$folder/usr/local/share/" 2>/dev/null
    cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/" 2>/dev/null
    inside "$folder" 'apt-get -q update' >>"$log" 2>&1 || { reason="apt-get update: $(tail -n 1 "$log")"; return 1; }
    touch "$folder/made"
}

# Runs a shell command in a root: mounts are its own, so nothing of them is left, whatever happens.
inside() { # folder, command
    # shellcheck disable=SC2016 -- expanded by the inner shells
    unshare --mount --fork --kill-child sh -c '
        mount --make-rprivate / && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
        exec chroot "$1" env -i HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
            PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "$2"' sh "$1" "$2"
}
