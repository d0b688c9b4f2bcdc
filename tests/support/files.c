/* files.c: see files.h. What cannot be done ends the program, and so fails its tests. */
#include "tests/support/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

char *read_bytes(const char *path, size_t *n)
{
    enum { MOST = 16 << 20 };
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(MOST);
    if (file == NULL || bytes == NULL)
        abort();
    *n = fread(bytes, 1, MOST, file);
    fclose(file);
    return bytes;
}

static char directory[64];

static int enter_below(const char *folder)
{
    snprintf(directory, sizeof directory, "%s/segmill-test-XXXXXX", folder);
    return mkdtemp(directory) == NULL || chdir(directory) != 0 ? -1 : 0;
}

int enter_directory(void **state)
{
    (void)state;
    return enter_below("/tmp");
}

int enter_memory(void **state)
{
    (void)state;
    return enter_below(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

int leave_directory(void **state)
{
    (void)state;
    char command[128];
    if (chdir("/") != 0)
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command) == 0 ? 0 : -1;
}

size_t count_files(void)
{
    size_t n = 0;
    DIR *dir = opendir(".");
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (dir != NULL)
        closedir(dir);
    return n;
}
