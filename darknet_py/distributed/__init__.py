"""Several processes at one piece of work: torchrun starts them, torch.distributed joins them."""
