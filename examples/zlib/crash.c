/* A library with a mistake in it. */

int answer(void) { return 42; }

int write_through_null(void) {
    volatile int *nowhere = 0;
    return *nowhere = answer();
}
