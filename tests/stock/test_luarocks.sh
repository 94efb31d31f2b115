#!/usr/bin/env bash
# luarocks make with the rockspec: the modules in a tree of LuaRocks, and what a stock lua5.4 does with them. The modules
# in C are those of the build, so that nothing is compiled anew.
#   test_luarocks.sh BUILD
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
for program in luarocks lua5.4; do
  command -v $program > /dev/null || { echo "skipped: $program is not here"; exit 77; }
done
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "failed: $1" >&2
  exit 1
}

# LuaRocks configures in the folder in which it stands: not in the repository.
cp -r "$source_folder"/{CMakeLists.txt,lua,models} "$place"
cd "$place"
rocks() { HOME="$place" luarocks --lua-version 5.4 --tree "$place/tree" "$@"; }

rocks make --deps-mode none lua/moonlark-scm-1.rockspec MOONLARK_BUILT="$1" > log 2>&1 || fail "$(cat log)"

cat > script.lua <<'END'
local moonlark = require "moonlark"
assert(moonlark.folder:find "/tree/share/lua/5.4/moonlark$", moonlark.folder)
local torch = require "moonlark.torch"
assert(torch.ones {2}:sum():item() == 2)
local net = require "models.cnn" {classes = 3, n_mels = 64}
assert(net:eval()(torch.zeros {1, 64, 130}):size(1) == 3)
assert(not pcall(require, "models.nothing"))
local t = torch.arange(22050 * 4) / 22050
local clicks = (t * 2):frac():lt(0.01):float() * (t * 2764.6):sin()
local song = require "moonlark.signal".new {data = clicks:reshape {1, -1}, rate = 22050, kind = "waveform"}
assert(moonlark.feature.mel(song).data:size(0) == 128)
assert(math.abs(moonlark.music.beats(song).tempo - 120) < 3) -- by the weights that come with it
assert(#require "moonlark.pretrained.family".all() > 10)
print "fine"
END
said=$(eval "$(rocks path)" && lua5.4 script.lua 2>&1) || fail "$said"
[ "$said" = fine ] || fail "$said"

rocks remove --deps-mode none moonlark > log 2>&1 || fail "$(cat log)"
left=$(find tree -name '*.lua' -o -name '*.so' -o -name '*.safetensors')
[ -z "$left" ] || fail "left: $left"

if rocks make --deps-mode none lua/moonlark-scm-1.rockspec MOONLARK_BUILT=/nowhere > log 2>&1; then
  fail "a build that is not there is taken"
fi
grep -q "MOONLARK_BUILT=/nowhere is no build" log || fail "$(cat log)"
