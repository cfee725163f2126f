from shop_capability import Shop
import cloison
shop: Shop = cloison.capability("shop")
one = shop.list_new("3")
shop.add(shop.point(), shop.point(), shop.color.RED)
shop.add(one, shop.point(), "red")
shop.visit(one, lambda name: 0)
shop.sell()
shop.middle([1.0]).z
text: str = shop.pack(b"")
shop.list_free(one)
shop.batch().add(shop.batch().pack(b""), shop.point(), 0)
word: str = shop.batch().pack(b"").value
shop.batch().sell()
