#!/usr/bin/env python3
"""Attends tensors of NumPy or PyTorch with Ringwood, and compares the result with NumPy's own.

    examples/python/attend.py [--tokens N] [--workers N] [--schedule NAME] [--seed N] [--torch]

Ringwood reads and writes safetensors, so nothing of it is needed in Python: `attend` writes q, k and v to a file, runs a job on it and reads out and lse.
Needs Python 3.9 and NumPy; with --torch PyTorch makes the tensors, in bf16.
"""

import argparse
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile


def module(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        sys.exit(f"attend.py: the module {name} is missing; install it (pip install {name}; Debian: python3-{name})")


np = module("numpy")

RINGWOOD = pathlib.Path(__file__).resolve().parents[2] / "ringwood"
NAMES = {"float32": "F32", "float16": "F16", "torch.float32": "F32", "torch.float16": "F16", "torch.bfloat16": "BF16"}


def save(path, tensors):
    """Writes tensors by name as a safetensors file: the length of a JSON header, the header, the elements."""
    header, data, end = {}, [], 0
    for name, tensor in tensors.items():
        data.append(bits(tensor))
        begin, end = end, end + len(data[-1])
        dtype = NAMES[str(tensor.dtype)]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.writelines(data)


def bits(tensor):
    if isinstance(tensor, np.ndarray):
        return np.ascontiguousarray(tensor).tobytes()
    import torch

    return tensor.contiguous().view(torch.uint8).numpy().tobytes()


def load(path):
    """The tensors of a safetensors file by name, as arrays of float32."""
    content = pathlib.Path(path).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    for name, entry in json.loads(content[8:end]).items():
        if name != "__metadata__":
            begin, stop = (end + offset for offset in entry["data_offsets"])
            tensors[name] = widened(entry["dtype"], content[begin:stop]).reshape(entry["shape"])
    return tensors


def widened(dtype, content):
    if dtype == "BF16":
        return (np.frombuffer(content, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(content, {"F32": "<f4", "F16": "<f2"}[dtype]).astype(np.float32)


def attend(q, k, v, mask="causal", workers=2, schedule="auto", ringwood=RINGWOOD):
    """Attention of q [tokens, heads, dim] to k [tokens, kvHeads, dim] and v [tokens, kvHeads, dimV]: out and lse, as arrays."""
    with tempfile.TemporaryDirectory() as folder:
        save(f"{folder}/qkv.safetensors", {"q": q, "k": k, "v": v})
        job = {
            "workers": workers,
            "attention": {"schedule": schedule, "mask": mask},
            "input": {"tensors": "qkv.safetensors"},
            "output": "out.safetensors",
        }
        # YAML reads JSON.
        pathlib.Path(folder, "job.yaml").write_text(json.dumps(job))
        subprocess.run([ringwood, "run", f"{folder}/job.yaml"], check=True, stdout=sys.stderr)
        result = load(f"{folder}/out.safetensors")
        return result["out"], result["lse"]


def expected(q, k, v):
    """Causal attention in float64, by the definition."""
    tokens, heads, dim = q.shape
    out, lse = np.zeros((tokens, heads, v.shape[2])), np.zeros((tokens, heads))
    admitted = np.tri(tokens, dtype=bool)
    for head in range(heads):
        key_head = head * k.shape[1] // heads
        scores = q[:, head].astype(np.float64) @ k[:, key_head].T.astype(np.float64) / np.sqrt(dim)
        scores[~admitted] = -np.inf
        largest = scores.max(axis=1, keepdims=True)
        weights = np.exp(scores - largest)
        sums = weights.sum(axis=1, keepdims=True)
        out[:, head] = weights @ v[:, key_head] / sums
        lse[:, head] = (largest + np.log(sums))[:, 0]
    return out, lse


def tensors(tokens, seed, in_torch):
    if not in_torch:
        generator = np.random.default_rng(seed)
        return [generator.standard_normal((tokens, heads, 64), dtype=np.float32) for heads in (8, 2, 2)]
    torch = module("torch")
    torch.manual_seed(seed)
    return [torch.randn(tokens, heads, 64).to(torch.bfloat16) for heads in (8, 2, 2)]


def array(tensor):
    return tensor if isinstance(tensor, np.ndarray) else tensor.float().numpy()


def main():
    parser = argparse.ArgumentParser(description="attends random tensors and compares the result with NumPy's")
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--schedule", default="auto")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--torch", action="store_true", help="tensors of PyTorch, in bf16")
    options = parser.parse_args()
    q, k, v = tensors(options.tokens, options.seed, options.torch)
    try:
        out, lse = attend(q, k, v, workers=options.workers, schedule=options.schedule)
    except subprocess.CalledProcessError as failed:
        # Ringwood has told why.
        return failed.returncode
    reference, reference_lse = expected(array(q), array(k), array(v))
    error, lse_error = np.abs(out - reference).max(), np.abs(lse - reference_lse).max()
    # The rounding of the output, and some of f32 arithmetic.
    bound = (2**-7 if options.torch else 2**-20) * np.abs(reference).max() + 1e-6
    print(f"{options.tokens} tokens: out within {error:.1e} (allowed {bound:.1e}), lse within {lse_error:.1e}")
    return 0 if error <= bound and lse_error <= 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
