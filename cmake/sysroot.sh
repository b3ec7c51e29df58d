#!/usr/bin/env bash
# sysroot.sh ARCHITECTURE: prints a folder with the libraries that the program and its tests need, as Debian has them for
# another architecture. It is made once for a machine and list, in ${COFRE_CACHE:-~/.cache/cofre}; nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/setup.sh

architecture=$1
packages="$(packages_of build | grep -- -dev$) libgtest-dev"
cache=${COFRE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cofre}
root=$cache/sysroot-$architecture-$(echo "$packages" | sha256sum | cut -c1-12)
if [ -d "$root" ]; then
  echo "$root"
  exit
fi

say "Fetching Debian's libraries for $architecture"
mkdir -p "$cache"
work=$(mktemp -d "$cache/sysroot.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
touch "$work/status"
cat >"$work/apt.conf" <<EOF
Dir::State::Lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
EOF
export APT_CONFIG=$work/apt.conf
apt-get update -qq >&2
# shellcheck disable=SC2086
apt-get install -d -y -qq --no-install-recommends $packages >&2
for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
mv -T "$work/root" "$root" || [ -d "$root" ]  # another may have been faster
echo "$root"
