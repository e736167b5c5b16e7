"""pcmphys held against measured data, published fits and outside programs: `python -m validation`."""
