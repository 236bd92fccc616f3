"""The optional language model: asked over HTTP, it may propose names, an order and summaries for an outline."""
