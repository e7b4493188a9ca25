"""What is trained: detection networks, classifiers, recurrent networks."""
