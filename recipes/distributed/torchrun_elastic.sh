#!/bin/sh
# Two to four machines, eight processes each; workers may come and go. Start the same line on each machine:
#   HOST=first-machine:29400 sh recipes/distributed/torchrun_elastic.sh
# After a lost worker torchrun starts all of them again, and they go on from the newest complete checkpoint.
# The folder of `output_dir` must be shared by the machines. Not run on a GPU here.
exec torchrun --nnodes "${NODES:-2:4}" --nproc_per_node "${PROCESSES:-8}" --max_restarts 3 \
    --rdzv_backend c10d --rdzv_id tooltune --rdzv_endpoint "${HOST:?set HOST to the address of one of the machines}" \
    -m tooltune train --config recipes/distributed/run.yaml
