"""Networks of convolutions, an LSTM and a transformer on drifting arrays, beside fixed point."""
