# Shared by ./run and ./test: installs the Debian packages of the named sections of cmake/packages.txt that are missing.
# Sourced; expects to stand in the project's root.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

packages_of() {
  local section=
  while read -r line; do
    case "$line" in
      '' | '#'*) ;;
      '['*']') section=${line//[\[\]]/} ;;
      *) case " $* " in *" $section "*) echo "$line" ;; esac ;;
    esac
  done <cmake/packages.txt
}

install_missing() {
  local package missing=()
  for package in $(packages_of "$@"); do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local root=
  [ "$(id -u)" -eq 0 ] || root=sudo
  $root apt-get update -qq || true
  # Services that come with a package stay off (Debian's policy-rc.d): tests start their own.
  local policy=/usr/sbin/policy-rc.d own_policy=
  if [ ! -e "$policy" ]; then
    own_policy=1
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
  fi
  local status=0
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || status=1
  [ -z "$own_policy" ] || $root rm -f "$policy"
  [ $status -eq 0 ] || {
    say "apt-get could not install them. Try: apt-get update && apt-get install ${missing[*]}"
    exit 1
  }
}
