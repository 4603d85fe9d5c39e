"""Operators that exporters write out in smaller ones, recognised again: a module a formula.

A pattern begins at the first node of a formula, takes only what nobody else uses, and gives one
node that stands for all of them, of the operator that later opsets have for it.
"""
