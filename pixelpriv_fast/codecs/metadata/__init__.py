"""What a file says besides its pixels: blocks and their directories, and the policies of what is written of it."""
