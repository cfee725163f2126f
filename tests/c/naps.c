/* Calls that take as long as they are told. */
#include <unistd.h>

int short_nap(int ms) { usleep(ms * 1000); return ms; }
int middle_nap(int ms) { usleep(ms * 1000); return ms; }
int long_nap(int ms) { usleep(ms * 1000); return ms; }
