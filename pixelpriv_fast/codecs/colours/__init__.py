"""What a photo's numbers mean as colours: profiles, code points, and the one value that they come to."""
