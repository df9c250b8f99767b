"""Numbers to bytes: range coder, adaptive binary models, and the loops of the predictors."""
