import urllib.error, urllib.request
for path in '/v1/me', '/v2/me':
    try:
        answer = urllib.request.urlopen('http://localhost:PORT' + path)
    except urllib.error.HTTPError as error:
        answer = error
    print(answer.status, answer.reason, 'Bearer **' in answer.read().decode())
