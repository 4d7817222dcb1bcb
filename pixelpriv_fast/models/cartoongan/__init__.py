"""CartoonGAN: its graph for whole photos, and the same cut into parts that run on strips of a large one.

The network has three stretches. The *encoder* brings a photo to a quarter of its size, the *trunk* is eight residual
blocks of 256 channels at that size, the *decoder* brings it back. Every stretch holds instance norms, and each of these
needs the mean and variance of the whole photo before a single pixel can go on.

A photo too large for memory is therefore run in *sweeps* over its *strips* (``strips.py``). A sweep runs one *part* of the
network (``parts.py``) on every strip: it starts at what is in memory, ends where the next norm begins, and yields that
norm's statistics. When it is over, the norm is known as a gain and an offset, and later parts take those as inputs.

What stays in memory between sweeps is the trunk alone, as two arrays: ``sum``, the running sum of the residual blocks, and
``convolved``, the last convolution's output before its norm. A part says what it ``reads`` of them and what it ``writes``
back; an encoder's or decoder's part that ``is_last`` gives the trunk's beginning or the picture, the earlier ones give
statistics alone. ``layers.py`` writes the layers, ``graph.py`` the whole network, ``writer.py``
the file; ``generator.py`` chooses between whole and strips.
"""
