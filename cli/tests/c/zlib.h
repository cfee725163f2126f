/* A few functions of zlib, which every machine with a compiler or python3 has, declared in our own words: its headers are
   a package of their own, which nobody needs for these tests. */
#ifndef CLOISON_TESTS_ZLIB_H
#define CLOISON_TESTS_ZLIB_H

#define Z_OK 0
#define Z_DATA_ERROR (-3)
#define Z_BEST_COMPRESSION 9

typedef unsigned char Bytef;
typedef unsigned int uInt;
typedef unsigned long uLong;
typedef uLong uLongf;

extern int compress(Bytef *dest, uLongf *destLen, const Bytef *source, uLong sourceLen);
extern int compress2(Bytef *dest, uLongf *destLen, const Bytef *source, uLong sourceLen, int level);
extern uLong compressBound(uLong sourceLen);
extern int uncompress(Bytef *dest, uLongf *destLen, const Bytef *source, uLong sourceLen);
extern uLong crc32(uLong crc, const Bytef *buf, uInt len);
extern const char *zError(int err);

#endif
