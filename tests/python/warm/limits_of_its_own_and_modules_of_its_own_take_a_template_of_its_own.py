import json
def main():
    print(json.name)
