# For tests/tests/zone_ends.rs.
import cloison, json, sys, time

def attempt(zone, text):
    started = time.monotonic()
    try:
        result = {"value": eval("zone." + text)}
    except cloison.Error as error:
        result = {"error": type(error).__name__, "text": str(error)}
        for name in ("function", "signal", "code", "deadline"):
            result[name] = getattr(error, name, None)
    result["ms"] = round((time.monotonic() - started) * 1000)
    return result

bystander = cloison.capability("bystander")
for group in json.loads(sys.argv[1]):
    zone = cloison.capability(group[0])
    zone.add(0, 0)
    for text in group[1:]:
        result = attempt(zone, text)
        time.sleep(0.02)   # an end without a call waiting is noticed by then
        result.update(crime=text, next=attempt(zone, "add(2, 3)"), bystander=bystander.count())
        print(json.dumps(result), flush=True)
