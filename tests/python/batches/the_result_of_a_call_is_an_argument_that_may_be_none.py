# Runs after `python/things/prelude.py`, which has `t` and `error`.
print(t.color_or_red(None) == t.color.RED, t.color_or_red(4) == t.color.GREEN)
with t.batch() as b:
    green = b.next_color(t.color.RED)
    linked, missing = b.color_or_red(green), b.color_or_red(None)
print(linked.value == t.color.GREEN, missing.value == t.color.RED)
error(t.color_or_red, 2)
