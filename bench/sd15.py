#!/usr/bin/env python3
"""What `kit bench sd15` measures, in Python with diffusers: a UNet of Stable Diffusion 1.5's size on random weights, float32,
one forward of 1x4x64x64 latents with 77 text states. Needs torch and diffusers (0.25 was measured).

    python3 bench/sd15.py --config FOLDER/unet/config.json [--threads N] [--runs 2]

FOLDER is the model that `kit bench sd15 --model FOLDER` keeps; only its UNet's config is read.
"""
import argparse
import json
import os
import resource
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # suits Debian's libtorch: threads that spin at barriers starve each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch
from diffusers.models.unet_2d_condition import UNet2DConditionModel

arguments = argparse.ArgumentParser()
arguments.add_argument("--config", required=True)
arguments.add_argument("--threads", type=int, default=os.cpu_count())
arguments.add_argument("--runs", type=int, default=2)
options = arguments.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
with open(options.config) as file:
    unet = UNet2DConditionModel.from_config(json.load(file)).eval()

latents, states, timestep = torch.randn(1, 4, 64, 64), torch.randn(1, 77, 768), torch.tensor([500])
wall, cpu = [], []
with torch.no_grad():
    unet(latents, timestep, states)
    for _ in range(options.runs):
        started, used = time.perf_counter(), time.process_time()
        unet(latents, timestep, states)
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)

print(json.dumps({
    "u_net_seconds": sorted(wall)[len(wall) // 2],
    "u_net_best_seconds": min(wall),
    "u_net_cpu_seconds": sum(cpu) / len(cpu),
    "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "runs": options.runs,
    "threads": options.threads,
}))
