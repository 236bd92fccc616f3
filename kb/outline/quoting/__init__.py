"""What an outline quotes: runs of sentences that can be read on their own, their labels, and pointers to the rest."""
