import sys
import shapes.round
from shapes import square as q
import third
print('app is imported')
def main():
    print(shapes.round.area(2), q.area(3), third.answer(), third.__file__)
    print(sys.argv[1:], __name__)
    return 5
