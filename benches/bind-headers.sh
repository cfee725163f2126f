#!/bin/sh
# What `cloison bind` makes of real headers, as the table of docs/binding.md: drafted complete, with questions, not at all.
#
#   benches/bind-headers.sh [COMMAND…]     each COMMAND is a `cloison`; two of them compare before and after
#
# It is no part of CI: the packages are installed by hand. A header that is not there is left out.
#   apt install libssl-dev libarchive-dev libpcre2-dev liblcms2-dev libtidy-dev libcmark-dev libcurl4-openssl-dev \
#     libsqlite3-dev zlib1g-dev libpng-dev libexpat1-dev liblz4-dev libzstd-dev libxml2-dev libgit2-dev libyaml-dev \
#     libjansson-dev libbz2-dev liblzma-dev libjpeg-dev uuid-dev libcrypt-dev libevent-dev libuv1-dev libsodium-dev \
#     libgmp-dev libmagic-dev libcap-dev libtiff-dev
set -u
[ $# -gt 0 ] || set -- target/release/cloison
while read -r header flags; do
    row="| \`$header\` |"
    for command in "$@"; do
        # CC says for old commands what `-D` says now.
        case $header in pcre2.h) CC="cc -DPCRE2_CODE_UNIT_WIDTH=8"; export CC ;; *) unset CC ;; esac
        # shellcheck disable=SC2086
        said=$("$command" bind "$header" $flags 2>&1 >/dev/null | tail -n 1)
        figures=$(echo "$said" | sed -n 's/.*: \([0-9]*\) of \([0-9]*\) functions came through, \([0-9]*\) wants\{0,1\} a decision, \([0-9]*\) cannot.*/\1 · \3 · \4/p')
        row="$row ${figures:-not read} |"
    done
    case $row in *"not read | not read |" | *"\` | not read |") ;; *) echo "$row" ;; esac
done <<'LIST'
zlib.h
sqlite3.h
png.h
expat.h
lz4.h
lz4frame.h
zstd.h
bzlib.h
lzma.h
crypt.h
jpeglib.h
uuid/uuid.h
openssl/evp.h
openssl/bio.h
archive.h
archive_entry.h
pcre2.h
lcms2.h
/usr/include/tidy/tidy.h
cmark.h
curl/curl.h
libxml/xmlreader.h -I/usr/include/libxml2
git2.h
yaml.h
jansson.h
event2/event.h
uv.h
sodium.h
gmp.h
magic.h
sys/capability.h
tiffio.h
LIST
