int fault(void) { return *(volatile int *)8; }
int nothing(void) { return 0; }
