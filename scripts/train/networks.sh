#!/usr/bin/env bash
# Makes the networks that come with Moonlark anew, from nothing but POP909 (github music-x-lab/POP909-Dataset, MIT):
#   scripts/train/networks.sh FOLDER POP909 [MOONLARK]
# FOLDER takes the data, 1.9 GB, and the results. On one machine, with the same fluidsynth, fonts and libtorch, the results are
# the same to the bit. About 70 minutes; a run that was stopped goes on with the data that is there.
# It needs, of Debian: fluidsynth fluid-soundfont-gm timgm6mb-soundfont opl3-soundfont csound-soundfont, and for voices espeak-ng
# flite festival festvox-{kallpc16k,kdlpc16k,us-slt-hts,italp16k,itapc16k,suopuhe-lj,suopuhe-mv} festvox-czech-{dita,krb,machac,ph}
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
folder=$(mkdir -p "$1" && cd "$1" && pwd) pop909=$(cd "$2" && pwd) moonlark=${3:-moonlark}
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1

make=scripts/train/rendered/make.lua
"$moonlark" corpus "$folder/train/corpus" --clips 16 --seconds 30 --seed 1
"$moonlark" $make "$folder/train/rendered" --pop909 "$pop909" --first 1 --last 800 --clips 480 --seed 1
"$moonlark" $make "$folder/fit" --pop909 "$pop909" --first 1 --last 800 --clips 150 --seed 3
"$moonlark" $make "$folder/test" --pop909 "$pop909" --first 801 --last 909 --clips 75 --seed 2
"$moonlark" $make "$folder/voices/solo" --solo --clips 80 --seed 4
"$moonlark" scripts/train/voices/make.lua "$folder/voices" --clips 240 --seed 1

"$moonlark" scripts/train/music/harmony.lua "$folder/train" --steps 1200 --out "$folder/harmony.safetensors"
"$moonlark" scripts/train/music/beats.lua "$folder/train" --steps 800 --out "$folder/beats.safetensors"
"$moonlark" scripts/train/music/voice.lua "$folder/train/rendered" "$folder/voices" --steps 1000 --out "$folder/voice.safetensors"
for name in beats harmony voice; do
  cp "$folder/$name.safetensors" "$folder/$name.json" models/weights/
done
"$moonlark" scripts/train/rendered/bars.lua "$folder/fit"
