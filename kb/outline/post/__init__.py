"""An outline as a Markdown post: laid out, cited, checked and revised."""
