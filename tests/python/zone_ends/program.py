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

# What C does then is not defined: the zone may end when its answer has been given.
UNDEFINED = ("closes_everything()", "jumps_out()", "ends_main_thread()")

bystander = cloison.capability("bystander")
for group in json.loads(sys.argv[1]):
    zone = cloison.capability(group[0])
    zone.add(0, 0)
    for text in group[1:]:
        result = attempt(zone, text)
        then = attempt(zone, "add(2, 3)")
        if text in UNDEFINED and "value" in result and then.get("error") == "ZoneCrashed":
            then = attempt(zone, "add(2, 3)")
        result.update(crime=text, next=then, bystander=bystander.count())
        print(json.dumps(result), flush=True)
