//! What C does not say is a question, for each kind that was once guessed. The headers are small ones with the shapes of real
//! ones, which the comments name.

use super::{drafted, drafted_where};

/// Each line, or the beginning of one, is in the draft.
fn has(header: &str, lines: &[&str]) {
    let text = drafted(header, &[]).text;
    for lines in lines {
        assert!(text.contains(lines), "{lines}\n{text}");
    }
}

/// The draft has neither of them.
fn lacks(header: &str, lines: &[&str]) {
    let text = drafted(header, &[]).text;
    for lines in lines {
        assert!(!text.contains(lines), "{lines}\n{text}");
    }
}

/// `EVP_Digest` writes 64 bytes and then says so; `compress` is told how much room there is.
#[test]
fn a_length_behind_a_pointer_may_be_for_results_only() {
    has(
        "int digest(const void *data, unsigned long count, unsigned char *md, unsigned int *size, int kind);
        int pack(unsigned char *dest, unsigned long *destLen, int level);\n",
        &[
            "md = { decide = \"what is *size before the call? ",
            "dest = { decide = \"what is *destLen before the call? ",
        ],
    );
}

/// `BIO_new_mem_buf`, `archive_read_open_memory`, `ZSTD_CCtx_refPrefix`, `cJSON_CreateStringReference`.
#[test]
fn what_an_object_may_keep_is_asked() {
    let header = "typedef struct reader reader;
        reader *reader_new(const void *buf, int len); void reader_free(reader *one);
        int reader_open_memory(reader *one, const void *buff, unsigned long size);
        int reader_find(const reader *one, const void *key, unsigned long size);
        reader *reader_string(const char *text); reader *reader_open(const char *path);
        int reader_set_title(reader *one, const char *title);
        int reader_compare(reader *one, const char *title);
        unsigned long sum(const void *data, unsigned long size);
        void use_table(const void *data, unsigned long size);\n";
    has(
        header,
        &[
            "buf = { decide = \"does the library go on using the buffer after the call? in = true, length = \\\"len\\\" if not, with retain = \\\"return\\\" if so\" }",
            "buff = { decide = \"does the library go on using the buffer after the call? in = true, length = \\\"size\\\" if not, with retain = \\\"one\\\" if so\" }",
            "reader_find(const reader *one, const void *key, unsigned long size)\"\nkey = { in = true, length = \"size\" }\n",
            "text = { decide = \"does the library go on using the string after the call? in = true if not, retain = \\\"return\\\" if so\" }",
            "reader_open(const char *path)\"\n\n",
            "title = { decide = \"does the library go on using the string",
            "reader_compare(reader *one, const char *title)\"\n\n",
            "sum(const void *data, unsigned long size)\"\ndata = { in = true, length = \"size\" }\n",
            "use_table(const void *data, unsigned long size)\"\ndata = { decide = \"does the library go on using the buffer",
        ],
    );
}

/// All of `tidy`: the struct has a member only because C wants one. `xmlNs`: nothing of the header ends it. lcms's colours
/// and libgit2's ids are values that functions point to.
#[test]
fn a_visible_struct_may_be_an_object() {
    let header = "struct _Doc { int _opaque; }; typedef const struct _Doc *Doc;
        Doc docCreate(void); void docRelease(Doc doc); int docParse(Doc doc, int flags);
        typedef struct node { struct node *next; int kind; } node;
        node *node_first(Doc doc); int node_kind(node *one);
        typedef struct { double x, y; } spot;
        const spot *spot_origin(void); double spot_length(const spot *one);
        struct mark { int at; };
        struct mark *mark_last(void); int mark_move(struct mark *one);
        struct stat_result { int size; int kind; };
        struct stat_result *stat_of(int fd); void stat_result_free(struct stat_result *one);\n";
    has(
        header,
        &[
            "[types.Doc]\nc = \"typedef struct _Doc *Doc;\"\nhandle = true\nfree = \"docRelease\"\n",
            "[types.node]\nc = \"typedef struct node node;\"\nhandle = true\n",
            "[types.spot]\nc = \"typedef struct { double x, y; } spot;\"\n",
            "one = { in = true }\n",
            "[types.mark]\nc = \"struct mark;\"\nhandle = true\ndecide = \"functions give pointers to it and take them: ",
            "[types.stat_result]\nc = \"struct stat_result;\"\nhandle = true\ndecide = \"the struct's members are in the header: ",
        ],
    );
}

/// `cmark_node_get_end_line`, `sqlite3_db_release_memory`, `archive_read_close`, `json_decref`, `FT_Done_Face`.
#[test]
fn an_end_is_a_whole_word_where_a_verb_stands() {
    let header = "typedef struct store store; store *store_new(void);
        int store_free(store *s); int store_read_free(store *s); int store_read_close(store *s);
        int store_release_memory(store *s); int store_get_end_line(store *s); int store_is_closed(store *s);
        int store_done(store *s);
        typedef struct job job; job *job_new(void); int job_done(job *j); int job_run(job *j);
        typedef struct value value; value *value_new(void); void value_delete(value *v);
        static inline void value_decref(value *v) { if (v) value_delete(v); }\n";
    has(
        header,
        &[
            "[types.store]\nc = \"typedef struct store store;\"\nhandle = true\nfree = \"store_free\"\n",
            "store_read_free(store *s)\"\ns = { consumed = true }\n",
            "store_read_close(store *s)\"\ns = { decide = \"does it end the object",
            "store_release_memory(store *s)\"\ns = { decide = \"does it end the object",
            "store_get_end_line(store *s)\"\n\n",
            "store_is_closed(store *s)\"\n\n",
            "store_done(store *s)\"\ns = { decide = ",
            "[types.job]\nc = \"typedef struct job job;\"\nhandle = true\ndecide = \"does `job_done` end an object?",
            "decide = \"`value_decref` gives a reference back",
        ],
    );
    lacks(
        header,
        &["store_release_memory(store *s)\"\ns = { consumed", "store_read_close(store *s)\"\ns = { consumed"],
    );
}

/// `cJSON_AddItemToArray`, `xmlNewChild`: what is put into an object, or made by one, may belong to it.
#[test]
fn what_may_belong_to_another_object_is_asked() {
    has(
        "typedef struct tree tree; tree *tree_new(void); void tree_free(tree *one);
        int tree_add(tree *parent, tree *item); tree *tree_new_child(tree *parent); int tree_open(tree *from, tree **out);\n",
        &[
            "tree_new(void)\"\n\n",
            "item = { decide = \"does `parent` own it from now on",
            "tree_new_child(tree *parent)\"\nreturns = { decide = ",
            "out = { decide = \"what is filled in: the caller's to free (out = true), or the library's own",
        ],
    );
}

/// `int open(…, struct db **)` makes an object, whether or not the struct's members are in the header; `getaddrinfo` does too.
#[test]
fn places_for_objects_whose_members_are_visible() {
    let header = "struct db { int file; char *path; };
        int db_open(const char *path, struct db **out); int db_get(struct db *one, int key); void db_close(struct db *one);
        int db_join(struct db *const *all, unsigned long n, struct db **out);
        int db_clone_all(struct db **all, unsigned long n);
        struct found { int flags; struct found *next; };
        int look(const struct found *hints, struct found **out); void freefound(struct found *one);
        struct pool { int n; void *at; };
        int pool_init(struct pool **out); int pool_get(int n, struct pool **out); int pool_use(struct pool *pool, int k);\n";
    has(
        header,
        &[
            "[types.db]\nc = \"struct db;\"\nhandle = true\nfree = \"db_close\"\n",
            "db_open(const char *path, struct db **out)\"\nout = { out = true }\n",
            "# [functions.db_join]: `all` is an array of objects, which only callables can be given\n",
            "all = { decide = \"what is filled in: the caller's to free (out = true), or the library's own (out = true, \
             borrowed = true)? Or is the object that stands there ended (consumed = true)? If what stands there is read, as a cursor or an array is, a wrapper in C is needed\" }\n",
            "[types.found]\nc = \"struct found;\"\nhandle = true\nfree = \"freefound\"\n",
            "look(const struct found *hints, struct found **out)\"\nout = { decide = \"what is filled in: the caller's to free (out = true), or",
            "[types.pool]\nc = \"struct pool;\"\nhandle = true\n",
            "out = { decide = \"what is filled in: the library's own, which nothing in the header ends (out = true, borrowed = true)? ",
        ],
    );
}

/// `avcodec_free_context(AVCodecContext **)`: the object of a variable ends, and the variable is cleared.
#[test]
fn an_object_may_end_in_a_variable() {
    has(
        "typedef struct codec codec; codec *codec_alloc(void); int codec_open(codec *one, int k); void codec_free(codec **one);
        void codec_old_free(codec **one); int codec_close(codec **one, int flags); int codec_next(codec **one);
        struct pool { int n; void *at; };
        int pool_init(struct pool **out); int pool_use(struct pool *pool, int k); int pool_fini(struct pool **pool);\n",
        &[
            "[types.codec]\nc = \"typedef struct codec codec;\"\nhandle = true\nfree = \"codec_free\"\n",
            "codec_free(codec **one)\"\ninternal = true\n\n",
            "codec_old_free(codec **one)\"\none = { consumed = true }\n",
            "codec_close(codec **one, int flags)\"\none = { decide = \"does it end the object that stands there (consumed = true), or",
            "codec_next(codec **one)\"\none = { decide = \"what is filled in: the caller's to free (out = true), or the library's own (out = true, \
             borrowed = true)? Or is the object that stands there ended (consumed = true)?",
            "[types.pool]\nc = \"struct pool;\"\nhandle = true\nfree = \"pool_fini\"\n",
            "pool_init(struct pool **out)\"\nout = { out = true }\n",
            "pool_fini(struct pool **pool)\"\n",
        ],
    );
}

/// `png_bytepp`, rows of a picture: a place for a buffer is one answer, and an array of pointers to rows the other.
#[test]
fn places_for_buffers_may_be_arrays() {
    has(
        "int load(const char *name, unsigned char **out, unsigned long *out_len); int mix(const float *const *channels, int n);
        int scale(int **rows, int n);\n",
        &[
            "out = { decide = \"a place for a buffer: out = true, length = \\\"*out_len\\\", and free",
            "rows = { decide = \"a place for a buffer: out = true, length = \\\"…\\\", and free = \\\"…\\\" if it is the caller's to \
             free? If what stands there is read, as a cursor or an array is, a wrapper in C is needed\" }\n",
            "# [functions.mix]: `channels` is an array of pointers; a few lines of C",
        ],
    );
}

/// A function is tried with what ends its objects, and with the types that this needs (`CURLMcode curl_multi_cleanup(CURLM *)`).
#[test]
fn an_end_may_need_a_type_that_nothing_else_needs() {
    has(
        "typedef struct pool pool; typedef enum { DONE, BUSY } ended_code; struct odd { void (*call)(void); };
        pool *pool_new(void); ended_code pool_free(pool *one); int refused(struct odd *one);\n",
        &["pool_new(void)\"\n\n", "[types.ended_code]\n", "# [functions.refused]: "],
    );
}

/// A struct that nothing else says to be an object may be copied, and there may be several.
#[test]
fn places_for_structs_are_asked_about() {
    let header = "struct spot { int x, y; };
        struct spot spot_at(int x, int y);
        int spot_get(struct spot **out);
        int spot_list(struct spot **out, unsigned long *count);
        int spot_move(struct spot **spots, unsigned long n);
        int spot_sum(const struct spot *const *spots, unsigned long n);
        int spot_visit(int (*visit)(struct spot **some, int n));
        union word { int i; float f; }; int word_get(union word **out);
        struct chain { struct chain *next; }; int chain_get(struct chain **out);
        struct cursor { int _opaque; }; int next(struct cursor **at); int look_at(const struct cursor *at);
        struct mixed { struct { int a; } inner[2]; }; int mixed_get(struct mixed **out);\n";
    has(
        header,
        &[
            "[types.spot]\nc = \"struct spot { int x, y; };\"\n",
            "spot_get(struct spot **out)\"\nout = { decide = \"what is filled in: a struct of which Python gets a copy (out = true), or \
             several (out = true, length = \\\"…\\\", or \\\"NULL\\\" if one that is all zero ends them), with free = \\\"…\\\" if it is \
             the caller's to free? If what",
            "out = { decide = \"what is filled in: a struct of which Python gets a copy (out = true), or several (out = true, length = \\\"*count\\\"",
            "spots = { decide = \"what is filled in: a struct",
            "# [functions.spot_sum]: `spots` is an array of pointers to `spot`; a few lines of C",
            "# [functions.spot_visit]: the callback `visit`: `some` is an array of pointers to `spot`; ",
            "word_get(union word **out)\"\nout = { decide = \"what is filled in: a struct",
            "caller's to free; or an object that stays in the zone (handle = true in the table of `word`)? If what stands there",
            "# [functions.chain_get]: `chain` has pointers that the library follows (`next`)",
            "[types.cursor]\nc = \"struct cursor;\"\nhandle = true\n",
            "at = { decide = \"what is filled in: the library's own, which nothing in the header ends (out = true, borrowed = true)? Or",
            "look_at(const struct cursor *at)\"\n",
            "# [functions.mixed_get]: the type of `inner` of `mixed` has no name, which Python would need\n",
        ],
    );
}

/// `archive_read_open`, `fwrite`, `AES` round keys, addresses as numbers.
#[test]
fn other_things_that_c_does_not_say() {
    has(
        "#include <stdint.h>
        typedef struct feed feed; feed *feed_new(void); void feed_free(feed *f);
        int feed_open(feed *f, int (*read)(void *data), void *data);
        int feed_each(feed *f, int (*visit)(void *data), void *data);
        void set_log(void (*log)(int level));
        unsigned long put_all(const void *p, unsigned long size, unsigned long n);
        int mix(const int *cells, unsigned long cells_size);
        int transform(const float *in, unsigned long n, float *out);
        int at(uintptr_t place);
        int sum(int (*f)(int a), void *data);\n",
        &[
            "read = { decide = \"is it called during this call only",
            "visit = { parameters = { data = { user_data = true } } }\n",
            "log = { decide = \"the library may keep it for good",
            "p = { decide = ",
            "cells = { decide = ",
            "out = { decide = ",
            "place = { decide = \"an address",
            "data = { decide = ",
        ],
    );
}

/// Nothing in C says that an element ends a table: where there may be several, the question says how it is written.
#[test]
fn tables_may_end() {
    has(
        "struct option { const char *name; int value; };
        int parse(const struct option *options);
        int show(const struct option *option);
        int add(const int *codes);
        int run(const char *const *arguments);
        int get(const char **text);
        const struct option *defaults(void);
        const int *all_codes(void);
        char **names(int which);\n",
        &[
            "options = { decide = \"one struct (in = true), or several (in = true, length = \\\"…\\\", or \\\"NULL\\\" if",
            "option = { in = true }\n",
            "codes = { decide = \"one number (in = true), or several (in = true, length = \\\"…\\\", or \\\"NULL\\\" if a zero ends them)?",
            "arguments = { decide = \"strings that the library reads: in = true, text = true, length = \\\"…\\\", or \\\"NULL\\\" if NULL",
            "text = { decide = \"a place for a string: out = true, ",
            "returns = { decide = \"one struct, or several (length = \\\"…\\\", or \\\"NULL\\\" if one that is all zero ends them)?",
            "returns = { decide = \"length = \\\"…\\\" for a buffer (\\\"NULL\\\" if a zero ends numbers)",
            "names(int which)\"\nreturns = { decide = \"strings: length = \\\"…\\\", or \\\"NULL\\\" if NULL follows the last one; text = true",
        ],
    );
}

/// hidapi's strings are of `wchar_t`.
#[test]
fn wide_text_is_a_string_where_c_says_so() {
    has(
        "#include <wchar.h>
        typedef struct dev dev; void dev_free(dev *d);
        dev *dev_open(unsigned short vendor, const wchar_t *serial);
        int dev_print(const wchar_t *line);
        int dev_name(dev *d, wchar_t *string, size_t maxlen);
        const wchar_t *dev_error(dev *d);
        wchar_t *dev_copy(dev *d);
        int dev_find(const wchar_t *what, size_t len, wchar_t **found);\n",
        &[
            "serial = { decide = \"does the library go on using the string after the call? ",
            "dev_print(const wchar_t *line)\"\n\n",
            "string = { decide = \"in or out? text that ends at a zero: in = true; room for text: out = true, capacity = \\\"maxlen\\\"",
            "dev_error(dev *d)\"\nreturns = { text = true, null = true }\n",
            "returns = { decide = \"text = true, null = true if it may be NULL",
            "what = { decide = \"text that ends at a zero (in = true); or counted, text or numbers: in = true, length = \\\"len\\\"",
            "found = { decide = \"a place for wide text: ",
        ],
    );
}

/// `doc` beside a function's `c` is its documentation.
#[test]
fn a_parameter_that_is_called_as_a_key_of_the_function() {
    has(
        "int find(const unsigned char *doc, unsigned long doc_size);\n",
        &["parameters = { doc = { in = true, length = \"doc_size\" } }\n"],
    );
}

/// pcre2 puts `_8` behind its names, glibc and libxml2 have names with `__`, C has no objection to Python's words.
#[test]
fn names_that_python_cannot_have() {
    let draft = drafted(
        "typedef struct code_8 code_8; code_8 *code_new_8(void); void code_free_8(code_8 *); int code_size_8(code_8 *);
        typedef int __number; int __value(__number __n); int lambda(int __in, int from);
        typedef int truth; typedef truth (*test)(truth a); int check(test one);\n",
        &[],
    );
    for lines in [
        "c = \"int code_size_8(code_8 *code)\"\n",
        "[functions.value]\nc = \"int __value(int n)\"\n",
        "[functions.lambda_]\nc = \"int lambda(int in, int from)\"\n",
        "[types.truth]\n",
        "[functions.check]\n",
    ] {
        assert!(draft.text.contains(lines), "{lines}\n{}", draft.text);
    }
    assert_eq!(draft.cannot, 0, "{}", draft.text);
}

#[test]
fn functions_that_are_not_asked_for_leave_nothing() {
    let draft = drafted_where(
        "int before(int a); static inline int twice(int a) { return a; }\nint after(int a);\n",
        &[],
        |name| name == "after",
    );
    assert!(!draft.text.contains("before") && draft.through == 1, "{}", draft.text);
}
