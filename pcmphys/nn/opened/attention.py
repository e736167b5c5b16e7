"""Multi-head attention whose four projections are open; scores, softmax and the mix of values stay digital."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from pcmphys.errors import ParameterError
from pcmphys.nn.opened.edges import linear, product, rows_of


class OpenMultiheadAttention(nn.MultiheadAttention):
    """`torch.nn.MultiheadAttention` with converters at the edges of its query, key, value and output projections."""

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """See `torch.nn.MultiheadAttention`."""
        if is_causal and attn_mask is None:
            raise ParameterError("is_causal is a hint about attn_mask, which must be given, too")
        if query.is_nested:
            raise ParameterError("query: nested tensors cannot go through open products; pad the sequences")
        batched = query.dim() == 3
        if not batched:
            query, key, value = (one.unsqueeze(0) for one in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            query, key, value = (one.transpose(0, 1) for one in (query, key, value))
        shared = self.in_proj_weight if self._qkv_same_embed_dim else None  # taken once: one draw for all three
        projected = [self._projected(k, x, shared) for k, x in enumerate((query, key, value))]
        mask = self._mask(projected[0].shape[1], projected[1].shape[1], attn_mask, key_padding_mask)
        heads = [self._heads(x) for x in self._with_own_keys(projected)]
        if mask is not None:
            mask = nn.functional.pad(mask.to(query.dtype), (0, heads[1].shape[-2] - mask.shape[-1]))
        mixed, shares = self._mixed(heads, mask, need_weights, average_attn_weights)
        out = product(self, "out_proj", mixed, self.out_proj.weight, linear)
        out = out if self.out_proj.bias is None else out + self.out_proj.bias
        if not batched:
            return out.squeeze(0), None if shares is None else shares.squeeze(0)
        return out if self.batch_first else out.transpose(0, 1), shares

    def _projected(self, which: int, x: Tensor, shared: Tensor | None) -> Tensor:
        """Queries, keys or values: projections 0, 1 and 2."""
        name = ("q_proj", "k_proj", "v_proj")[which]
        start, stop = which * self.embed_dim, (which + 1) * self.embed_dim
        weight = getattr(self, f"{name}_weight") if shared is None else rows_of(shared, start, stop)
        y = product(self, name, x, weight, linear)
        return y if self.in_proj_bias is None else y + self.in_proj_bias[start:stop]

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def _with_own_keys(self, projected: list[Tensor]) -> list[Tensor]:
        """Queries, and keys and values with those that the layer adds of its own, last."""
        query, key, value = projected
        if self.bias_k is not None:
            key = torch.cat([key, self.bias_k.expand(len(key), 1, -1)], 1)
            value = torch.cat([value, self.bias_v.expand(len(value), 1, -1)], 1)
        if self.add_zero_attn:
            key, value = (torch.cat([x, x.new_zeros(len(x), 1, x.shape[2])], 1) for x in (key, value))
        return [query, key, value]

    def _mask(
        self, queries: int, keys: int, attn_mask: Tensor | None, key_padding_mask: Tensor | None
    ) -> Tensor | None:
        """What is added to the scores, (batch or 1, heads or 1, queries or 1, keys)."""
        found = None
        if attn_mask is not None:
            found = _added(attn_mask)
            found = found.reshape(-1, self.num_heads, queries, keys) if found.dim() == 3 else found[None, None]
        if key_padding_mask is not None:
            padding = _added(key_padding_mask)[:, None, None, :]
            found = padding if found is None else found + padding
        return found

    def _mixed(
        self, heads: list[Tensor], mask: Tensor | None, need_weights: bool, average: bool
    ) -> tuple[Tensor, Tensor | None]:
        query, key, value = heads
        dropout = self.dropout if self.training else 0.0
        if need_weights:
            scores = query @ key.transpose(-1, -2) / math.sqrt(self.head_dim)
            shares = torch.softmax(scores if mask is None else scores + mask, dim=-1)
            shares = nn.functional.dropout(shares, dropout, self.training)
            mixed = shares @ value
            shares = shares.mean(dim=1) if average else shares
        else:
            mixed = nn.functional.scaled_dot_product_attention(query, key, value, mask, dropout)
            shares = None
        return mixed.transpose(1, 2).flatten(2), shares


def _added(mask: Tensor) -> Tensor:
    """A mask as numbers to be added; of truth values, true is what must not be attended to."""
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, device=mask.device).masked_fill(mask, -math.inf)


def leave_open(*_: object) -> None:
    """A hook that does nothing but keep torch from its fused layers, which look past open products."""
