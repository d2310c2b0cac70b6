#!/usr/bin/env python3
"""The step that `kit bench step` measures, in Python with diffusers: a LoRA on every transformer layer of the reference
UNet, forward, mean squared error, backward, torch.optim.AdamW. Needs torch and diffusers (0.25 was measured).

    python3 bench/step.py [--threads N] [--rank 4] [--batch 1] [--steps 30]
"""
import argparse
import json
import os
import pathlib
import struct
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # suits Debian's libtorch: threads that spin at barriers starve each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch
from diffusers.models.unet_2d_condition import UNet2DConditionModel

REFERENCE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "unet"


def load_safetensors(path):
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8:8 + length]), raw[8 + length:]
    return {
        name: torch.frombuffer(bytearray(data[slice(*entry["data_offsets"])]), dtype=torch.float32).reshape(entry["shape"])
        for name, entry in header.items() if name != "__metadata__"
    }


class Lora(torch.nn.Module):
    """y = W x + up(down(x)) * multiplier * alpha / rank, put in the place of the layer's own forward."""

    def __init__(self, layer, rank):
        super().__init__()
        if isinstance(layer, torch.nn.Conv2d):
            self.down = torch.nn.Conv2d(layer.in_channels, rank, 1, bias=False)
            self.up = torch.nn.Conv2d(rank, layer.out_channels, 1, bias=False)
        else:
            self.down = torch.nn.Linear(layer.in_features, rank, bias=False)
            self.up = torch.nn.Linear(rank, layer.out_features, bias=False)
        torch.nn.init.zeros_(self.up.weight)
        self.own_forward = layer.forward
        layer.forward = self.forward

    def forward(self, x, *args, **kwargs):
        return self.own_forward(x, *args, **kwargs) + self.up(self.down(x)) * 1.0 * 1.0


def measure(name, count, work):
    for _ in range(5):
        work()
    times, cpu = [], time.process_time()
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    cpu = 1000 * (time.process_time() - cpu) / count
    times.sort()
    print(f"{name}: median {times[count // 2]:.1f} ms, best {times[0]:.1f} ms, {cpu:.1f} ms of CPU")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rank", type=int, default=4)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=30)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)

    cases = json.loads((REFERENCE / "manifest.json").read_text())["cases"]
    config = next(case["config"] for case in cases if case["name"] == "sd15_tiny")
    unet = UNet2DConditionModel.from_config({k: v for k, v in config.items() if not k.startswith("_")})
    unet.load_state_dict(load_safetensors(REFERENCE / "sd15_tiny.weights.safetensors"))
    unet.requires_grad_(False)
    layers = [m for n, m in unet.named_modules() if "attentions." in n and isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]
    loras = torch.nn.ModuleList(Lora(layer, args.rank) for layer in layers)
    optimizer = torch.optim.AdamW(loras.parameters(), lr=1e-4)

    latents, noise = torch.randn(args.batch, 4, 16, 16), torch.randn(args.batch, 4, 16, 16)
    context = torch.randn(args.batch, 77, config["cross_attention_dim"])
    timesteps = torch.full((args.batch,), 500)

    def forward():
        with torch.no_grad():
            unet(latents, timesteps, context)

    def step():
        loss = torch.nn.functional.mse_loss(unet(latents, timesteps, context).sample, noise)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()

    measure("forward", args.steps, forward)
    measure("step", args.steps, step)
    print(f"{len(loras)} adapters, {torch.get_num_threads()} threads, torch {torch.__version__}")


if __name__ == "__main__":
    main()
