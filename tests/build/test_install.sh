#!/usr/bin/env bash
# Where cmake --install puts pages of man and what shells complete with, and that uninstall.cmake takes them away.
#   test_install.sh BUILD
set -euo pipefail
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
  echo "failed: $1" >&2
  exit 1
}

cmake --install "$1" --prefix "$place/pre fix" --component shells > "$place/log" || fail "$(cat "$place/log")"
share="$place/pre fix/share"
for path in man/man1/moonlark.1 man/man1/moonlark-extract.1 bash-completion/completions/moonlark \
  zsh/site-functions/_moonlark fish/vendor_completions.d/moonlark.fish; do
  [ -s "$share/$path" ] || fail "there is no share/$path"
done
[ "$(find "$share/man/man1" -type f | wc -l)" = "$(find "$source_folder/scripts/man" -type f | wc -l)" ] ||
  fail "pages are missing"

# Each finds its own by the place alone.
if command -v man > /dev/null; then
  man -M "$share/man" -w moonlark-extract > /dev/null || fail "man does not find the page"
fi
if [ -r /usr/share/bash-completion/bash_completion ]; then
  found=$(XDG_DATA_DIRS="$share" bash -c '. /usr/share/bash-completion/bash_completion
    __load_completion moonlark; complete -p moonlark') || fail "bash-completion does not find the script"
  [ "$found" = "complete -F _moonlark moonlark" ] || fail "bash: $found"
fi
if command -v fish > /dev/null; then
  found=$(XDG_DATA_DIRS="$share" HOME="$place" fish -c 'printf "%s\n" $fish_complete_path/moonlark.fish')
  grep -qxF "$share/fish/vendor_completions.d/moonlark.fish" <<< "$found" || fail "fish does not look there: $found"
fi
if command -v zsh > /dev/null; then
  found=$(zsh -f -c 'fpath=($1 $fpath); autoload -U compinit; compinit -u -D; print $_comps[moonlark]' zsh \
    "$share/zsh/site-functions")
  [ "$found" = _moonlark ] || fail "zsh does not find the script: $found"
fi

cmake -D MANIFEST="$1/install_manifest_shells.txt" -P "$source_folder/scripts/uninstall.cmake" > "$place/log" 2>&1 ||
  fail "uninstalling failed: $(cat "$place/log")"
left=$(find "$place/pre fix" -type f)
[ -z "$left" ] || fail "left: $left"
