"""GeneFormer in PyTorch, for training only (section 3 of the paper, its Table 2).

Table 2 lists the encoder's modules in the order in which Hugging Face's XLNet layer holds them
(the paper starts from its weights). What is computed here is what that layer computes: attention,
+ input, layer norm, feed-forward with GELU between its two linear layers, + input, layer norm.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from acgz.nets.geneformer.architecture import PLACES, POOL, SPAN, GeneFormerArchitecture


class TorchGeneFormer(nn.Module):
    """Logits of the next base from the features of its fragment and a memory."""

    positions: Tensor

    def __init__(self, architecture: GeneFormerArchitecture, dropout: float = 0.1) -> None:
        super().__init__()
        self.architecture = d = architecture
        n = d.dimension
        self.convolution = nn.Conv1d(4, n, 24)
        self.batch_norm = nn.BatchNorm1d(n)
        self.query, self.key, self.value, self.output = (
            nn.Parameter(torch.randn(n, n) * n**-0.5) for _ in range(4)
        )
        self.u, self.v = (nn.Parameter(torch.zeros(n)) for _ in range(2))
        self.register_buffer("positions", sinusoids(d))
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(n), nn.LayerNorm(n)
        self.up, self.down = nn.Linear(n, d.inner), nn.Linear(d.inner, n)
        self.linear = nn.Linear(PLACES * n, 4)
        self.dropout = nn.Dropout(dropout)

    def features(self, bases: Tensor) -> Tensor:
        """Pooled, normed features of consecutive bases; the newest bases end the windows.

        ``bases``: (B, REACH - 1 + T), values 0..3; the result: (B, SPAN - 1 + T, dimension).
        """
        features: Tensor = self.dropout(self.batch_norm(self.pooled(bases))).transpose(1, 2)
        return features

    def pooled(self, bases: Tensor) -> Tensor:
        """The same before the batch norm, (B, dimension, SPAN - 1 + T)."""
        seen = nn.functional.one_hot(bases, 4).transpose(1, 2).to(self.u.dtype)
        # in float32 in any case: PyTorch 2.13 makes noise of it in bfloat16 where a CPU has AMX
        with torch.autocast(seen.device.type, enabled=False):
            convolved = self.convolution(seen).relu()
        count = convolved.shape[2] - POOL + 1
        pooled = convolved[..., :count]
        for place in range(1, POOL):  # several times as fast on CPUs as PyTorch's pooling
            pooled = torch.maximum(pooled, convolved[..., place : place + count])
        return pooled

    def memory(self, batch: int) -> Tensor:
        """What a group begins with: zeros (B, segments * N, dimension)."""
        d = self.architecture
        return self.u.new_zeros(batch, d.segments * PLACES, d.dimension)

    def forward(self, bases: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, 4) of the T bases after the first REACH, and the memory after them.

        ``bases``: (B, REACH - 1 + T). No gradient flows from one fragment's to the next.
        """
        logits, memories = self.walk(self.features(bases), memory)
        return logits, memories[-1]

    def walk(self, features: Tensor, memory: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, T, 4) from one fragment's to the next, and the T + 1 memories before,
        between and after them; ``features``: (B, SPAN - 1 + T, dimension)."""
        places = self._projected(features)
        logits, memories = [], [memory]
        for step in range(features.shape[1] - SPAN + 1):
            rows = slice(step, step + SPAN, POOL)
            x = features[:, rows]
            h = self.encode(x, memories[-1], *(part[:, rows] for part in places))
            newest = h if self.architecture.latent else x
            memories.append(self._remembered(memories[-1], newest))
            logits.append(self.linear(h.flatten(1)))
        return torch.stack(logits, 1), memories

    def after(self, x: Tensor, memory: Tensor) -> Tensor:
        """Logits (M, 4) after M fragments, each by itself: X(t) (M, N, dimension), and what
        the memory was before it."""
        h = self.encode(x, memory, *self._projected(x))
        logits: Tensor = self.linear(h.flatten(1))
        return logits

    def _projected(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Queries, keys, values and position scores of every place, computed once for all
        the fragments it is in. The scores, (X + v) W g(i - j) of equation (5): (B, places,
        heads, distances)."""
        d = self.architecture
        scale = d.width**-0.5
        about = (self.positions @ self.key.T).reshape(-1, d.heads, d.width)
        by_position = (features + self.v) @ self.query.T
        by_position = by_position.reshape(*features.shape[:2], d.heads, d.width)
        scores = torch.einsum("bthc,dhc->bthd", by_position, about) * scale
        query = (features + self.u) @ self.query.T * scale
        return query, features @ self.key.T, features @ self.value.T, scores

    def encode(
        self, x: Tensor, memory: Tensor, query: Tensor, key: Tensor, value: Tensor, scores: Tensor
    ) -> Tensor:
        """H(t) (B, N, dimension) from X(t), the memory, and what `_projected` made of X(t)."""
        mixed = self.attend(memory, query, key, value, scores)
        attended = self.attention_norm(x + self.dropout(mixed @ self.output.T))
        inside = self.dropout(nn.functional.silu(self.up(attended) * 1.702) * (1 / 1.702))  # GELU
        out: Tensor = self.feed_forward_norm(attended + self.dropout(self.down(inside)))
        return out

    def attend(
        self, memory: Tensor, query: Tensor, key: Tensor, value: Tensor, scores: Tensor
    ) -> Tensor:
        """Equations (1') and (5): attention of N rows to [memory, X(t)]; (B, N, dimension)."""
        d = self.architecture
        keys = self._heads(torch.cat([memory @ self.key.T, key], 1))
        values = self._heads(torch.cat([memory @ self.value.T, value], 1))
        content = self._heads(query) @ keys.transpose(2, 3)  # (B, heads, N, keys)
        # Column of i - j is j - i + N - 1: the same as shifting row i to the left.
        flat = scores.transpose(1, 2).flatten(2)[..., PLACES - 1 : -1]
        position = flat.reshape(*flat.shape[:2], PLACES, d.distances - 1)[..., : d.keys]
        mixed = (content + position).softmax(3) @ values
        return mixed.transpose(1, 2).flatten(2)

    def _heads(self, x: Tensor) -> Tensor:
        d = self.architecture
        return x.reshape(*x.shape[:2], d.heads, d.width).transpose(1, 2)

    def _remembered(self, memory: Tensor, newest: Tensor) -> Tensor:
        joined = torch.cat([memory, newest.detach()], 1)
        return joined[:, joined.shape[1] - memory.shape[1] :]


def sinusoids(d: GeneFormerArchitecture) -> Tensor:
    """g(i - j) of equations (2) and (3), the largest distance first; (distances, dimension)."""
    distances = torch.arange(d.keys - 1, -PLACES, -1, dtype=torch.float64)
    pair = torch.arange(0, d.dimension, 2, dtype=torch.float64)
    angles = distances[:, None] * torch.exp(-math.log(10000.0) / d.dimension * pair)
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float()


def arrays(network: TorchGeneFormer) -> dict[str, Any]:
    """The weights as float16 arrays, batch norm folded into an affine map of its output."""
    state = dict(network.state_dict())
    norm = {name: state.pop(f"batch_norm.{name}") for name in _BATCH_NORM}
    gain = norm["weight"] / (norm["running_var"] + network.batch_norm.eps).sqrt()
    state["pooled_gain"] = gain
    state["pooled_shift"] = norm["bias"] - norm["running_mean"] * gain
    return {name: tensor.detach().cpu().half().numpy() for name, tensor in state.items()}


_BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
