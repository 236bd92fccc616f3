"""From a query to hits: what to ask for, how to rank it, what to show."""
