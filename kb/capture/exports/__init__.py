"""What reading programs export: books and articles with the highlights in them. Pure."""
