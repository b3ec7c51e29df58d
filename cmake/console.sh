#!/usr/bin/env bash
# Builds the console and writes its files, packed, and the tables that the program carries them by:
#
#   cmake/console.sh DIR        DIR/assets.S, DIR/assets.cpp
#   cmake/console.sh --modules  only sees to console/node_modules
#
# What was built is kept in ${COFRE_CACHE:-~/.cache/cofre} by the hash of its sources: the same sources are built once.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${COFRE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cofre}
mkdir -p "$cache"

modules() {
  local sum
  sum=$(sha256sum console/package-lock.json cmake/node.sh | sha256sum)
  [ "$(cat console/node_modules/.complete 2>/dev/null)" != "$sum" ] || return 0
  cmake/node.sh ci --prefix console --omit-lockfile-registry-resolved=true --no-audit --no-fund --loglevel=error >&2
  echo "$sum" >console/node_modules/.complete
}

if [ "$1" = --modules ]; then
  exec 9>"$cache/console.lock"
  flock 9
  modules
  exit
fi

into=$1
sources=(console/index.html console/package.json console/package-lock.json console/vite.config.ts console/embed.mjs)
sum=$(find "${sources[@]}" console/src console/public cmake/node.sh -type f ! -name '*.test.ts*' -print0 | sort -z |
  xargs -0 sha256sum | sha256sum | cut -c1-32)
built=$cache/console-$sum
if [ ! -e "$built/assets.S" ]; then
  exec 9>"$cache/console.lock"
  flock 9
  if [ ! -e "$built/assets.S" ]; then
    modules
    part=$built.part
    rm -rf "$part"
    (cd console && ../cmake/node.sh --node node_modules/vite/bin/vite.js build --logLevel warn --emptyOutDir --outDir "$part/dist") >&2
    cmake/node.sh --node console/embed.mjs "$part/dist" "$part"
    rm -rf "$part/dist"
    mv "$part" "$built"
    # Of older sources the last few are kept: trees are switched to and fro.
    find "$cache" -maxdepth 1 -type d -name 'console-*' -printf '%T@ %p\n' | sort -rn | tail -n +9 | cut -d' ' -f2- |
      xargs -r rm -rf
  fi
fi
rm -rf "$into"
mkdir -p "$into"
cp "$built"/* "$into"
touch "$into"/assets.*
