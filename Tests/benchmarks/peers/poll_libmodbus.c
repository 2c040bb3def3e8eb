// Reads register blocks of several units in turn with libmodbus and its own time-out.
//
//   poll_libmodbus DEVICE BAUD CYCLES UNITS ADDRESS:COUNT[,ADDRESS:COUNT…]
//
// Prints one JSON object: good and failed reads and the processor time of one read.
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int main(int count, char **words) {
    if (count < 6) { fprintf(stderr, "usage: poll_libmodbus DEVICE BAUD CYCLES UNITS BLOCKS\n"); return 2; }
    int baud = atoi(words[2]), cycles = atoi(words[3]), units = atoi(words[4]);
    int addresses[8], counts[8], blocks = 0;
    for (char *word = strtok(words[5], ","); word && blocks < 8; word = strtok(NULL, ","))
        if (sscanf(word, "%d:%d", &addresses[blocks], &counts[blocks]) == 2) blocks++;
    modbus_t *line = modbus_new_rtu(words[1], baud ? baud : 115200, 'N', 8, 1);
    if (!line || modbus_connect(line)) { perror("poll_libmodbus: connect"); return 1; }
    uint16_t values[125];
    long good = 0, failed = 0;
    for (int cycle = 0; cycle < cycles; cycle++)
        for (int unit = 1; unit <= units; unit++)
            for (int block = 0; block < blocks; block++) {
                modbus_set_slave(line, unit);
                int got = modbus_read_registers(line, addresses[block], counts[block], values);
                if (got == counts[block]) good++; else failed++;
            }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    printf("{\"good\":%ld,\"failed\":%ld,\"cpu_us\":%.1f}\n", good, failed, good ? cpu / good : 0);
    modbus_close(line);
    modbus_free(line);
    return 0;
}
