#!/usr/bin/env python3
"""Writes a tiny ONNX model with DPDFNet's interface, and, like the real ones, a delay of four frames held in its state:
what comes out is what went in four frames ago, times a gain. Standard library only.

The interface: inputs spec[1,1,F,2] and state_in[S], outputs spec_e and state_out of the same shapes, all float32; the
facts about window, rate and state as metadata."""

import argparse
import struct

FLOAT, INT64 = 1, 7  # ONNX's numbers for element types
ATTRIBUTE_INT = 2


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def blob(field, value):
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(name, dims, values, kind=FLOAT):
    raw = struct.pack(f"<{len(values)}{'f' if kind == FLOAT else 'q'}", *values)
    return b"".join(number(1, d) for d in dims) + number(2, kind) + blob(8, name) + blob(9, raw)


def port(name, dims):
    shape = b"".join(blob(1, number(1, d)) for d in dims)
    return blob(1, name) + blob(2, blob(1, number(1, FLOAT) + blob(2, shape)))


def node(operator, inputs, output, **integers):
    attributes = (blob(1, k) + number(3, v) + number(20, ATTRIBUTE_INT) for k, v in integers.items())
    return (
        b"".join(blob(1, i) for i in inputs)
        + blob(2, output)
        + blob(3, f"{operator}_{output}")
        + blob(4, operator)
        + b"".join(blob(5, a) for a in attributes)
    )


class Shape:
    """Sizes of the variants' interface at a sample rate."""

    def __init__(self, rate):
        self.rate = rate
        self.window = rate // 50
        self.bins = self.window // 2 + 1
        full_band = rate == 48000
        self.profile = "dpdfnet2_48khz_hr" if full_band else "dpdfnet_16khz"
        self.erb_bins = self.erb_state = 481 if full_band else 32
        self.spec_state = 96
        self.norms = self.erb_state + self.spec_state


def spread(first, last, n):
    return [first + (last - first) * i / (n - 1) for i in range(n)]


def graph(shape, options):
    delay = options.delay
    frame = 2 * shape.bins
    state = shape.norms + delay * frame
    tensors = [tensor("gain", [1], [options.gain])]
    spec_dims = [1, 1, shape.bins, 2]
    nodes = []
    source = "spec"
    if delay:
        # The state: norms | oldest frame | ... | newest frame. The oldest comes out, the new one goes in behind.
        for name, value in (
            ("from_0", 0),
            ("norms_end", shape.norms),
            ("oldest_end", shape.norms + frame),
            ("state_end", state),
            ("axis", 0),
            ("flat", frame),
        ):
            tensors.append(tensor(name, [1], [value], INT64))
        tensors.append(tensor("spec_dims", [4], spec_dims, INT64))
        nodes += [
            node("Slice", ["state_in", "from_0", "norms_end", "axis"], "norms"),
            node("Slice", ["state_in", "norms_end", "oldest_end", "axis"], "oldest"),
            node("Slice", ["state_in", "oldest_end", "state_end", "axis"], "newer"),
            node("Reshape", ["oldest", "spec_dims"], "delayed"),
            node("Reshape", ["spec", "flat"], "newest"),
            node("Concat", ["norms", "newer", "newest"], "state_out", axis=0),
        ]
        source = "delayed"
    else:
        nodes.append(node("Identity", ["state_in"], "state_out"))
    if options.gate > 0:
        # Bins quieter than the gate are multiplied by the gain, others stay.
        tensors.append(tensor("gate", [1], [options.gate**2]))
        tensors.append(tensor("last_axis", [1], [3], INT64))
        nodes += [
            node("Mul", [source, source], "squares"),
            node("ReduceSum", ["squares", "last_axis"], "power", keepdims=1),
            node("Less", ["power", "gate"], "quiet"),
            node("Mul", [source, "gain"], "lowered"),
            node("Where", ["quiet", "lowered", source], "spec_e"),
        ]
    else:
        nodes.append(node("Mul", [source, "gain"], "spec_e"))
    return state, (
        b"".join(blob(1, n) for n in nodes)
        + blob(2, "toy")
        + b"".join(blob(5, t) for t in tensors)
        + blob(11, port("spec", spec_dims))
        + blob(11, port("state_in", [state]))
        + blob(12, port("spec_e", spec_dims))
        + blob(12, port("state_out", [state]))
    )


def metadata(shape, state, changes):
    entries = {
        "model_type": "dpdfnet",
        "version": 1,
        "profile": shape.profile,
        "sample_rate": shape.rate,
        "n_fft": shape.window,
        "hop_length": shape.window // 2,
        "window_length": shape.window,
        "window_type": "vorbis",
        "normalized": 0,
        "center": 1,
        "pad_mode": "reflect",
        "freq_bins": shape.bins,
        "erb_bins": shape.erb_bins,
        "spec_bins": shape.spec_state,
        "state_size": state,
        "erb_norm_state_size": shape.erb_state,
        "spec_norm_state_size": shape.spec_state,
        "erb_norm_init": ",".join(f"{v:.9g}" for v in spread(-60, -90, shape.erb_state)),
        "spec_norm_init": ",".join(f"{v:.9g}" for v in spread(1e-3, 1e-4, shape.spec_state)),
    }
    for change in changes:
        key, _, value = change.partition("=")
        if value:
            entries[key] = value
        else:
            entries.pop(key, None)
    return b"".join(blob(14, blob(1, k) + blob(2, str(v))) for k, v in entries.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--rate", type=int, choices=[16000, 48000], default=16000)
    parser.add_argument("--gain", type=float, default=1.0)
    parser.add_argument("--delay", type=int, default=4, metavar="FRAMES")
    parser.add_argument("--gate", type=float, default=0, help="lower only bins whose magnitude is below this")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="metadata; no value removes it")
    options = parser.parse_args()
    shape = Shape(options.rate)
    state, body = graph(shape, options)
    ir_version, opset = 8, 17
    model = number(1, ir_version) + blob(2, "make_toy_model") + blob(7, body) + blob(8, number(2, opset))
    with open(options.out, "wb") as out:
        out.write(model + metadata(shape, state, options.set))


if __name__ == "__main__":
    main()
