# Sourced by the lanes: programs that a fresh machine may lack.

# need PROGRAM PACKAGE: nothing if PROGRAM is there; else Debian's PACKAGE is installed, or the lane ends and says what is missing
need() {
  command -v "$1" >/dev/null && return
  install_package "$2" && command -v "$1" >/dev/null && return
  echo "interop: '$1' is missing; install it (Debian and Ubuntu: apt-get install $2) and start again" >&2
  exit 1
}

# need_venv: a Python that makes environments with pip in them (Debian keeps that in a package of its own)
need_venv() {
  need python3 python3-venv
  python3 -c 'import venv, ensurepip' 2>/dev/null && return
  install_package python3-venv && python3 -c 'import venv, ensurepip' 2>/dev/null && return
  echo "interop: this python3 has no venv; install it (Debian and Ubuntu: apt-get install python3-venv) and start again" >&2
  exit 1
}

# install_package NAME: by apt-get where there is one, as root or through a sudo that asks nothing
install_package() {
  command -v apt-get >/dev/null || return 1
  local root=()
  [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null && root=(sudo -n); } || return 1
  echo "interop: installing $1"
  { "${root[@]+"${root[@]}"}" apt-get update -qq && "${root[@]+"${root[@]}"}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1"; } >/dev/null
}
