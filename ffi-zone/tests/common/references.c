/* Objects whose library counts references. */
#include <stdlib.h>

struct node {
    int references;
};

static int living;

int nodes(void)
{
    return living;
}

struct node *node_new(void)
{
    struct node *node = malloc(sizeof *node);
    node->references = 1;
    living++;
    return node;
}

/* One more reference. */
struct node *node_again(struct node *node)
{
    node->references++;
    return node;
}

/* The same, and fails with the code. */
int node_try(struct node *node, struct node **out, int code)
{
    *out = node_again(node);
    return code;
}

/* No reference. */
struct node *node_same(struct node *node)
{
    return node;
}

int node_references(struct node *node)
{
    return node->references;
}

void node_release(struct node *node)
{
    if (--node->references > 0)
        return;
    living--;
    free(node);
}
