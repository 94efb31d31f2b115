#!/usr/bin/env bash
# Sets up, builds and runs every test; ends with ctest's summary.
#   scripts/test.sh [PRESET] [cmake options]      PRESET: release (default), debug, asan, tsan
# A second build of the same preset, for another libtorch say, goes where MOONLARK_BUILD says; MOONLARK_EXCLUDE is a
# pattern of tests that are left out there.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
case "${1:-}" in
  release | debug | asan | tsan) preset=$1; shift ;;
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
build=${MOONLARK_BUILD:-build/$preset}

scripts/setup.sh --dev
cmake --preset "$preset" -B "$build" -DBUILD_TESTING=ON \
  -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
cmake --build "$build"
# Tests run side by side: threads of one that wait for work must not keep the others from it.
export OMP_WAIT_POLICY=passive
exec ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)" ${MOONLARK_EXCLUDE:+-E "$MOONLARK_EXCLUDE"}
