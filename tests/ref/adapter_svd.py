#!/usr/bin/env python3
"""Singular values of every pair of every adapter at hand, against NumPy.

    tests/ref/adapter_svd.py RANKSCOPE [DATA]

Reads the safetensors files itself, forms s B A densely in float64, takes
numpy.linalg.svd of it, and compares with `RANKSCOPE spectrum FILE --json`:
1e-5 of the largest value.  Only s comes from the program's own report, and is
checked against the config here where there is one.
"""
import glob
import json
import os
import struct
import subprocess
import sys

import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
TOLERANCE = 1e-5


def tensors(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(
            data[entry["data_offsets"][0]:entry["data_offsets"][1]],
            TYPES[entry["dtype"]]).reshape(entry["shape"]).astype(np.float64)
        for name, entry in header.items()
    }


def partner(name):
    """The B that stands beside an A, and whether both lie turned."""
    for a, b, turned in ((".lora_A.", ".lora_B.", False),
                         (".lora_a", ".lora_b", True),
                         ("w_a_", "w_b_", False), (":down", ":up", False)):
        if a in name:
            return name.replace(a, b), turned
    sys.exit(f"{name}: no partner known")


def stated_scale(path):
    """alpha / r of PEFT's config, or scale of MLX's; None: it does not say."""
    config = os.path.join(os.path.dirname(path), "adapter_config.json")
    if not os.path.exists(config):
        return None
    with open(config) as file:
        says = json.load(file)
    if "lora_parameters" in says:
        return says["lora_parameters"]["scale"]
    return says["lora_alpha"] / says["r"]


def check(program, path):
    report = json.loads(subprocess.run(
        [program, "spectrum", path, "--json"], check=True,
        capture_output=True).stdout)
    held = tensors(path)
    stated, worst = stated_scale(path), 0.0
    for site in report["sites"]:
        a = held[site["tensor"]]
        other, turned = partner(site["tensor"])
        b = held[other]
        if turned:
            a, b = a.T, b.T
        scale = site["scale"]
        assert stated is None or abs(scale - stated) < 1e-12, site["name"]
        want = np.linalg.svd(scale * b @ a, compute_uv=False)
        got = np.zeros_like(want)
        got[:len(site["sigma"])] = site["sigma"]
        if want[0] > 0:
            worst = max(worst, np.abs(got - want).max() / want[0])
        else:
            assert not got.any(), site["name"]
    print(f"{worst:9.1e}  {len(report['sites']):4d} pairs  {path}", flush=True)
    return worst <= TOLERANCE


def main():
    program = sys.argv[1]
    data = sys.argv[2] if len(sys.argv) > 2 else "../shared/data"
    paths = sorted(glob.glob(data + "/adapters/**/*.safetensors",
                             recursive=True))
    if not paths:
        sys.exit(f"no adapters under {data}")
    sys.exit(0 if all([check(program, path) for path in paths]) else 1)


main()
