# For tests/tests/zone_walls.rs.
import cloison, json, sys
walls, libm = cloison.capability("walls"), cloison.capability("libm")
harmless = walls.harmless_count()
for i in json.loads(sys.argv[1]):
    try:
        result = {"value": walls.lethal(i)}
    except cloison.ZoneCrashed as error:
        result = {"signal": error.signal, "code": error.code}
    result.update(name=walls.name(harmless + i), next=walls.harmless_count() == harmless, libm=libm.sqrt(16.0))
    print(json.dumps(result), flush=True)
