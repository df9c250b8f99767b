"""Predictors: given the past of every lane, how likely is each next symbol?"""
