/* Stands for a compiler where its time is not what is measured: fake_compiler SOURCE OBJECT N...
   makes an empty object and says that it has read the source and the headers of these numbers. */
#include <stdio.h>

int main(int count, char **words) {
    char path[4096];
    if (count < 3)
        return 1;
    FILE *object = fopen(words[2], "w");
    snprintf(path, sizeof path, "%s.d", words[2]);
    FILE *depfile = fopen(path, "w");
    if (object == NULL || depfile == NULL)
        return 1;
    fprintf(depfile, "%s: %s", words[2], words[1]);
    for (int i = 3; i < count; ++i)
        fprintf(depfile, " ../include/h%s.h", words[i]);
    fputc('\n', depfile);
    return fclose(object) != 0 || fclose(depfile) != 0;
}
