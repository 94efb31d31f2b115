#!/usr/bin/env bash
# figures.sh: measures all tables of TRAIN.md, LEARN.md and CLUSTER.md; half an hour on an idle machine of two cores.
#
#     tests/bench/figures.sh PYTHON_1 PYTHON_2 PYTHON_SKLEARN [ROUNDS]
#
# build/release holds the build with Debian's libtorch, build/libtorch2 the one with PyPI's (scripts/libtorch.sh).
# PYTHON_1 has Debian's python3-torch, PYTHON_2 PyPI's torch of the same version, PYTHON_SKLEARN scikit-learn.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 3 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
one=build/release/bin/moonlark two=build/libtorch2/bin/moonlark rounds=${4:-3}
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT

python3 tests/bench/train.py --pair "$one,$1" --pair "$two,$2" --rounds "$rounds"
python3 tests/bench/learn.py --moonlark "$one" --moonlark "$two" --python "$3" --rounds "$rounds"
python3 tests/bench/cluster.py --moonlark "$one" --python "$3" --rounds "$rounds"
"$one" corpus "$corpus" > /dev/null
{
  printf '\n## How threads wait\n\n`python3 tests/bench/wait.py CORPUS`, Debian'\''s libtorch.\n\n'
  python3 tests/bench/wait.py "$corpus" --moonlark "$one" --rounds "$rounds"
} | tee "$corpus/wait.md"
cat "$corpus/wait.md" >> tests/bench/TRAIN.md
