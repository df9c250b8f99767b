"""Codecs: tokenizer + predictor + settings under one name, in a registry."""
