"""Doors under the paths of 2019; the data sets are in `text_recognizer/data`."""
