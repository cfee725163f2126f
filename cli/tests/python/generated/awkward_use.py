from awkward_capability import Awkward
import cloison

it: Awkward = cloison.capability("awkward")
odd = it.odd(1, 2, class_=3)
number: int = it.awkward(1, 2, 3, 4) + it.awkward(odd.self, odd.__q, odd.class_, 4)
sums: list[int] = it.awkward.map([(1, 2, 3)], __fd=4) + it.narrows.map([1])
picture: cloison.View = it.picture()
number += len(bytes(picture)) + it.classify(class_=picture[0]) + it.narrows(items=1)
