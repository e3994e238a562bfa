#!/usr/bin/env python3
"""Small random models of each family and their logits, for test_family.c.

An independent forward in plain Python floats (double precision), written from
the papers and the layout of Hugging Face's files, one token and one number at
a time.  Nothing of it is shared with the program.  Writes, into a folder,

    NAME/config.json  NAME/model.safetensors (or pieces)  NAME/reference.json

    python3 tests/ref/families.py tests/ref/families

Weights are drawn, rounded to the type of the file, and used as rounded.
"""
import json
import math
import os
import random
import struct
import sys


# --- numbers of a type --------------------------------------------------------

def pack(value, kind):
    if kind == "F32":
        return struct.pack("<f", value)
    if kind == "F16":
        return struct.pack("<e", value)
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return struct.pack("<H", (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)


def unpack(data, kind):
    if kind == "F32":
        return struct.unpack("<f", data)[0]
    if kind == "F16":
        return struct.unpack("<e", data)[0]
    return struct.unpack("<f", b"\0\0" + data)[0]


class Draw:
    """Tensors by name: shape, flat values as the file rounds them."""

    def __init__(self, seed, kind):
        self.random = random.Random(seed)
        self.kind = kind
        self.all = {}

    def add(self, name, *shape, center=0.0, width=0.4):
        count = math.prod(shape)
        raw = [pack(center + self.random.uniform(-width, width), self.kind)
               for _ in range(count)]
        self.all[name] = (list(shape), raw)
        flat = [unpack(r, self.kind) for r in raw]
        if len(shape) == 1:
            return flat
        return [flat[i * shape[1]:(i + 1) * shape[1]] for i in range(shape[0])]

    def write(self, folder, pieces=1):
        names = list(self.all)
        if pieces == 1:
            self.write_one(os.path.join(folder, "model.safetensors"), names)
            return
        where = {}
        for p in range(pieces):
            file = f"model-{p + 1:05d}-of-{pieces:05d}.safetensors"
            part = names[p::pieces]
            self.write_one(os.path.join(folder, file), part)
            where.update({name: file for name in part})
        with open(os.path.join(folder, "model.safetensors.index.json"),
                  "w") as to:
            json.dump({"metadata": {}, "weight_map": where}, to, indent=1)

    def write_one(self, path, names):
        header, data = {}, b""
        for name in names:
            shape, raw = self.all[name]
            body = b"".join(raw)
            header[name] = {"dtype": self.kind, "shape": shape,
                            "data_offsets": [len(data), len(data) + len(body)]}
            data += body
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as to:
            to.write(struct.pack("<Q", len(text)) + text + data)


# --- pieces of a forward ------------------------------------------------------

def matvec(w, x, b=None):
    y = [math.fsum(a * c for a, c in zip(row, x)) for row in w]
    return y if b is None else [a + c for a, c in zip(y, b)]


def add(x, y):
    return [a + b for a, b in zip(x, y)]


def rms(x, g, eps):
    r = 1 / math.sqrt(math.fsum(v * v for v in x) / len(x) + eps)
    return [a * v * r for a, v in zip(g, x)]


def layer_norm(x, g, b, eps):
    m = math.fsum(x) / len(x)
    r = 1 / math.sqrt(math.fsum((v - m) ** 2 for v in x) / len(x) + eps)
    return [a * (v - m) * r + c for a, v, c in zip(g, x, b)]


def silu(x):
    return x / (1 + math.exp(-x))


def gelu(x):
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


def rotate(x, position, theta, scaling):
    """Half-split: feature i beside i + size / 2, as a complex number."""
    half = len(x) // 2
    out = [0.0] * len(x)
    for i in range(half):
        f = theta ** (-2 * i / len(x))
        if scaling and scaling["rope_type"] == "linear":
            f /= scaling["factor"]
        elif scaling:  # llama3
            old = scaling["original_max_position_embeddings"]
            wave = 2 * math.pi / f
            low = old / scaling["low_freq_factor"]
            high = old / scaling["high_freq_factor"]
            if wave > low:
                f /= scaling["factor"]
            elif wave >= high:
                smooth = ((old / wave - scaling["low_freq_factor"])
                          / (scaling["high_freq_factor"]
                             - scaling["low_freq_factor"]))
                f = (1 - smooth) * f / scaling["factor"] + smooth * f
        z = complex(x[i], x[i + half]) * complex(math.cos(position * f),
                                                 math.sin(position * f))
        out[i], out[i + half] = z.real, z.imag
    return out


def attention(q, k, v, heads, groups, causal):
    """q, k, v: by token, by head, a list of numbers."""
    out = []
    for t in range(len(q)):
        row = []
        for h in range(heads):
            g = h // (heads // groups)
            seen = range(t + 1) if causal else range(len(q))
            s = [math.fsum(a * b for a, b in zip(q[t][h], k[u][g]))
                 / math.sqrt(len(q[t][h])) for u in seen]
            top = max(s)
            e = [math.exp(x - top) for x in s]
            total = math.fsum(e)
            row += [math.fsum(e[i] / total * v[u][g][j]
                              for i, u in enumerate(seen))
                    for j in range(len(v[0][0]))]
        out.append(row)
    return out


def split(x, heads):
    size = len(x) // heads
    return [x[h * size:(h + 1) * size] for h in range(heads)]


# --- the families -------------------------------------------------------------

def llama_like(c, draw, ids):
    d, n = c["hidden_size"], c["intermediate_size"]
    heads, groups = c["num_attention_heads"], c["num_key_value_heads"]
    size = c.get("head_dim") or d // heads
    qkv_bias = c.get("attention_bias") or c["model_type"] == "qwen2"
    eps = c["rms_norm_eps"]
    embed = draw.add("model.embed_tokens.weight", c["vocab_size"], d)
    layers = []
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        w = {"n1": draw.add(p + "input_layernorm.weight", d, center=1),
             "n2": draw.add(p + "post_attention_layernorm.weight", d, center=1)}
        for name, out in (("q", heads), ("k", groups), ("v", groups)):
            at = f"{p}self_attn.{name}_proj"
            w[name] = draw.add(at + ".weight", out * size, d)
            w[name + "b"] = (draw.add(at + ".bias", out * size)
                             if qkv_bias else None)
        w["o"] = draw.add(p + "self_attn.o_proj.weight", d, heads * size)
        w["ob"] = (draw.add(p + "self_attn.o_proj.bias", d)
                   if c.get("attention_bias") else None)
        if c["model_type"] == "qwen3":
            w["qn"] = draw.add(p + "self_attn.q_norm.weight", size, center=1)
            w["kn"] = draw.add(p + "self_attn.k_norm.weight", size, center=1)
        w["gate"] = draw.add(p + "mlp.gate_proj.weight", n, d)
        w["up"] = draw.add(p + "mlp.up_proj.weight", n, d)
        w["down"] = draw.add(p + "mlp.down_proj.weight", d, n)
        layers.append(w)
    last = draw.add("model.norm.weight", d, center=1)
    head = (embed if c["tie_word_embeddings"]
            else draw.add("lm_head.weight", c["vocab_size"], d))

    def turned(x, count, norm, w, t):
        parts = split(x, count)
        if c["model_type"] == "qwen3":
            parts = [rms(part, w[norm], eps) for part in parts]
        return [rotate(part, t, c["rope_theta"], c.get("rope_scaling"))
                for part in parts]

    h = [list(embed[i]) for i in ids]
    for w in layers:
        x = [rms(row, w["n1"], eps) for row in h]
        q = [turned(matvec(w["q"], r, w["qb"]), heads, "qn", w, t)
             for t, r in enumerate(x)]
        k = [turned(matvec(w["k"], r, w["kb"]), groups, "kn", w, t)
             for t, r in enumerate(x)]
        v = [split(matvec(w["v"], r, w["vb"]), groups) for r in x]
        a = attention(q, k, v, heads, groups, True)
        h = [add(row, matvec(w["o"], r, w["ob"])) for row, r in zip(h, a)]
        for t, row in enumerate(h):
            y = rms(row, w["n2"], eps)
            m = [silu(g) * u for g, u in zip(matvec(w["gate"], y),
                                             matvec(w["up"], y))]
            h[t] = add(row, matvec(w["down"], m))
    return [matvec(head, rms(row, last, eps)) for row in h]


def bert_like(c, draw, ids, types):
    d, n = c["hidden_size"], c["intermediate_size"]
    heads, eps = c["num_attention_heads"], c["layer_norm_eps"]
    roberta = c["model_type"] == "roberta"
    masked = c["architectures"][0].endswith("ForMaskedLM")
    p = c["model_type"] + "."
    old = c.get("old_names")  # gamma and beta, as BERT's first files

    def norm(name):
        return (draw.add(name + (".gamma" if old else ".weight"), d, center=1),
                draw.add(name + (".beta" if old else ".bias"), d))

    def linear(name, out, into):
        return (draw.add(name + ".weight", out, into),
                draw.add(name + ".bias", out))

    word = draw.add(p + "embeddings.word_embeddings.weight", c["vocab_size"], d)
    place = draw.add(p + "embeddings.position_embeddings.weight",
                     c["max_position_embeddings"], d)
    kind = draw.add(p + "embeddings.token_type_embeddings.weight",
                    c["type_vocab_size"], d)
    en = norm(p + "embeddings.LayerNorm")
    layers = []
    for i in range(c["num_hidden_layers"]):
        at = f"{p}encoder.layer.{i}."
        layers.append((linear(at + "attention.self.query", d, d),
                       linear(at + "attention.self.key", d, d),
                       linear(at + "attention.self.value", d, d),
                       linear(at + "attention.output.dense", d, d),
                       norm(at + "attention.output.LayerNorm"),
                       linear(at + "intermediate.dense", n, d),
                       linear(at + "output.dense", d, n),
                       norm(at + "output.LayerNorm")))
    first = c.get("pad_token_id", 0) + 1 if roberta else 0
    h = [layer_norm(add(add(word[i], place[first + t]), kind[s]), *en, eps)
         for t, (i, s) in enumerate(zip(ids, types))]
    for q, k, v, o, n1, up, down, n2 in layers:
        a = attention([split(matvec(q[0], r, q[1]), heads) for r in h],
                      [split(matvec(k[0], r, k[1]), heads) for r in h],
                      [split(matvec(v[0], r, v[1]), heads) for r in h],
                      heads, heads, False)
        h = [layer_norm(add(row, matvec(o[0], r, o[1])), *n1, eps)
             for row, r in zip(h, a)]
        h = [layer_norm(add(row, matvec(down[0], [gelu(x) for x in
                                                  matvec(up[0], row, up[1])],
                                        down[1])), *n2, eps) for row in h]
    if masked:
        dense = linear("lm_head.dense" if roberta
                       else "cls.predictions.transform.dense", d, d)
        last = norm("lm_head.layer_norm" if roberta
                    else "cls.predictions.transform.LayerNorm")
        bias = draw.add("lm_head.bias" if roberta
                        else "cls.predictions.bias", c["vocab_size"])
        return [matvec(word, layer_norm([gelu(x) for x in
                                         matvec(dense[0], row, dense[1])],
                                        *last, eps), bias) for row in h]
    classes = len(c["id2label"])
    dense = linear("classifier.dense" if roberta else "bert.pooler.dense", d, d)
    out = linear("classifier.out_proj" if roberta else "classifier", classes, d)
    return [matvec(out[0], [math.tanh(x) for x in
                            matvec(dense[0], row, dense[1])], out[1])
            for row in h]


LLAMA = {"hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 24,
         "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
         "rope_theta": 10000.0, "hidden_act": "silu",
         "tie_word_embeddings": False}
BERT = {"hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 2,
        "num_attention_heads": 4, "vocab_size": 24,
        "max_position_embeddings": 40, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "hidden_act": "gelu"}
LABELS = {"0": "no", "1": "maybe", "2": "yes"}

MODELS = {
    "llama3": ("F32", 1, {
        **LLAMA, "architectures": ["LlamaForCausalLM"], "model_type": "llama",
        "rope_theta": 500000.0,
        "rope_scaling": {"rope_type": "llama3", "factor": 8.0,
                         "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 16}}),
    "mistral": ("BF16", 1, {
        **LLAMA, "architectures": ["MistralForCausalLM"],
        "model_type": "mistral", "sliding_window": 32, "head_dim": 6,
        "rope_scaling": {"rope_type": "linear", "factor": 2.0}}),
    "qwen2": ("BF16", 1, {
        **LLAMA, "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
        "tie_word_embeddings": True, "rope_theta": 1000000.0,
        "use_sliding_window": False, "sliding_window": 8}),
    "qwen3": ("F16", 3, {
        **LLAMA, "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3",
        "head_dim": 10, "attention_bias": False, "rope_theta": 1000000.0}),
    "bert_masked": ("F32", 1, {
        **BERT, "architectures": ["BertForMaskedLM"], "model_type": "bert",
        "old_names": True}),
    "bert_classes": ("F32", 1, {
        **BERT, "architectures": ["BertForSequenceClassification"],
        "model_type": "bert", "id2label": LABELS}),
    "roberta_masked": ("F16", 1, {
        **BERT, "architectures": ["RobertaForMaskedLM"],
        "model_type": "roberta", "type_vocab_size": 1, "pad_token_id": 1,
        "layer_norm_eps": 1e-5}),
    "roberta_classes": ("BF16", 1, {
        **BERT, "architectures": ["RobertaForSequenceClassification"],
        "model_type": "roberta", "type_vocab_size": 1, "pad_token_id": 1,
        "layer_norm_eps": 1e-5, "id2label": LABELS}),
}


def main(folder):
    for seed, (name, (kind, pieces, config)) in enumerate(MODELS.items()):
        here = os.path.join(folder, name)
        os.makedirs(here, exist_ok=True)
        draw = Draw(seed + 1, kind)
        dice = random.Random(seed + 100)
        ids = [dice.randrange(config["vocab_size"]) for _ in range(19)]
        types = [0] * 19
        if "layer_norm_eps" in config:
            if config["type_vocab_size"] > 1:
                types = [0] * 8 + [1] * 11
            logits = bert_like(config, draw, ids, types)
        else:
            logits = llama_like(config, draw, ids)
        draw.write(here, pieces)
        with open(os.path.join(here, "config.json"), "w") as to:
            json.dump(config, to, indent=1)
        with open(os.path.join(here, "reference.json"), "w") as to:
            json.dump({"about": "tests/ref/families.py, double precision",
                       "ids": ids, "types": types,
                       "logits": [[round(x, 9) for x in row]
                                  for row in logits]}, to)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tests/ref/families")
