"""Side by side with other simulators: ``pip install '.[peers]'``; without them these tests are skipped and say so."""
