"""Reads bench's lines, times the same attention with PyTorch's scaled_dot_product_attention, and prints both as a table of Markdown.

Lines of kernels of gradients are timed beside autograd's backward pass through it. Where PyTorch's flash backend takes no such call (f32), its efficient backend is timed and named. A decode shows bytes of keys and values, other
cases floating-point operations of both products, for admitted pairs only. The ceilings are measured in the same run.
"""
import statistics
import sys

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

TYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
WINDOW = 1024


def timed(call):
    """Seconds of a call: the median of nine rounds of about 10 ms, as bench does."""

    def round_of(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(repeats):
            call()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / repeats

    repeats = max(1, int(10 / max(round_of(2), 0.01)))
    return statistics.median(round_of(repeats) for _ in range(9)) / 1e3


def matrix_rate(dtype):
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=dtype) for _ in range(2))
    return 2 * 8192**3 / timed(lambda: a @ b)


def copy_rate():
    x = torch.empty(1 << 30, device="cuda", dtype=torch.uint8).random_()
    y = torch.empty_like(x)
    return 2 * x.numel() / timed(lambda: y.copy_(x))


def pairs(mask, batch, queries, keys):
    if mask == "causal":
        return batch * queries * (queries + 1) // 2
    if mask == "window":
        return batch * (WINDOW * (WINDOW + 1) // 2 + (queries - WINDOW) * WINDOW)
    return batch * queries * keys


def torch_seconds(dtype, mask, batch, queries, keys, heads, key_heads, dim, backward):
    """Time and backend, or None where PyTorch has no such kernel."""
    if mask == "window":
        return None
    q = torch.randn(batch, queries, heads, dim, device="cuda", dtype=TYPES[dtype]).transpose(1, 2)
    k, v = (torch.randn(batch, keys, key_heads, dim, device="cuda", dtype=TYPES[dtype]).transpose(1, 2) for _ in range(2))
    for x in (q, k, v):
        x.requires_grad_(backward)
    for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION):
        grouped = heads != key_heads
        kk, vv = k, v
        if grouped and backend == SDPBackend.EFFICIENT_ATTENTION:
            kk, vv = (x.repeat_interleave(heads // key_heads, dim=1) for x in (k, v))
            grouped = False
        try:
            with sdpa_kernel(backend):
                call = lambda: F.scaled_dot_product_attention(q, kk, vv, is_causal=mask == "causal", enable_gqa=grouped)
                out = call()
                if backward:
                    gradient = torch.randn_like(out)
                    call = lambda: torch.autograd.grad(out, (q, k, v), gradient, retain_graph=True)
                    call()
                return timed(call), backend.name.split("_")[0].lower()
        except RuntimeError:
            continue
    return None


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    matrix = {name: matrix_rate(dtype) for name, dtype in TYPES.items()}
    copy = copy_rate()
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}. Matrix products of 8192: " + ", ".join(f"{n} {r / 1e12:.0f} TFLOP/s" for n, r in matrix.items())
          + f". Copy in device memory: {copy / 1e12:.2f} TB/s (read and written).\n")
    print("| case | Ringwood | share of the ceiling | PyTorch | its share | ratio | kernel |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for line in sys.stdin:
        dtype, mask, *numbers, milliseconds, kernel = line.split()
        batch, queries, keys, heads, key_heads, dim = map(int, numbers)
        seconds = float(milliseconds) / 1e3
        decode = mask == "decode"
        backward = kernel.startswith("gradient")
        if decode:
            work, ceiling, unit = batch * keys * key_heads * 2 * dim * TYPES[dtype].itemsize, copy, "GB/s"
        else:
            # Two products, or the five that gradients need at least: those that are computed anew don't count.
            work, ceiling, unit = (10 if backward else 4) * dim * heads * pairs(mask, batch, queries, keys), matrix[dtype], "TFLOP/s"
        scale = 1e9 if decode else 1e12
        show = lambda s: f"{work / s / scale:.0f} {unit}" if decode or dtype != "f32" else f"{work / s / scale:.1f} {unit}"
        name = f"{dtype} {mask} {batch} x {queries}{'' if keys == queries else f' over {keys}'}, heads {heads}/{key_heads}, dim {dim}{', backward' if backward else ''}"
        row = [name, show(seconds), f"{work / seconds / ceiling:.0%}"]
        other = torch_seconds(dtype, mask, batch, queries, keys, heads, key_heads, dim, backward)
        if other is None:
            row += ["", "", ""]
        else:
            row += [show(other[0]) + ("" if other[1] == "flash" else f" ({other[1]})"), f"{work / other[0] / ceiling:.0%}", f"{other[0] / seconds:.2f}"]
        print("| " + " | ".join(row + [kernel]) + " |", flush=True)


main()
