help(len)
print(quit, copyright and 1)
quit(3)
