#!/usr/bin/python3
"""Trains the digits network and its two pruned versions, and exports them as .npy files.

    train.py            train all three on the training images, export, then check
    train.py --fold F   leave training images with index % 5 == F (0 to 3) out of training too,
                        report on those, write nothing: for choosing the settings below
    train.py --check    recompute the accuracies from the exported files (numpy, double precision)

Needs Debian's python3-torch and python3-numpy. Parameters keep the exported layout throughout:
convolutions [O, ky, kx, I], dense layers [O, I], with the input of fc1 in (y, x, channel) order.
"""
import argparse
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).resolve().parent
HELD_OUT = 4  # images with index % 5 == 4 take no part in training or in any choice
SHAPES = {
    "conv1": (32, 3, 3, 1),
    "conv2": (64, 3, 3, 32),
    "conv3": (64, 3, 3, 64),
    "fc1": (64, 1024),
    "fc2": (10, 64),
}
STRIDES = {"conv1": 1, "conv2": 1, "conv3": 2}
CHAIN = list(SHAPES)  # each layer feeds the next
HALVED = ["conv1", "conv2", "conv3", "fc1"]  # lose half their output channels in channel/
BLOCKED = ["conv2", "conv3", "fc1"]  # made block-sparse in block/
BLOCK_ROWS, BLOCK_COLUMNS = 16, 4  # output channels x consecutive elements of k
BLOCK_SPARSITY = (4, 5)  # 80 %, as a ratio so that the count of blocks is exact

BATCH = 32
DENSE_EPOCHS, TUNING_EPOCHS, RAMP_EPOCHS = 100, 100, 50
LEARNING_RATE, WEIGHT_DECAY, NOISE = 2e-3, 0.05, 0.03
DROPOUT = 0.3  # for the dense network only: the pruned ones have little left to spare
TEMPERATURE, DISTILLED = 3.0, 0.7  # distillation: softening, and its share of the loss


def load_images():
    """-> images [n, 8, 8] float32 in [0, 1], labels [n] int64, index % 5 of every image [n]."""
    images = np.load(FOLDER / "images.npy").astype(np.float32) / 16
    labels = np.load(FOLDER / "labels.npy").astype(np.int64)
    return images, labels, np.arange(len(labels)) % 5


def augment(images, random):
    """Shifts every image by -1, 0 or 1 pixel in y and x (zeros enter) and adds a little noise."""
    n, height, width = images.shape
    padded = F.pad(images, (1, 1, 1, 1))
    y = torch.arange(height) + torch.randint(3, (n, 1), generator=random)
    x = torch.arange(width) + torch.randint(3, (n, 1), generator=random)
    shifted = padded[torch.arange(n)[:, None, None], y[:, :, None], x[:, None, :]]
    noise = NOISE * torch.randn(images.shape, generator=random)
    return (shifted + noise).clamp(0, 1)


def initial_network(random):
    """He initialisation: normal weights of variance 2 / fan-in, zero biases."""
    net = {}
    for layer, shape in SHAPES.items():
        deviation = math.sqrt(2 / math.prod(shape[1:]))
        net[layer + ".weight"] = deviation * torch.randn(shape, generator=random)
        net[layer + ".bias"] = torch.zeros(shape[0])
    return net


def forward(net, images, dropout=0.0):
    """images [n, 8, 8] -> logits [n, 10]."""
    x = images[:, None]
    for layer, stride in STRIDES.items():
        weight = net[layer + ".weight"].permute(0, 3, 1, 2)
        x = F.relu(F.conv2d(x, weight, net[layer + ".bias"], stride=stride, padding=1))
    x = F.dropout(x.permute(0, 2, 3, 1).flatten(1), dropout)
    x = F.relu(F.linear(x, net["fc1.weight"], net["fc1.bias"]))
    return F.linear(F.dropout(x, dropout), net["fc2.weight"], net["fc2.bias"])


def loss_of(logits, labels, teacher_logits):
    """Cross entropy; with a teacher, mixed with distillation (Hinton, Vinyals, Dean 2015)."""
    hard = F.cross_entropy(logits, labels)
    if teacher_logits is None:
        return hard
    soft = F.kl_div(F.log_softmax(logits / TEMPERATURE, 1),
                    F.log_softmax(teacher_logits / TEMPERATURE, 1),
                    reduction="batchmean", log_target=True)
    return (1 - DISTILLED) * hard + DISTILLED * TEMPERATURE**2 * soft


def optimiser_of(net, steps):
    """AdamW, no decay on biases, learning rate warmed up over 5 % of the steps, then a cosine."""
    decayed = [p for name, p in net.items() if name.endswith("weight")]
    free = [p for name, p in net.items() if name.endswith("bias")]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY},
              {"params": free, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=LEARNING_RATE)
    rate = lambda step: min((step + 1) / (0.05 * steps), (1 + math.cos(math.pi * step / steps)) / 2)
    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, rate)


def train(name, net, data, epochs, seed, teacher=None, masks_at=lambda epoch, net: {}):
    """-> the network after the last epoch. masks_at gives the 0/1 masks held during an epoch."""
    images, labels = data
    dropout = DROPOUT if teacher is None else 0.0
    torch.manual_seed(seed)  # dropout draws from the global generator
    random = torch.Generator().manual_seed(seed)
    net = {key: value.clone().requires_grad_() for key, value in net.items()}
    optimiser, schedule = optimiser_of(net, epochs * math.ceil(len(labels) / BATCH))
    for epoch in range(epochs):
        masks, total = masks_at(epoch, net), 0.0
        apply_masks(net, masks)
        for batch in torch.randperm(len(labels), generator=random).split(BATCH):
            inputs = augment(images[batch], random)
            with torch.no_grad():
                target = None if teacher is None else forward(teacher, inputs)
            loss = loss_of(forward(net, inputs, dropout), labels[batch], target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            apply_masks(net, masks)
            total += loss.item() * len(batch)
        if (epoch + 1) % 10 == 0:
            print(f"{name}: epoch {epoch + 1}/{epochs}, loss {total / len(labels):.4f}", flush=True)
    return {key: value.detach() for key, value in net.items()}


def keep_strongest_channels(dense):
    """-> the network without the weaker half (L2 of the filter) of the channels of HALVED."""
    net = {key: value.clone() for key, value in dense.items()}
    for layer, dependant in zip(HALVED, CHAIN[1:]):
        weight = net[layer + ".weight"]
        channels = weight.shape[0]
        strength = dense[layer + ".weight"].flatten(1).norm(dim=1)
        kept = strength.argsort(descending=True, stable=True)[: channels // 2].sort().values
        net[layer + ".weight"] = weight[kept]
        net[layer + ".bias"] = net[layer + ".bias"][kept]
        following = net[dependant + ".weight"]  # its innermost axis is the input channel
        inputs = following.reshape(following.shape[0], -1, channels)[:, :, kept]
        net[dependant + ".weight"] = inputs.reshape(*following.shape[:-1], -1)
    return net


def block_strengths(weight):
    """weight [O, ...] -> L1 of its blocks [O / 16, k / 4], as a numpy array."""
    blocks = np.asarray(weight).reshape(len(weight) // BLOCK_ROWS, BLOCK_ROWS, -1, BLOCK_COLUMNS)
    return np.abs(blocks).sum(axis=(1, 3))


def block_mask(weight, pruned):
    """-> 0/1 mask of weight's shape that zeroes the given number of weakest blocks."""
    strengths = block_strengths(weight)
    kept = np.ones(strengths.shape, np.float32)
    kept.flat[np.argsort(strengths, axis=None, kind="stable")[:pruned]] = 0
    mask = kept.repeat(BLOCK_ROWS, axis=0).repeat(BLOCK_COLUMNS, axis=1)
    return torch.from_numpy(mask.reshape(weight.shape))


def scheduled_block_masks(epoch, net):
    """Sparsity rises as 1 - (1 - t)^3 (Zhu, Gupta 2017) for RAMP_EPOCHS; then the mask stays."""
    share = 1 - (1 - min((epoch + 1) / RAMP_EPOCHS, 1)) ** 3
    masks = {}
    for layer in BLOCKED:
        weight = net[layer + ".weight"].detach()
        final = block_strengths(weight).size * BLOCK_SPARSITY[0] // BLOCK_SPARSITY[1]
        masks[layer + ".weight"] = block_mask(weight, int(share * final))
    return masks


def apply_masks(net, masks):
    with torch.no_grad():
        for key, mask in masks.items():
            net[key].mul_(mask)


def export(net, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in net.items():
        weight = np.ascontiguousarray(value.numpy(), dtype="<f4") + np.float32(0)  # -0 becomes +0
        with open(folder / (key + ".npy"), "wb") as file:
            np.lib.format.write_array(file, weight, version=(1, 0))


def predict(net, images):
    """The network again in plain numpy, patch by patch. images [n, 8, 8] -> classes [n]."""
    x = images[..., None].astype(np.float64)
    for layer, stride in STRIDES.items():
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        windows = windows[:, ::stride, ::stride]  # [n, y, x, channel, ky, kx]
        x = np.einsum("nyxipq,opqi->nyxo", windows, net[layer + ".weight"], optimize=True)
        x = np.maximum(x + net[layer + ".bias"], 0)
    x = np.maximum(x.reshape(len(x), -1) @ net["fc1.weight"].T + net["fc1.bias"], 0)
    return (x @ net["fc2.weight"].T + net["fc2.bias"]).argmax(axis=1)


def report(name, net, images, labels):
    right = int((predict(net, images) == labels).sum())
    weights = sum(value.size for key, value in net.items() if key.endswith("weight"))
    share = 100 * right / len(labels)
    print(f"{name:8} {right}/{len(labels)} right, {share:.2f} %, {weights} weights")
    for layer in BLOCKED:
        strengths = block_strengths(net[layer + ".weight"])
        print(f"  {layer:6} {(strengths == 0).sum()} of {strengths.size} blocks are zero")


def check(images, labels):
    for name in ("dense", "channel", "block"):
        net = {path.stem: np.load(path) for path in sorted((FOLDER / name).glob("*.npy"))}
        report(name, net, images, labels)


def train_all(training):
    """training: which images to learn from [n] bool -> the three networks by name."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images, labels, _ = load_images()
    data = torch.from_numpy(images[training]), torch.from_numpy(labels[training])
    start = initial_network(torch.Generator().manual_seed(1))
    dense = train("dense", start, data, DENSE_EPOCHS, seed=2)
    channel = train("channel", keep_strongest_channels(dense), data, TUNING_EPOCHS, 3, dense)
    block = train("block", dense, data, TUNING_EPOCHS, 4, dense, scheduled_block_masks)
    return {"dense": dense, "channel": channel, "block": block}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--fold", type=int, choices=range(4), help="cross-validate, write nothing")
    mode.add_argument("--check", action="store_true", help="only recompute the accuracies")
    options = parser.parse_args()
    images, labels, part = load_images()
    if options.fold is not None:
        left_out = part == options.fold
        for name, net in train_all((part < HELD_OUT) & ~left_out).items():
            net = {key: value.numpy() for key, value in net.items()}
            report(name, net, images[left_out], labels[left_out])
        return
    if not options.check:
        for name, net in train_all(part < HELD_OUT).items():
            export(net, FOLDER / name)
    check(images[part == HELD_OUT], labels[part == HELD_OUT])


if __name__ == "__main__":
    main()
