"""`make bench`: speed, each as a ratio within one run, so that the machine cancels out."""
