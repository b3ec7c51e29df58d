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
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
    say "apt-get could not install them. Try: apt-get update && apt-get install ${missing[*]}"
    exit 1
  }
}
