"""One photo from its bytes to a verified file: recipe, steps, flow, retries and verdict; ``Protector`` is the face."""
