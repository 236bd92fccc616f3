"""The markup of a note: front matter and its values, comments, the kind of every line, titles, references."""
