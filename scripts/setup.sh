#!/usr/bin/env bash
# Installs the Debian packages that Moonlark needs to build and run; quick when none is missing.
#   scripts/setup.sh          what building and running need
#   scripts/setup.sh --dev    also what the tests and a developer need
set -euo pipefail

build_and_run=(
  cmake ninja-build gcc g++ pkg-config
  lua5.4 liblua5.4-dev libreadline-dev lua-cjson lua-filesystem lua-argparse
  libsndfile1-dev libmpg123-dev libavformat-dev libavcodec-dev libavutil-dev libswresample-dev libsoxr-dev
  librubberband2 libcurl4 libzmq5 ca-certificates
  libfftw3-dev libopenblas0-openmp libsvm-dev libxgboost-dev
  libxxhash-dev zlib1g-dev libsqlite3-dev libmicrohttpd-dev libwslay-dev libseccomp-dev
  libtorch-dev
  gnuplot-nox
)
tests_and_tools=(libcmocka-dev libebur128-dev vamp-examples lua-unit hdf5-tools ccache gdb tmux python3-pip binutils unzip
  mandoc zsh bash-completion chromium chromium-driver python3-selenium)

wanted=("${build_and_run[@]}")
for argument in "$@"; do
  case $argument in
    --dev) wanted+=("${tests_and_tools[@]}") ;;
    -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "setup.sh: unknown argument '$argument' (known: --dev, --help)" >&2; exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup.sh: this system has no apt-get, so it is not Debian or one of its relatives." >&2
  echo "Install what these Debian packages hold in your system's way, then build with CMake:" >&2
  printf '  %s\n' "${wanted[@]}" >&2
  exit 1
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=(env)
elif command -v sudo >/dev/null; then
  as_root=(sudo env)
else
  echo "setup.sh: packages are missing, and installing them needs root or sudo. As root:" >&2
  echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

echo "setup.sh: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
