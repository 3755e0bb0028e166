"""The store for a language model: tools and resources of the Model Context Protocol, whichever transport carries them."""
