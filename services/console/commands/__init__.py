"""The commands of `cercle`, one a file: options in, text or JSON out."""
