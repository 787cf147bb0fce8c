#!/bin/sh
# DeepSpeed's own launcher: a process on each GPU of this machine, optimiser state and gradients of the adapter sharded (ZeRO-2):
#   sh recipes/distributed/deepspeed.sh
# More machines: deepspeed's --hostfile. Needs `pip install deepspeed`. The variables are what accelerate launch would
# set from deepspeed_zero2.yaml. Run here with two CPU processes, where accelerate leaves ZeRO out; not on a GPU.
export ACCELERATE_USE_DEEPSPEED=true ACCELERATE_DEEPSPEED_ZERO_STAGE=2 ACCELERATE_GRADIENT_ACCUMULATION_STEPS=1
export ACCELERATE_MIXED_PRECISION=bf16
exec deepspeed --no_local_rank --module tooltune train --config recipes/distributed/run.yaml
