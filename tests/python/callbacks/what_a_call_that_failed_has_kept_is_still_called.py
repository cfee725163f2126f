import cloison
boxes = cloison.capability('boxes')
box = boxes.box_new()
try:
    boxes.box_set(box, lambda value: value + 1, 9)
except cloison.NativeError as error:
    print(error.code)
print(boxes.box_fire(box, 41))
box.close()
