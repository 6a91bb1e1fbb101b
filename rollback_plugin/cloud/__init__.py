"""How AWS is reached: clients made from a given environment, and AWS's failures as errors of this package."""
