#!/bin/bash
# Set-up, build and tests in a bare Debian 12 that has git, make and nothing
# else: as root, as a user with sudo, and as one without (who must be told).
# A second build runs without any network.
#
# Needs root, debootstrap and a Debian mirror (DEBIAN_MIRROR=URL for another
# than the default).  Everything happens below a directory of its own in
# ${TMPDIR:-/tmp}, removed at the end; CHROOT_BASE=DIR keeps the bare system
# there for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "chroot: $*" >&2; }
fail() {
    say "FAILED: $*"
    exit 1
}

[ "$(id -u)" = 0 ] || fail "debootstrap needs root; run it with sudo"
command -v debootstrap >/dev/null || fail "install debootstrap first"

work=$(mktemp -d "${TMPDIR:-/tmp}/rankscope-chroot.XXXXXX")
base=${CHROOT_BASE:-$work/base}
root=

unmount() {
    [ -n "$root" ] || return 0
    for at in dev/pts proc; do
        if mountpoint -q "$root/$at"; then
            umount -l "$root/$at"
        fi
    done
}

clean() {
    unmount
    rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

if [ ! -e "$base/etc/debian_version" ]; then
    say "debootstrap to $base"
    debootstrap --variant=minbase --include=git,make,ca-certificates,sudo \
        bookworm "$base" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} \
        >"$work/debootstrap.log" 2>&1 ||
        { tail -n 5 "$work/debootstrap.log"; fail "debootstrap"; }
fi

# A fresh system with this tree in it, owned by $1.
fresh() {
    unmount
    root=$work/$1
    cp -a "$base" "$root"
    mount -t proc proc "$root/proc" 2>/dev/null || say "no /proc"
    if mkdir -p "$root/dev/pts" && mount -t devpts -o \
        newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts" 2>/dev/null
    then
        ln -sf pts/ptmx "$root/dev/ptmx"
    else
        say "no /dev/pts"
    fi
    cp /etc/resolv.conf "$root/etc/"
    mkdir "$root/rankscope"
    tar -c --exclude=./build --exclude=./.git . | tar -x -C "$root/rankscope"
    [ "$1" = root ] || chroot "$root" useradd -m "$1"
    chroot "$root" chown -R "$1:" /rankscope
}

# inside USER COMMAND: no terminal, no stdin, a newcomer's environment.
inside() {
    local user=$1
    shift
    $offline setsid -w chroot "$root" /usr/bin/env -i TERM=xterm-256color \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        setpriv --reuid "$user" --regid "$user" --init-groups \
        env HOME=/tmp sh -c "cd /rankscope && $*" </dev/null
}
offline=

everything() {
    local user=$1 log=$work/$1.log
    say "$user: make check"
    inside "$user" make check >"$log" 2>&1 ||
        { tail -n 40 "$log"; fail "$user: make check"; }
    tail -n 1 "$log"

    # script(1) is a terminal; q leaves the workbench.
    say "$user: make run, ten seconds in a terminal, then q"
    inside "$user" "(sleep 10; printf q; sleep 3) |
        timeout 60 script -qec 'make run' /dev/null" >"$log" 2>&1 ||
        { tail -n 20 "$log"; fail "$user: make run"; }
    # One still frame is about 3 kB; curves that move are many times that.
    [ "$(wc -c <"$log")" -gt 30000 ] || fail "$user: no curve moved"

    say "$user: make clean and make again, without a network"
    offline='unshare -n'
    inside "$user" 'make clean && make' >"$log" 2>&1 ||
        { tail -n 20 "$log"; fail "$user: make without a network"; }
    offline=
    if grep -q installing "$log"; then
        fail "$user: installed although all was there"
    fi
}

fresh stranger
say "stranger: no root, no sudo"
if inside stranger make >"$work/stranger.log" 2>&1; then
    fail "stranger: make went on without a compiler"
fi
grep -m 1 'sudo is not' "$work/stranger.log" ||
    fail "stranger: no sentence on what is missing"

fresh newcomer
echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/newcomer"
everything newcomer

fresh root
everything root
say "all went well"
