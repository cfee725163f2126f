import xml.etree.ElementTree as E
for size in (1, 2, 3, 1000):
    p = E.XMLParser()
    d = '<a b="1">x<![CDATA[y]]><!-- c -->\u00e9<c/>\r\nz</a>'.encode()
    for at in range(0, len(d), size): p.feed(d[at:at + size])
    print(E.tostring(p.close(), encoding='unicode').encode())
