from . import square
from .constants import PI
from .solid import ball
def area(r):
    assert ball.square is square
    return PI * square.area(r)
