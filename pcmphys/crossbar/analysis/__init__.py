"""What follows from solved arrays: noise, margins, writing, thermal crosstalk."""
