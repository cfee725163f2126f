import cloison


def look(to):
    to.send(cloison.capability("company").left_over())


def main():
    company = cloison.capability("company")
    for function in company.via_tmpfile, company.via_env:
        print(function(64), function(32 * 1024) < 0)
    company.leave()
    cloison.spawn(look, cloison.self(), capabilities=["company"])
    print(company.left_over(), cloison.receive(timeout=300))


if __name__ == "__main__":
    main()
