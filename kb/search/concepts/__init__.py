"""What a query asks for in the terms of the areas, and which notes treat it."""
