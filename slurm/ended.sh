#!/usr/bin/env bash
# Slurm runs this after each task of a job: it notes that one has ended.
set -euo pipefail
: >"$RINGWOOD_RUN/ended"
