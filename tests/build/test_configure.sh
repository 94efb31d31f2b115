#!/usr/bin/env bash
# What CMake does without the tests' packages, and what its target `uninstall` removes.
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "failed: $1" >&2
  [ -z "${2:-}" ] || cat "$2" >&2
  exit 1
}

# A pkg-config that knows everything but cmocka.
real=$(command -v pkg-config)
cat > "$place/pkg-config" <<END
#!/bin/sh
case " \$* " in *cmocka*) exit 1 ;; esac
exec '$real' "\$@"
END
chmod +x "$place/pkg-config"

configure() {
  cmake -S "$source_folder" -B "$1" -G Ninja -DMOONLARK_TORCH=OFF -DPKG_CONFIG_EXECUTABLE="$place/pkg-config" "${@:2}"
}

configure "$place/left_out" > "$place/log" 2>&1 || fail "without cmocka nothing can be built" "$place/log"
grep -q "tests are left out: they need cmocka" "$place/log" || fail "that tests are left out is not said" "$place/log"
! ninja -C "$place/left_out" -t targets all | grep -q core_test_process || fail "tests are there without cmocka"

if configure "$place/wanted" -DBUILD_TESTING=ON > "$place/log" 2>&1; then
  fail "tests that were asked for are left out in silence" "$place/log"
fi
grep -q "there is no cmocka" "$place/log" || fail "the reason is not named" "$place/log"

# Installed files go, and folders that they leave empty; a stranger's file stays.
root="$place/pre fix"
mkdir -p "$root/bin" "$root/lib/moonlark" "$root/share/moonlark/lua/moonlark/plot"
touch "$root/bin/moonlark" "$root/bin/other" "$root/lib/moonlark/core.so" "$root/lib/moonlark/mine" \
  "$root/share/moonlark/lua/moonlark/plot/init.lua"
printf '%s\n' "$root/bin/moonlark" "$root/lib/moonlark/core.so" "$root/share/moonlark/lua/moonlark/plot/init.lua" \
  > "$place/install_manifest.txt"
cmake -D MANIFEST="$place/install_manifest.txt" -P "$source_folder/scripts/uninstall.cmake" > "$place/log" 2>&1 ||
  fail "uninstalling failed" "$place/log"
left=$(cd "$root" && find . | sort | tr '\n' ' ')
[ "$left" = ". ./bin ./bin/other ./lib ./lib/moonlark ./lib/moonlark/mine ./share " ] || fail "left: $left"
! cmake -D MANIFEST="$place/install_manifest.txt" -P "$source_folder/scripts/uninstall.cmake" > "$place/log" 2>&1 ||
  fail "uninstalling what is not installed says nothing"
