"""What every room computes with: compilation, random numbers, checks of user numbers, files. No physics."""
