"""A cell, a selector and a study of somebody else."""
