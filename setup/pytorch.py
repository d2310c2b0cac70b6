"""Describes this Python's PyTorch as shell assignments for src/NotebookKit.Torch/native/build.sh.

Exit code 1 where there is none, or one older than 1.13.
"""

import glob
import os
import shlex
import sys

try:
    import torch
except ImportError:
    sys.exit(1)

version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
if version < (1, 13):
    sys.exit(1)

root = os.path.dirname(torch.__file__)
if root.startswith("/usr/lib/python3/"):
    sys.exit(1)  # the distribution's own: its headers are in the libtorch package, which is used instead
cuda = torch.cuda.is_available()
packages = os.path.dirname(root)
cuda_headers = glob.glob(packages + "/nvidia/*/include/cuda_runtime_api.h") + glob.glob("/usr/local/cuda/include/cuda_runtime_api.h")

found = {
    "KIT_TORCH_CHOICE": f"PyTorch {torch.__version__}{f' (CUDA {torch.version.cuda})' if cuda else ''} of {sys.executable}",
    "KIT_TORCH_INCLUDE": f"{root}/include:{root}/include/torch/csrc/api/include",
    "KIT_TORCH_LIB": f"{root}/lib",
    "KIT_TORCH_ABI": str(int(torch.compiled_with_cxx11_abi())),
    "KIT_TORCH_CUDA": str(int(cuda)),
    "KIT_CUDA_INCLUDE": os.path.dirname(cuda_headers[0]) if cuda and cuda_headers else "",
    "KIT_TORCH_STD": "c++20" if version >= (2, 13) else "c++17",
}
for name, value in found.items():
    print(f"export {name}={shlex.quote(value)}")
