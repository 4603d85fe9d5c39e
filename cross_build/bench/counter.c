/* A plugin for qemu-user that counts the guest's instructions.
 *
 * Arguments: out=FILE gets the total; profile=FILE gets a line for each translated block, its
 * address and the instructions executed in it. Guests must have one thread.
 *
 * Debian ships no header for plugins, so the few declarations that are needed are written here
 * after the interface's documentation (docs/devel/tcg-plugins.rst), version 1.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define INTERFACE 1
#define INLINE_ADD_U64 0

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

typedef struct {
    const char *target_name;
    struct {
        int min;
        int cur;
    } version;
    bool system_emulation;
} qemu_info;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);

EXPORT int qemu_plugin_version = INTERFACE;

/* One for each translation of a block, as long as the guest runs. */
struct block {
    struct block *next;
    uint64_t address;
    uint64_t instructions;
};

static struct block *blocks;
static uint64_t total;
static const char *out;
static const char *profile;

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    uint64_t *counter = &total;
    (void)id;
    if (profile) {
        struct block *block = calloc(1, sizeof *block);
        if (!block) {
            fprintf(stderr, "counter: out of memory\n");
            exit(1);
        }
        block->address = qemu_plugin_tb_vaddr(tb);
        block->next = blocks;
        blocks = block;
        counter = &block->instructions;
    }
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, counter,
                                             qemu_plugin_tb_n_insns(tb));
}

static FILE *open_for_writing(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

static void ended(plugin_id id, void *unused)
{
    (void)id;
    (void)unused;
    if (profile) {
        FILE *file = open_for_writing(profile);
        for (struct block *block = blocks; block; block = block->next) {
            if (block->instructions) {
                fprintf(file, "%" PRIx64 " %" PRIu64 "\n", block->address, block->instructions);
            }
            total += block->instructions;
        }
        fclose(file);
    }
    FILE *file = open_for_writing(out);
    fprintf(file, "%" PRIu64 "\n", total);
    fclose(file);
}

EXPORT int qemu_plugin_install(plugin_id id, const qemu_info *info, int argc, char **argv)
{
    if (info->version.min > INTERFACE || info->version.cur < INTERFACE) {
        fprintf(stderr, "counter: this qemu has plugin interfaces %d to %d, expected %d\n",
                info->version.min, info->version.cur, INTERFACE);
        return -1;
    }
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4)) {
            out = strdup(argv[i] + 4);
        } else if (!strncmp(argv[i], "profile=", 8)) {
            profile = strdup(argv[i] + 8);
        } else {
            fprintf(stderr, "counter: unknown argument %s\n", argv[i]);
            return -1;
        }
    }
    if (!out) {
        fprintf(stderr, "counter: give out=FILE\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
