"""Measures of generated images: the judge, the metrics, the report."""
