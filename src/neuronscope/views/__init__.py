"""Results become figures: one view a kind, drawn in a browser, as a picture, on a page, in a terminal."""

from neuronscope.views.draw import draw, picture
from neuronscope.views.figure import figure
from neuronscope.views.page import document, drawing, page
from neuronscope.views.terminal import terminal

__all__ = ["document", "draw", "drawing", "figure", "page", "picture", "terminal"]
