from . import part
from .part import helper

def main():
    print(helper(), __name__, part.__file__)
    part.fail()
