"""The pages: one file each, with its address, its context and its forms."""
