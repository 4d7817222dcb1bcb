"""What ``robust`` is made of.

- ``photo``: the attack of one photo, from its first step to what it gives back: read this first.
- ``canvas``: where a photo's change lives, at its own size or at the networks', and how far it may go.
- ``visible``: how visible a change is, and which way that falls. ``costs``: a rough estimate of it, pixel by pixel and colour by
  colour. ``climbing``: one step up what the attack gains and down what is visible.
- ``copies``: the gradient that is expected over what sharing does to the photo.
- ``asking``: the panel that ends the attack.
- ``questions``: many photos at once, their questions to the networks answered in full batches.
"""
