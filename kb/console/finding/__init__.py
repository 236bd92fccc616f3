"""What finds and shows notes, printed."""
