"""A written outline in other order: cut into sections and blocks, and put together again."""
