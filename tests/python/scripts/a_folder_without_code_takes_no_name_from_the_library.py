import html
import plain.inside

print(html.escape('<'), plain.inside.NAME, plain.__spec__.origin)
