#!/usr/bin/env bash
# The whole way once: packages, build, a small labelled corpus, clusters, classifiers, pictures.
#   scripts/quickstart.sh [FOLDER]     FOLDER: where runs go (default: runs/)
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in -h | --help) sed -n '2,3s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
runs=${1:-runs}
build=build/release
moonlark=$build/bin/moonlark

step() {
  if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

step "1/5  packages"
scripts/setup.sh
step "2/5  build"
cmake --preset release -DBUILD_TESTING=OFF
cmake --build $build
step "3/5  a synthetic corpus of ten styles"
$moonlark corpus "$runs/corpus"
step "4/5  clusters, without labels"
$moonlark cluster "$runs/corpus" --run "$runs/cluster" --overwrite
step "5/5  classifiers, with labels"
$moonlark classify "$runs/corpus" --run "$runs/classify" --overwrite

step "Done. Look at:"
find "$runs/cluster" "$runs/classify" \( -name '*.png' -o -name report.md \) | sort
printf '\nOn your own music, one folder a class:  %s classify FOLDER --run runs/mine\n' "$moonlark"
