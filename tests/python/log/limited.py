import logging

import cloison.log

handler = cloison.log.Handler()
logging.getLogger().addHandler(handler)
for number in range(10):
    logging.warning("record %d", number)
print(handler.dropped)
for path in ("/app/app.log", "/app.log", "app.log"):
    try:
        open(path)
    except OSError:
        print("not read")
