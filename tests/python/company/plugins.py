import sys

import cloison

company = cloison.capability("company")
for source, target, text in (
    ("UTF-8", "UTF-16LE", "é".encode()),
    ("ISO-8859-2", "UTF-8", b"\xb9\xe8"),
    ("SHIFT_JIS", "UTF-8", b"\x93\xfa\x96{"),
):
    try:
        print(company.convert(source, target, text))
    except cloison.NativeError as error:
        print("failed", error.code, company.last_error())
print(company.plugin(sys.argv[1], 21), company.last_error())
