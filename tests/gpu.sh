#!/usr/bin/env bash
# The tensor, network, training and pretrained tests on a CUDA device, then throughput beside PyTorch on the same card,
# and the time of an encoder of Whisper large-v3's size.
#
#     tests/gpu.sh [build folder]        default: build/release
#
# The build must use a libtorch with CUDA, such as that of python3's torch:
#     cmake --preset release -DMOONLARK_TORCH_DIR="$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))')"
# Without a CUDA device or a CUDA libtorch it says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$(realpath -m "${1:-build/release}")
moonlark=$build/bin/moonlark
if [ ! -x "$moonlark" ]; then
  echo "tests/gpu.sh: there is no $moonlark: build first (README.md), or name the build folder" >&2
  exit 2
fi

reason=$("$moonlark" -e '
  local found, torch = pcall(require, "moonlark.torch")
  local devices, why = 0, "this build has no libtorch"
  if found then devices, why = torch.cuda.device_count() end
  if devices == 0 then print(why) end')
if [ -n "$reason" ]; then
  echo "skipped: no GPU tests: $reason"
  exit 0
fi

# TF32 rounds factors to 10 bits: comparisons to 1e-5 must do without.
export NVIDIA_TF32_OVERRIDE=0 MOONLARK_TEST_DEVICE=cuda:0 MOONLARK_TEST_BUILD=$build MOONLARK_CACHE= CUBLAS_WORKSPACE_CONFIG=:4096:8
failed=0
for test in test_torch_reference test_nn test_optim test_train test_batches test_precision; do
  [ -f "tests/lua/$test.lua" ] || continue
  echo "== $test on $MOONLARK_TEST_DEVICE"
  "$moonlark" "tests/lua/$test.lua" || failed=1
done

unset NVIDIA_TF32_OVERRIDE
echo "== throughput, milliseconds: name, training step, inference"
echo "moonlark:"
"$moonlark" tests/bench/train.lua cuda:0 || failed=1
if python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  echo "PyTorch $(python3 -c 'import torch; print(torch.__version__)'):"
  python3 tests/bench/peers/train_torch.py cuda:0
else
  echo "PyTorch: python3 has none with CUDA, so there is no comparison"
fi

echo "== Whisper's encoder, large-v3's size, milliseconds a window of 30 s"
"$moonlark" tests/bench/large.lua cuda:0 || failed=1
exit $failed
