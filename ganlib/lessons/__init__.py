"""What only lessons need: claims, toys, baselines, the clinic, the checks of exercises."""
