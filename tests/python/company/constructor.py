import cloison

company = cloison.capability("company")
print(company.case_mode(), company.case_head(), company.read_here())
