#!/usr/bin/python3
"""Fine-tunes the dense digits network under pare's structures, and exports the weights as .npy files.

    tune.py --masks PROGRAM [NAME...]    all, or the named ones: n2m4 n4m16 n4m32 block2x4-50 ...
    tune.py --masks PROGRAM --fold F [NAME...]    as train.py --fold

PROGRAM is examples/02_masks, built: every mask is made by pare's pruner. Sparsity rises as 1 - (1 - t)^3
(Zhu and Gupta 2017) over the first half of the epochs, the masks made anew in each; then they stay. All else
is as in train.py, whose network in dense/ is what the tuning starts from and what it is distilled from.
"""
import argparse
import pathlib
import subprocess
import tempfile

import numpy as np
import torch

import train

CONFIGURATIONS = {
    "n2m4": ("n_of_m<2,4>", 0.5),
    "n4m16": ("n_of_m<4,16>", 0.75),
    "n4m32": ("n_of_m<4,32>", 0.875),
    "block2x4-50": ("block<2,4>", 0.5),
    "block2x4-75": ("block<2,4>", 0.75),
    "block4x4-50": ("block<4,4>", 0.5),
    "block4x4-75": ("block<4,4>", 0.75),
    "channel-25": ("channel<0>", 0.25),
}
PRUNED = train.BLOCKED  # conv1 and fc2 stay dense
CHANNELLED = train.HALVED


def mask_of(program, structure, sparsity, weight):
    """-> the 0/1 mask of weight's shape that pare's pruner makes."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = pathlib.Path(folder) / "w.npy", pathlib.Path(folder) / "mask.npy"
        np.save(given, np.ascontiguousarray(weight.detach().numpy(), dtype="<f4"))
        subprocess.run([program, structure, repr(sparsity), given, made], check=True)
        return torch.from_numpy(np.load(made).astype(np.float32))


def gradual_masks(program, structure, final):
    """-> masks_at(epoch, net) for train.train."""
    settled = {}

    def masks_at(epoch, net):
        if epoch < train.RAMP_EPOCHS:
            share = 1 - (1 - (epoch + 1) / train.RAMP_EPOCHS) ** 3
            for layer in PRUNED:
                key = layer + ".weight"
                settled[key] = mask_of(program, structure, share * final, net[key])
        return settled

    return masks_at


def without_channels(program, structure, sparsity, dense):
    """-> the network without the weakest output channels of CHANNELLED and the inputs that read them."""
    net = {key: value.clone() for key, value in dense.items()}
    for layer, dependant in zip(CHANNELLED, train.CHAIN[1:]):
        weight = net[layer + ".weight"]
        mask = mask_of(program, structure, sparsity, dense[layer + ".weight"])
        kept = mask.flatten(1)[:, 0].nonzero().flatten()
        channels = weight.shape[0]
        net[layer + ".weight"] = weight[kept]
        net[layer + ".bias"] = net[layer + ".bias"][kept]
        following = net[dependant + ".weight"]
        inputs = following.reshape(following.shape[0], -1, channels)[:, :, kept]
        net[dependant + ".weight"] = inputs.reshape(*following.shape[:-1], -1)
    return net


def tune(name, program, dense, data):
    structure, sparsity = CONFIGURATIONS[name]
    if structure == "channel<0>":
        start = without_channels(program, structure, sparsity, dense)
        return train.train(name, start, data, train.TUNING_EPOCHS, 3, dense)
    masks = gradual_masks(program, structure, sparsity)
    return train.train(name, dense, data, train.TUNING_EPOCHS, 4, dense, masks)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--masks", required=True, help="the program 02_masks")
    parser.add_argument("--fold", type=int, choices=range(4), help="cross-validate, write nothing")
    parser.add_argument("names", nargs="*", help="of: " + " ".join(CONFIGURATIONS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images, labels, part = train.load_images()
    held_out = part == (train.HELD_OUT if options.fold is None else options.fold)
    training = (part < train.HELD_OUT) & ~held_out
    data = torch.from_numpy(images[training]), torch.from_numpy(labels[training])
    if options.fold is None:
        dense = {path.stem: torch.from_numpy(np.load(path)) for path in sorted((train.FOLDER / "dense").glob("*.npy"))}
    else:
        start = train.initial_network(torch.Generator().manual_seed(1))
        dense = train.train("dense", start, data, train.DENSE_EPOCHS, seed=2)
    for name in options.names or CONFIGURATIONS:
        net = tune(name, options.masks, dense, data)
        if options.fold is None:
            train.export(net, train.FOLDER / "tuned" / name)
        net = {key: value.numpy() for key, value in net.items()}
        right = int((train.predict(net, images[held_out]) == labels[held_out]).sum())
        zeros = sum(int((net[layer + ".weight"] == 0).sum()) for layer in PRUNED)
        print(f"{name}: {right}/{held_out.sum()} right, {100 * right / held_out.sum():.2f} %, {zeros} zeros", flush=True)


if __name__ == "__main__":
    main()
