import looks

if __name__ == "__main__":
    looks.main()
