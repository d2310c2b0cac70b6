#!/usr/bin/env bash
# build.sh OUTDIR: compiles kit_torch.cpp against an installed libtorch into OUTDIR/libkit_torch.so.
#
# Without settings: Debian's libtorch-dev. For the libtorch of an installed PyTorch (or an unpacked libtorch):
#   KIT_TORCH_INCLUDE  colon-separated include folders (…/torch/include:…/torch/include/torch/csrc/api/include)
#   KIT_TORCH_LIB      the folder with libtorch_cpu.so and libc10.so; becomes the library's run path
#   KIT_TORCH_ABI      0 or 1: _GLIBCXX_USE_CXX11_ABI, as torch.compiled_with_cxx11_abi() says
#   KIT_TORCH_CUDA     1 links libtorch_cuda, so that CUDA devices exist
#   KIT_CUDA_INCLUDE   the folder with cuda_runtime_api.h; without it a CUDA build has no memory figures
#   KIT_TORCH_STD      c++17 (default) or c++20, should a later libtorch want it
#   CXX, CXXFLAGS      as everywhere
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1
mkdir -p "$out"

flags=(-std="${KIT_TORCH_STD:-c++17}" -O3 -fno-math-errno -fopenmp -fPIC -shared -fvisibility=hidden -w)
libs=(-ltorch_cpu -lc10)

if [ -n "${KIT_TORCH_INCLUDE:-}" ]; then
  IFS=: read -r -a folders <<<"$KIT_TORCH_INCLUDE"
  for folder in "${folders[@]}"; do flags+=(-I"$folder"); done
else
  flags+=(-I/usr/include/torch/csrc/api/include)
fi
if [ -n "${KIT_TORCH_LIB:-}" ]; then
  flags+=(-L"$KIT_TORCH_LIB" -Wl,-rpath,"$KIT_TORCH_LIB")
fi
[ -z "${KIT_TORCH_ABI:-}" ] || flags+=(-D_GLIBCXX_USE_CXX11_ABI="$KIT_TORCH_ABI")
if [ "${KIT_TORCH_CUDA:-0}" = 1 ]; then
  # Nothing here names a symbol of libtorch_cuda: it registers its kernels when it is loaded.
  libs=(-Wl,--no-as-needed -ltorch_cuda -lc10_cuda -Wl,--as-needed "${libs[@]}")
  flags+=(-DKIT_CUDA=1)
  [ -z "${KIT_CUDA_INCLUDE:-}" ] || flags+=(-I"$KIT_CUDA_INCLUDE")
fi

# Written beside the target and renamed: a process that has the old library mapped keeps it.
temporary=$(mktemp "$out/libkit_torch.XXXXXX")
trap 'rm -f "$temporary"' EXIT
# shellcheck disable=SC2086
"${CXX:-g++}" "${flags[@]}" ${CXXFLAGS:-} "$here/kit_torch.cpp" -o "$temporary" "${libs[@]}"
chmod 755 "$temporary"
mv -f "$temporary" "$out/libkit_torch.so"
trap - EXIT
