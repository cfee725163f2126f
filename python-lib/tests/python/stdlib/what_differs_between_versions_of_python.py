import unicodedata, statistics, math
print(unicodedata.unidata_version, unicodedata.category('\u0295'), '\u0295'.islower())
print(statistics.NormalDist().cdf(1.96), 0.5 * math.erfc(-1.96 / math.sqrt(2)))
