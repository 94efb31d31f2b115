#!/usr/bin/env bash
# Builds the asan preset and runs the long measurement over it: see README.md. Arguments go to robustness.lua.
set -euo pipefail
cd "$(dirname "$0")/../.."

export MOONLARK_TEST_BUILD=${MOONLARK_TEST_BUILD:-$PWD/build/asan}
if [ "$MOONLARK_TEST_BUILD" = "$PWD/build/asan" ]; then
  cmake --preset asan > /dev/null
  cmake --build --preset asan
fi
# use_tls=0: the leak checker dies on the thread-local memory of oneDNN, which libtorch brings.
export LSAN_OPTIONS=use_tls=0:print_suppressions=0:suppressions=$PWD/tests/lsan.supp
exec "$MOONLARK_TEST_BUILD/bin/moonlark" tests/robustness/robustness.lua "$@"
