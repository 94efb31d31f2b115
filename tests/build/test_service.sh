#!/usr/bin/env bash
# The unit for systemd says nothing wrong and leaves little open; skips without systemd-analyze.
#   test_service.sh BUILD
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "failed: $1" >&2
  exit 1
}

cmake --install "$build" --prefix "$place/prefix" --component service > "$place/log" || fail "$(cat "$place/log")"
unit=$place/prefix/lib/systemd/system/moonlark.service
[ -s "$unit" ] && cmp -s "$unit" "$source_folder/scripts/serve/moonlark.service" || fail "the unit is not installed"
for name in DynamicUser NoNewPrivileges ProtectSystem SystemCallFilter IPAddressDeny KillMode; do
  grep -q "^$name=" "$unit" || fail "the unit has no $name"
done
command -v systemd-analyze > /dev/null || { echo "systemd-analyze is not here"; exit 77; }

sed "s|^ExecStart=moonlark|ExecStart=$build/bin/moonlark|; /^Documentation=/d" "$unit" > "$place/moonlark.service"
said=$(systemd-analyze verify --man=no "$place/moonlark.service" 2>&1 | grep "$place" || true)
[ -z "$said" ] || fail "$said"

# Points of exposure, 0 (nothing is open) to 100; what systemd calls OK begins at 40.
systemd-analyze security --offline=true --threshold=20 "$place/moonlark.service" > "$place/said" 2>&1 ||
  fail "$(tail -3 "$place/said")"
tail -1 "$place/said"
