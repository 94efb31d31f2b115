#!/bin/bash
# libtorch.sh: unpacks PyPI's current torch wheel, for CPU use, as a libtorch to build against.
#
#     scripts/libtorch.sh [DIR]        DIR: where to (default: build/libtorch)
#
# The wheel needs two small CUDA wheels beside it even on a CPU (about 15 MB); the
# gigabytes that `pip install torch` adds are left out. Runs again at no cost.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "libtorch.sh: $*" >&2; exit 1; }

directory=${1:-build/libtorch}
mkdir -p "$directory" || die "cannot make $directory"
directory=$(cd "$directory" && pwd)
library=$directory/torch/lib/libtorch_cpu.so

done_already() {
    [ -f "$directory/.complete" ] && [ -f "$library" ]
}

# Downloads one wheel, without what it depends on, and unpacks it into the folder.
fetch() {
    local wheels
    wheels=$(mktemp -d "$directory/.wheels.XXXXXX")
    echo "libtorch.sh: fetching $1" >&2
    if ! python3 -m pip --disable-pip-version-check download --quiet --no-deps --only-binary=:all: \
            --dest "$wheels" "$1" >&2; then
        rm -rf "$wheels"
        die "pip could not download $1: is PyPI reachable from here?"
    fi
    python3 -m zipfile -e "$wheels"/*.whl "$directory" || { rm -rf "$wheels"; die "cannot unpack $1 into $directory"; }
    rm -rf "$wheels"
}

if ! done_already; then
    command -v readelf > /dev/null || die "readelf is missing: apt-get install binutils"
    python3 -m pip --version > /dev/null 2>&1 || die "pip is missing: apt-get install python3-pip"
    [ "$(uname -sm)" = "Linux x86_64" ] || echo "libtorch.sh: only tried on Linux x86-64" >&2
    fetch torch
    [ -f "$library" ] || die "the torch wheel holds no torch/lib/libtorch_cpu.so"
    # libcudart.so.13 -> wheel nvidia-cuda-runtime; up to CUDA 12 the major is part of the name.
    needed=$(readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
    for pair in libcudart:nvidia-cuda-runtime libcupti:nvidia-cuda-cupti; do
        major=$(sed -n "s/^${pair%%:*}\.so\.\([0-9]*\).*/\1/p" <<< "$needed")
        [ -n "$major" ] || continue
        name=${pair#*:}
        if [ "$major" -le 12 ]; then fetch "$name-cu$major"; else fetch "$name==$major.*"; fi
    done
    missing=$(ldd "$library" | sed -n 's/^\s*\(.*\) => not found/\1/p' | tr '\n' ' ')
    [ -z "$missing" ] || die "libtorch_cpu.so still lacks: $missing"
    touch "$directory/.complete"
fi
echo "-DMOONLARK_TORCH_DIR=$directory/torch"
