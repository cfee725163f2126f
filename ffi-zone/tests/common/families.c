/* Databases and their statements: objects that own others, and that are gone when they are freed. */

#include <pthread.h>
#include <stdlib.h>

struct db {
    int live;
};

struct stmt {
    struct db *db;
    int (*done)(int);
    pthread_t maker;
    int live;
};

static struct db *latest;
static _Atomic int frees, strays;

/* What is freed stays readable, so that a test can tell. */
struct db *db_open(void)
{
    latest = malloc(sizeof *latest);
    latest->live = 1;
    return latest;
}

struct db *db_latest(void)
{
    return latest;
}

void db_close(struct db *db)
{
    db->live = 0;
}

int db_destroy(struct db *db)
{
    db->live = 0;
    return 0;
}

/* Ends the database of a variable and clears that; it fails if it is to. */
int db_end(struct db **db, int fails)
{
    if (!*db || fails)
        return -1;
    (*db)->live = 0;
    *db = NULL;
    return 0;
}

/* Whether the variable holds nothing. */
int db_is_none(struct db **db)
{
    return !*db;
}

struct leaf {
    int live;
};

static int leaves;

struct leaf *leaf_new(void)
{
    leaves++;
    return calloc(1, sizeof(struct leaf));
}

void leaf_free(struct leaf **leaf)
{
    leaves--;
    free(*leaf);
    *leaf = NULL;
}

int leaf_count(void)
{
    return leaves;
}

int db_live(struct db *db)
{
    return db->live;
}

struct stmt *stmt_new(struct db *db, int (*done)(int))
{
    struct stmt *stmt = malloc(sizeof *stmt);
    *stmt = (struct stmt){db, done, pthread_self(), 1};
    return stmt;
}

void stmt_free(struct stmt *stmt)
{
    frees++;
    strays += !pthread_equal(stmt->maker, pthread_self());
    if (stmt->done)
        stmt->done(stmt->db->live);
    stmt->live = 0;
}

/* Asks, and says then whether statement and database are there. */
int stmt_hold(struct stmt *stmt, int (*f)(int))
{
    f(0);
    return stmt->live && stmt->db->live;
}

int ask(int (*f)(int))
{
    return f(0);
}

int stmt_frees(void)
{
    return frees;
}

/* How many were freed by another thread than the one that made them. */
int stmt_strays(void)
{
    return strays;
}

/* Shows a database for as long as the callable runs. */
int db_show(int (*f)(struct db *))
{
    struct db db = {1};
    return f(&db);
}

static int (*watcher)(struct db *);

void db_watch(struct db *db, int (*f)(struct db *))
{
    (void)db;
    watcher = f;
}

/* Shows one to who watches. */
int db_fire(void)
{
    struct db db = {1};
    return watcher(&db);
}
