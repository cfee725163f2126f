import os
import warnings

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter('always')
    files = [open(os.devnull), open(os.devnull, 'rb')]
    print([file.fileno() for file in files], [file.read() for file in files], told)
