"""A package of the team's own, which the stack sends to driver and executors."""


def score(visits, purchases):
    """The share of visits that led to a purchase; 0 without visits."""
    return purchases / visits if visits else 0.0
