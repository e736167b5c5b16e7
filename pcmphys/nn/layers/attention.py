"""Multi-head attention."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from pcmphys.nn.back_ends.product import Maker
from pcmphys.nn.layers.base import AnalogLayer, kept, matrix_of, refuse


class AnalogAttention(AnalogLayer):
    """`torch.nn.MultiheadAttention` with the projections of query, key, value and output on tiles of their own.

    Digital are the products between activations (query times key, attention times value), their softmax and the
    biases: they have no stored weights, so a tile would have to be written for every input.
    """

    digital = "query x key, softmax, attention x value, biases"
    in_proj_bias = None
    """None, so that PyTorch's transformer layers do not take their own way around this one."""
    in_proj_weight = None

    def __init__(self, name: str, module: nn.MultiheadAttention, make: Maker):
        if module.in_proj_weight is None:
            parts = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
        else:
            parts = module.in_proj_weight.detach().chunk(3)
        places = (f"{name}.query", f"{name}.key", f"{name}.value", f"{name}.output")
        weights = (*parts, module.out_proj.weight)
        made = tuple(make(*one) for one in zip(places, map(matrix_of, weights), strict=True))
        super().__init__(name, made, module.out_proj.weight)
        self.num_heads: int = module.num_heads
        self.batch_first: bool = module.batch_first
        self.dropout: float = module.dropout
        self.add_zero_attn: bool = module.add_zero_attn
        self.projection_bias: nn.Parameter | None = kept(module.in_proj_bias)
        self.output_bias: nn.Parameter | None = kept(module.out_proj.bias)
        self.bias_k: nn.Parameter | None = kept(module.bias_k)
        self.bias_v: nn.Parameter | None = kept(module.bias_v)
        self._one_matrix: bool = module.in_proj_weight is not None

    @property
    def arguments(self) -> dict[str, Any]:
        """Of `torch.nn.MultiheadAttention`."""
        query, key, value, _ = self.products
        names = ("num_heads", "dropout", "batch_first", "add_zero_attn")
        return {
            "embed_dim": query.inputs, "kdim": key.inputs, "vdim": value.inputs,
            "bias": self.projection_bias is not None, "add_bias_kv": self.bias_k is not None,
        } | {name: getattr(self, name) for name in names}  # fmt: skip

    def plain_weights(self) -> dict[str, tuple[np.ndarray, nn.Parameter | None]]:
        """Of the projections, the first three in one where PyTorch has them so."""
        query, key, value, output = [(product.exact.T, product.handle) for product in self.products]
        if self._one_matrix:
            found = {"in_proj_weight": (np.concatenate([query[0], key[0], value[0]]), query[1])}
        else:
            found = {"q_proj_weight": query, "k_proj_weight": key, "v_proj_weight": value}
        return found | {"out_proj.weight": output}

    def plain_biases(self) -> dict[str, nn.Parameter | None]:
        """Of the projections, and of added keys and values."""
        return {
            "in_proj_bias": self.projection_bias, "out_proj.bias": self.output_bias,
            "bias_k": self.bias_k, "bias_v": self.bias_v,
        }  # fmt: skip

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = True,
        attn_mask: torch.Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """As `torch.nn.MultiheadAttention.forward`."""
        if is_causal and attn_mask is None:
            raise refuse(self.name, "is_causal is a hint about attn_mask, which must be given, too")
        self.check_type(query, key, value)
        single = query.dim() == 2
        given = [
            part[None] if single else part if self.batch_first else part.transpose(0, 1) for part in (query, key, value)
        ]
        masks = (key_padding_mask[None] if single and key_padding_mask is not None else key_padding_mask, attn_mask)
        y, weights = self._attend(given, masks)
        if single:
            y = y[0]
        elif not self.batch_first:
            y = y.transpose(0, 1)
        if not need_weights:
            return y, None
        weights = weights.mean(1) if average_attn_weights else weights
        return y, weights[0] if single else weights

    def _attend(
        self, given: list[torch.Tensor], masks: tuple[torch.Tensor | None, torch.Tensor | None]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs (batch, queries, values) and attention weights (batch, heads, queries, keys)."""
        biases = (None,) * 3 if self.projection_bias is None else self.projection_bias.chunk(3)
        q, k, v = (
            _plus(product.multiply(part), bias)
            for product, part, bias in zip(self.products[:3], given, biases, strict=True)
        )
        batch, added = len(q), 0
        if self.bias_k is not None:
            k = torch.cat([k, self.bias_k.expand(batch, 1, -1)], 1)
            v = torch.cat([v, self.bias_v.expand(batch, 1, -1)], 1)
            added += 1
        if self.add_zero_attn:
            k, v = (torch.cat([part, part.new_zeros(batch, 1, part.shape[2])], 1) for part in (k, v))
            added += 1
        q, k, v = (part.unflatten(2, (self.num_heads, -1)).transpose(1, 2) for part in (q, k, v))
        logits = q @ k.transpose(2, 3) * (q.shape[3] ** -0.5)
        for mask in self._masks(*masks, tuple(logits.shape), added):
            logits = logits + mask
        weights = F.dropout(torch.softmax(logits, 3), self.dropout, self.training)
        y = (weights @ v).transpose(1, 2).flatten(2)
        return _plus(self.products[3].multiply(y), self.output_bias), weights

    def _masks(
        self,
        padding: torch.Tensor | None,
        mask: torch.Tensor | None,
        shape: tuple[int, ...],
        added: int,
    ) -> list[torch.Tensor]:
        """What is added to the logits (batch, heads, queries, keys), ``added`` keys of the layer's own last."""
        batch, heads, queries, keys = shape
        found = []
        if padding is not None:
            if padding.shape != (batch, keys - added):
                raise refuse(
                    self.name,
                    f"key_padding_mask must have shape {(batch, keys - added)}; got {tuple(padding.shape)}",
                )
            found.append(F.pad(_added(padding), (0, added))[:, None, None])
        if mask is not None:
            if mask.shape not in ((queries, keys - added), (batch * heads, queries, keys - added)):
                raise refuse(
                    self.name,
                    f"attn_mask must have shape {(queries, keys - added)} or {(batch * heads, queries, keys - added)}; "
                    f"got {tuple(mask.shape)}",
                )
            full = F.pad(_added(mask), (0, added))
            found.append(full if mask.dim() == 2 else full.unflatten(0, (batch, heads)))
        return found


def _added(mask: torch.Tensor) -> torch.Tensor:
    """A mask as numbers to be added; of truth values, true is what must not be attended to."""
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, device=mask.device).masked_fill(mask, float("-inf"))


def _plus(values: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return values if bias is None else values + bias
