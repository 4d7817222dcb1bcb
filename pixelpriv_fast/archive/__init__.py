"""A folder of photos protected into another one: walk, journal, pipeline, writer, report; ``job`` is the face."""
