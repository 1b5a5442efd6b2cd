"""What surrounds a training: runs on disk, callbacks, settings, workers."""
