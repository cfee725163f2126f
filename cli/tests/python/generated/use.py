from typing import TYPE_CHECKING
import cloison

if TYPE_CHECKING:
    from shop_capability import Shop

shop: "Shop" = cloison.capability("shop")

def use() -> float:
    one = shop.list_new(3)
    with one as same:
        number: int = shop.add(same, shop.point(x=1.0, y=2.0), shop.color.RED, name="a")
        number = shop.add(one, {"x": 1, "y": 2}, 4)
    shop.visit(one, lambda name, number: len(name) + number)
    where: "Shop.point" = shop.middle([1.0, 2.0])
    sums: list[int] = shop.pack.map([b"a", bytearray(b"b")])
    with shop.batch() as b:
        made = b.list_new(b.pack(b"three"))
        added = b.add(made, shop.point(), shop.color.RED)
    number = added.value
    made.value.close()
    with cloison.batch(shop) as batch:
        batch.add(one, {}, 0)
    try:
        pass
    except shop.Sold as error:
        print(error.code, shop.FULL + 1, shop.NAME.upper(), one.closed, sums)
    return where.x
