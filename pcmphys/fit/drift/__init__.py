"""Power-law drift: generalised least squares with errors that hold for 1/f-like residuals."""
