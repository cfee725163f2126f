import cloison
def main():
    liar = cloison.capability('liar')
    assert liar.find() == 1, 'the control: it has found the page'
    try:
        liar.lie()
    except cloison.DeadlineExceeded:
        print('ended', liar.find())
