#!/usr/bin/env bash
# Makes sure of what the tests need from the system: a JRE 17+, Maven and redis-server.
# Installs them by apt-get where it may; else says in one sentence what to install.
set -euo pipefail

java_is_new_enough() {
    local version
    version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || return 1
    [ "${version:-0}" -ge 17 ]
}

missing=()
java_is_new_enough || missing+=(default-jre-headless)
mvn --version >/dev/null 2>&1 || missing+=(maven)
redis-server --version >/dev/null 2>&1 || missing+=(redis-server)
[ ${#missing[@]} -eq 0 ] && exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "The tests need a Java runtime 17+, Maven and redis-server, and this user may not install them:" \
        "\`sudo $install\` does on Debian and Ubuntu, \`brew install openjdk maven redis\` on macOS." >&2
    exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! "${as_root[@]}" $install >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
java_is_new_enough || { echo "The distribution's Java is older than 17: install a JRE 17+ and put it on PATH." >&2; exit 1; }
